"""Decides what the demo's etcd holds at the start: keys that last, and the leases with the keys that hang on them."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import NamedTuple

from . import registry
from .edge_cases import edge_cases
from .fleet import APPLICATIONS, CANARY, INSTANCES, NODES, Application, Instance, Node

Pairs = Iterable[tuple[bytes, bytes]]
FEATURES = {"dark_mode": True, "guest_checkout": False, "recommendations": True, "new_search": False}
EVENTS = 12  # the Kubernetes events that are kept
_TENANTS = (
    *("acme", "aurora", "bluebird", "borealis", "cobalt", "driftwood", "ember", "foxglove", "granite", "harbour"),
    *("indigo", "juniper", "kestrel", "lantern", "meridian", "nimbus", "orchard", "pinecrest", "quartz", "ridgeline"),
)


class HeldLease(NamedTuple):
    """A lease and the keys that go with it; its name is the demo's own, etcd's leases have none.

    `renewed_for` is how many seconds it is renewed, None: as long as the demo runs. One that is renewed for a while
    only expires, and is granted again after `gap` seconds. `keys` is given the lease's id and the time.
    """

    name: str
    ttl: int
    keys: Callable[[int, datetime], Pairs]
    renewed_for: float | None = None
    gap: float = 5.0


def lasting(now: datetime) -> Iterator[tuple[bytes, bytes]]:
    """The keys without a lease."""
    for application in APPLICATIONS:
        yield from _text(_configuration(application))
    yield from edge_cases()
    yield from _text(registry.objects(int(now.timestamp())))
    yield from chain.from_iterable(_text(_tenant(at, name)) for at, name in enumerate(_TENANTS))


def leases() -> tuple[HeldLease, ...]:
    """The leases: machines that live, holders of locks, one that lapses now and then, and some that run out."""
    return (
        *(HeldLease(node.name, node.ttl, _registrations(node)) for node in NODES),
        HeldLease("scheduler", 10, _election),
        HeldLease("migrations", 60, partial(_lock, "migrations", "checkout")),
        HeldLease("nightly-report", 120, partial(_lock, "nightly-report", "catalog")),
        HeldLease("canary", 10, _canary, renewed_for=12.0),
        HeldLease("sessions", 300, _sessions, renewed_for=0.0),
        HeldLease("events", 600, _events, renewed_for=0.0),
    )


def service(instance: Instance, now: datetime, inflight: int) -> tuple[bytes, bytes]:
    """What an instance says of itself, anew with every heartbeat."""
    application = instance.application
    return instance.key.encode(), _json(
        {
            "address": f"{instance.address}:{application.port}",
            "version": application.version,
            "started": "2025-03-04T08:12:44Z",
            "weight": 10 if instance is CANARY else 100,
            "zone": instance.node.zone,
            "inflight": inflight,
            "seen": stamp(now),
        }
    )


def features(application: str, on: Mapping[str, bool]) -> tuple[bytes, bytes]:
    """An application's feature switches."""
    return f"/config/{application}/features.json".encode(), _json(dict(on), indent=2)


def statistics(requests: int, queued: int) -> Pairs:
    """Counters that change together."""
    return [
        (b"/stats/http_requests_total", str(requests).encode()),
        (b"/stats/queue_depth", str(queued).encode()),
    ]


def stamp(now: datetime) -> str:
    """A time as people write it: "2025-03-04T08:12:44Z"."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _configuration(application: Application) -> Iterator[tuple[str, bytes]]:
    place = f"/config/{application.name}"
    for version in (*application.former, application.version):  # so that the key has a history
        yield f"{place}/app.yaml", _yaml(application, version).encode()
    database = {
        "host": "db.internal.example.com",
        "port": 5432,
        "name": application.name,
        "pool": {"min": 2, "max": 10 * application.replicas, "idle_seconds": 300},
        "sslmode": "verify-full",
        "replicas": [f"db-{at}.internal.example.com" for at in range(1, application.replicas + 1)],
    }
    yield f"{place}/database.json", _json(database)
    yield f"{place}/log_level", b"info"
    key, value = features(application.name, FEATURES)
    yield key.decode(), value


def _yaml(application: Application, version: str) -> str:
    return f"""\
# {application.name}: owned by {application.team}
name: {application.name}
version: "{version}"
replicas: {application.replicas}
server:
  port: {application.port}
  read_timeout: 5s
  tls: {str(application.port == 8443).lower()}
limits:
  requests_per_second: {250 * application.replicas}
  burst: {400 * application.replicas}
upstreams:
  - name: inventory
    url: http://inventory.internal.example.com
    retries: 2
  - name: pricing
    url: http://pricing.internal.example.com
    retries: 1
"""


def _tenant(at: int, name: str) -> Iterator[tuple[str, bytes]]:
    plan = ("free", "team", "business")[at % 3]
    yield f"/tenants/{name}/plan", plan.encode()
    yield f"/tenants/{name}/limits.json", _json({"users": 5 * 10 ** (at % 3), "storage_gib": 2 ** (at % 3 * 4)})


def _registrations(node: Node) -> Callable[[int, datetime], Pairs]:
    def here(lease: int, now: datetime) -> Pairs:
        return [service(instance, now, 0) for instance in INSTANCES if instance.node is node]

    return here


def _election(lease: int, now: datetime) -> Pairs:
    """As etcd's own recipes name it: the lease's id makes the key unique, its create revision says who leads."""
    return [(f"/elections/scheduler/{lease:x}".encode(), b"worker-2:9020")]


def _lock(name: str, holder: str, lease: int, now: datetime) -> Pairs:
    return [(f"/locks/{name}/{lease:x}".encode(), _json({"holder": holder, "since": stamp(now)}))]


def _canary(lease: int, now: datetime) -> Pairs:
    return [service(CANARY, now, 1)]


def _sessions(lease: int, now: datetime) -> Pairs:
    for user in ("amelie", "bao", "chidi"):
        yield f"/sessions/{user}".encode(), _json({"user": user, "opened": stamp(now), "cart": len(user)})


def _events(lease: int, now: datetime) -> Pairs:
    return _text(registry.event(number, int(now.timestamp())) for number in range(EVENTS))


def _text(pairs: Iterable[tuple[str, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    return ((key.encode(), value) for key, value in pairs)


def _json(value: object, indent: int | None = None) -> bytes:
    return json.dumps(value, indent=indent).encode()
