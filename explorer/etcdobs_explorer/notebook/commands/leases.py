"""Waits for leases: list, grant, revoke, timetolive, keep-alive."""

from typing import Any

from etcdobs import EtcdError, Lease, LeaseTimeToLive
from etcdobs_explorer.notebook.grammar import Argument, Command, Option
from etcdobs_explorer.notebook.kinds import ID, NUMBER
from etcdobs_explorer.notebook.results import cluster
from etcdobs_explorer.notebook.run import Run
from etcdobs_explorer.notebook.words import LineError

ID_ARGUMENT = Argument("ID", completes="lease")


def _id(run: Run) -> int:
    id: int = ID.read(run.asked.arguments[0], "ID")
    if not 0 < id < 1 << 63:
        raise LineError("ID: a lease's id is wanted, from 1 on")
    return id


def listed(run: Run) -> cluster.Rows:
    """The leases, those of the first `--limit` with what is left of them."""
    ids = run.client.lease.list(timeout=run.seconds)
    looked_at = sorted(ids)[: run.asked["limit"]]
    found = [run.client.lease.time_to_live(id, True, timeout=run.seconds) for id in looked_at]
    return cluster.leases(sorted(found, key=lambda lease: lease.ttl), run.limits, total=len(ids))


def grant(run: Run) -> Lease:
    """A new lease."""
    ttl = NUMBER.read(run.asked.arguments[0], "TTL")
    if ttl < 1:
        raise LineError("TTL: seconds from 1 on are wanted")
    return run.client.lease.grant(ttl, run.asked["id"], timeout=run.seconds)


def revoke(run: Run) -> LeaseTimeToLive:
    """A lease ends, and its keys with it."""
    id = _id(run)
    for key in _protected_keys(run, id):
        run.check_not_protected("lease revoke", key)
    run.client.lease.revoke(id, timeout=run.seconds)
    return LeaseTimeToLive(id, -1, 0)


def _protected_keys(run: Run, id: int) -> tuple[bytes, ...]:
    if not run.connection.context.protected:
        return ()
    try:
        return run.client.lease.time_to_live(id, True, timeout=run.seconds).keys
    except EtcdError:
        return ()


def time_to_live(run: Run) -> LeaseTimeToLive:
    """What is left of a lease."""
    return run.client.lease.time_to_live(_id(run), run.asked["keys"], timeout=run.seconds)


def keep_alive(run: Run) -> Any:
    """A lease is renewed once, which is what a cell has time for."""
    id = _id(run)
    run.client.lease.keep_alive_once(id, timeout=run.seconds)
    return run.client.lease.time_to_live(id, timeout=run.seconds)


COMMANDS = (
    Command(
        ("lease", "list"),
        "leases, with what is left of them",
        listed,
        options=(Option("limit", "leases that are looked at", NUMBER, default=100),),
    ),
    Command(
        ("lease", "grant"),
        "a new lease, of seconds",
        grant,
        (Argument("TTL"),),
        (Option("id", "its id; a random one", ID, default=0),),
        "Answers the Lease: %etcd put KEY VALUE --lease {lease}.",
        ("lease = %etcd lease grant 60",),
        writes=True,
    ),
    Command(("lease", "revoke"), "end a lease and delete its keys", revoke, (ID_ARGUMENT,), writes=True),
    Command(
        ("lease", "timetolive"),
        "what is left of a lease",
        time_to_live,
        (ID_ARGUMENT,),
        (Option("keys", "also the keys on it"),),
    ),
    Command(
        ("lease", "keep-alive"),
        "renew a lease once",
        keep_alive,
        (ID_ARGUMENT,),
        (Option("once", "as it does anyhow"),),
        "client.lease.keep_alive(id) renews it for as long as a with block is open.",
        writes=True,
    ),
)
