"""Waits for what members say of themselves: member, endpoint, alarm, defrag."""

import time
from typing import Any

from etcdobs import Client, EtcdError
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.notebook.grammar import Argument, Command, Option
from etcdobs_explorer.notebook.kinds import ID, NUMBER
from etcdobs_explorer.notebook.kinds import text as text_of
from etcdobs_explorer.notebook.results import cluster
from etcdobs_explorer.notebook.results.cluster import EndpointStatus, Rows
from etcdobs_explorer.notebook.run import Run

_GLANCE = 3.0
CLUSTER = Option("cluster", "every member's client address, not only the endpoints")
MEMBER = Argument("ID", completes="member")


def members(run: Run) -> Rows:
    """The members."""
    found, origin = run.timed(lambda: run.client.cluster.members(timeout=run.seconds))
    return cluster.members(found, run.limits, _leader(run.client), origin)


def _leader(client: Client) -> int:
    try:
        return client.maintenance.status(timeout=_GLANCE).leader
    except EtcdError:
        return 0


def _endpoints(run: Run) -> list[str]:
    if not run.asked["cluster"]:
        return list(run.client.endpoints)
    found = run.client.cluster.members(timeout=run.seconds)
    return [url for member in found for url in member.client_urls[:1]]


def status(run: Run) -> Rows:
    """What each endpoint says of itself, one after the other."""
    return cluster.endpoint_status([_look(run.client, endpoint) for endpoint in _endpoints(run)], run.limits)


def _look(client: Client, endpoint: str) -> EndpointStatus:
    began = time.perf_counter()
    try:
        found = client.maintenance.status(endpoint, timeout=_GLANCE)
    except (EtcdError, ValueError) as error:
        why = inert(getattr(error, "details", str(error)), 200).plain
        return EndpointStatus(endpoint, None, why, time.perf_counter() - began)
    return EndpointStatus(endpoint, found, "", time.perf_counter() - began)


def health(run: Run) -> Rows:
    """Whether each endpoint is well."""
    return cluster.health(run.client.health(), run.limits)


def hash_kv(run: Run) -> Rows:
    """A hash of what each endpoint holds: equal where they hold the same."""
    found = [
        (each, run.client.maintenance.hash_kv(each, run.asked["rev"], timeout=run.seconds)) for each in _endpoints(run)
    ]
    table: cluster.Cells = (
        ("endpoint", lambda each: each[0]),
        ("hash", lambda each: str(each[1].hash)),
        ("revision", lambda each: str(each[1].hash_revision or each[1].revision)),
        ("compacted to", lambda each: str(each[1].compact_revision)),
    )
    columns: cluster.Typed = (("endpoint", "text", lambda each: each[0]), ("hash", "int", lambda each: each[1].hash))
    return Rows(found, run.limits, table=table, columns=columns, what="endpoint")


def defrag(run: Run) -> Rows:
    """Each endpoint gives back the space that it does not use; it stands still meanwhile."""
    for endpoint in _endpoints(run):
        run.client.maintenance.defragment(endpoint, timeout=max(run.seconds, 60.0))
    return status(run)


def alarms(run: Run) -> Rows:
    """The alarms that are raised."""
    return cluster.alarms(run.client.maintenance.alarms(timeout=run.seconds), run.limits)


def disarm(run: Run) -> Rows:
    """All alarms are lowered."""
    return cluster.alarms(run.client.maintenance.disarm(timeout=run.seconds), run.limits)


def add(run: Run) -> Any:
    """A new member."""
    given: str = run.asked["peer-urls"] or ""
    urls = given.split(",") if given else []
    return run.client.cluster.add(urls, run.asked["learner"], timeout=run.seconds)


def _member(run: Run) -> int:
    id: int = ID.read(run.asked.arguments[0], "ID")
    return id


def remove(run: Run) -> Rows:
    """A member goes."""
    return cluster.members(run.client.cluster.remove(_member(run), timeout=run.seconds), run.limits)


def promote(run: Run) -> Rows:
    """A learner is given a vote."""
    return cluster.members(run.client.cluster.promote(_member(run), timeout=run.seconds), run.limits)


def move_leader(run: Run) -> Rows:
    """Another member leads."""
    run.client.maintenance.move_leader(_member(run), timeout=run.seconds)
    return members(run)


COMMANDS = (
    Command(("member", "list"), "the members, and which leads", members),
    Command(
        ("member", "add"),
        "add a member",
        add,
        (Argument("NAME"),),
        (Option("peer-urls", "where the others reach it", text_of("URL,...")), Option("learner", "without a vote")),
        writes=True,
    ),
    Command(("member", "remove"), "remove a member", remove, (MEMBER,), writes=True),
    Command(("member", "promote"), "give a learner a vote", promote, (MEMBER,), writes=True),
    Command(("endpoint", "status"), "version, size, leader and log of each", status, options=(CLUSTER,)),
    Command(("endpoint", "health"), "whether each is well", health),
    Command(
        ("endpoint", "hashkv"),
        "a hash of what each holds",
        hash_kv,
        options=(CLUSTER, Option("rev", "up to this revision", NUMBER, default=0)),
    ),
    Command(("alarm", "list"), "the alarms that are raised", alarms),
    Command(("alarm", "disarm"), "lower all alarms", disarm, writes=True),
    Command(("move-leader",), "make another member the leader", move_leader, (MEMBER,), writes=True),
    Command(
        ("defrag",), "give back unused space; a member stands still meanwhile", defrag, (), (CLUSTER,), writes=True
    ),
)
