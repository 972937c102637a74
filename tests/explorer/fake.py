"""A gateway that answers from memory: for tests of screens, where the screen is what is tested."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence

from etcdobs_explorer.model.calls import CallRecord
from etcdobs_explorer.model.records import (
    EVENT_HEAD,
    AlarmRecord,
    ChildRecord,
    ClusterStatus,
    Entry,
    EventBatch,
    EventRecord,
    FailureKind,
    GatewayError,
    KeyRevision,
    LeaseRecord,
    MemberRecord,
    Permitted,
    Role,
    Sample,
    Sampled,
    Valued,
)
from etcdobs_explorer.model.watches import WatchSpec
from tests.explorer.fake_past import FakePast
from tests.explorer.fake_writes import FakeWrites

STATUS = ClusterStatus(
    endpoint=b"127.0.0.1:2379",
    member_id=0x8E9E05C52164694D,
    leader_id=0x8E9E05C52164694D,
    leader_name=b"m1",
    revision=12_345,
    db_size=21_495_808,
    db_in_use=18_874_368,
    raft_term=2,
    version=b"3.5.1",
    rtt=0.00042,
)
MEMBERS = (
    MemberRecord(
        0x8E9E05C52164694D,
        b"m1",
        Role.LEADER,
        b"127.0.0.1:2379",
        b"3.5.1",
        21_495_808,
        18_874_368,
        2,
        54_321,
        54_321,
        0.0004,
    ),
    MemberRecord(
        0x91BC3C398FB3C146,
        b"m2",
        Role.FOLLOWER,
        b"127.0.0.1:2381",
        b"3.5.1",
        21_495_808,
        18_874_368,
        2,
        54_320,
        54_320,
        0.0012,
    ),
    MemberRecord(
        0xFD422379FDA50E48, b"m3", Role.UNKNOWN, b"127.0.0.1:2383", errors=(b"failed to connect: connection refused",)
    ),
)
LEASES = (
    LeaseRecord(0x694D7A1B2C3D4E01, 60, 42, 1, b"/services/api/10.0.0.1:8080"),
    LeaseRecord(0x694D7A1B2C3D4E02, 30, 4, 2, b"/services/api/10.0.0.2:8080"),
    LeaseRecord(0x694D7A1B2C3D4E03, 3600, 3100, 0, None),
)
SAMPLES = (
    Sample(
        "grpc_client_started_total",
        {"grpc_service": "etcdserverpb.KV", "grpc_method": "Range", "grpc_type": "unary"},
        10,
    ),
    Sample(
        "grpc_client_handled_total",
        {"grpc_service": "etcdserverpb.KV", "grpc_method": "Range", "grpc_type": "unary", "grpc_code": "OK"},
        8,
    ),
    Sample(
        "grpc_client_handled_total",
        {"grpc_service": "etcdserverpb.KV", "grpc_method": "Range", "grpc_type": "unary", "grpc_code": "Unavailable"},
        2,
    ),
)


class FakeGateway(FakeWrites, FakePast):
    """A cluster in memory. `fail` makes calls of that name raise; `put` and `delete` change it and tell watchers."""

    def __init__(self, pairs: Mapping[bytes, bytes] | None = None, separator: bytes = b"/") -> None:
        self.pairs = dict(pairs or {})
        self.separator = separator
        self.failures: dict[str, GatewayError] = {}
        self.revision = STATUS.revision
        self.members_held: Sequence[MemberRecord] = MEMBERS
        self.alarms_held: Sequence[AlarmRecord] = ()
        self.leases_held: Sequence[LeaseRecord] = LEASES
        self.permitted_held: Sequence[Permitted] = ()
        self.asked: list[str] = []
        self.calls_held: list[CallRecord] = []
        self._watchers: list[tuple[WatchSpec, asyncio.Queue[EventBatch]]] = []

    endpoints = ("127.0.0.1:2379",)

    def fail(
        self, *names: str, kind: FailureKind = FailureKind.UNREACHABLE, reason: bytes = b"connection refused"
    ) -> None:
        """Make these calls raise from now on."""
        self.failures.update({name: GatewayError(kind, reason) for name in names})

    def mend(self) -> None:
        """Let all calls work again."""
        self.failures.clear()

    def put(self, key: bytes, value: bytes) -> None:
        """Write a key."""
        self.revision += 1
        is_create = key not in self.pairs
        self.pairs[key] = value
        self._tell(EventRecord(False, is_create, key, value[:EVENT_HEAD], len(value), self.revision))

    def delete(self, key: bytes) -> None:
        """Delete a key."""
        self.revision += 1
        del self.pairs[key]
        self._tell(EventRecord(True, False, key, b"", 0, self.revision))

    def tell(self, events: Iterable[EventRecord]) -> None:
        """Send a batch of events that happened elsewhere."""
        told = tuple(events)
        for spec, watcher in self._watchers:
            wanted = tuple(event for event in told if spec.covers(event))
            if wanted:
                watcher.put_nowait(EventBatch(wanted, self.revision, tuple(event.head for event in wanted)))

    def _tell(self, event: EventRecord) -> None:
        self.tell([event])

    def _check(self, name: str) -> None:
        self.asked.append(name)
        if name in self.failures:
            raise self.failures[name]

    async def status(self) -> ClusterStatus:
        self._check("status")
        return STATUS

    async def children(self, prefix: bytes, separator: bytes, start: bytes = b"") -> AsyncGenerator[ChildRecord]:
        self._check("children")
        for child in _children((key for key in self.pairs if key >= start), prefix, separator):
            yield child

    async def count(self, prefix: bytes) -> int:
        self._check("count")
        return sum(key.startswith(prefix) for key in self.pairs)

    async def sample(self, prefix: bytes) -> Sampled:
        self._check("sample")
        keys = sorted(key for key in self.pairs if key.startswith(prefix))
        return Sampled(len(keys), tuple(KeyRevision(key, 1_000 + at) for at, key in enumerate(keys[:1_000])))

    async def count_between(self, start: bytes, end: bytes) -> int:
        self._check("count")
        return sum(start <= key < end for key in self.pairs)

    async def values(self, keys: Sequence[bytes]) -> Sequence[Valued]:
        self._check("values")
        return [Valued(key, self.pairs[key]) for key in keys if key in self.pairs]

    async def pages(self, prefix: bytes, *, values: bool) -> AsyncGenerator[Sequence[Valued]]:
        self._check("pages")
        yield [Valued(key, self.pairs[key] if values else b"") for key in sorted(self.pairs) if key.startswith(prefix)]

    async def permitted(self) -> Sequence[Permitted]:
        self._check("permitted")
        return self.permitted_held

    async def entry(self, key: bytes) -> Entry | None:
        self._check("entry")
        value = self.pairs.get(key)
        return None if value is None else Entry(key, value, 1_200, 1_234, 3, 0x694D7A1B2C3D4E01, 42)

    async def lease_ids(self) -> Sequence[int]:
        self._check("lease_ids")
        return [lease.id for lease in self.leases_held]

    async def lease(self, id: int) -> LeaseRecord:
        self._check("lease")
        return next(lease for lease in self.leases_held if lease.id == id)

    async def members(self) -> Sequence[MemberRecord]:
        self._check("members")
        return self.members_held

    async def alarms(self) -> Sequence[AlarmRecord]:
        self._check("alarms")
        return self.alarms_held

    async def watch(self, spec: WatchSpec) -> AsyncGenerator[EventBatch]:
        self._check("watch")
        queue: asyncio.Queue[EventBatch] = asyncio.Queue()
        self._watchers.append((spec, queue))
        yield EventBatch((), self.revision)
        while True:
            yield await queue.get()

    def samples(self) -> Sequence[Sample]:
        return SAMPLES

    def names(self) -> Mapping[str, bytes]:
        return {"127.0.0.1:2379": b"m1"}

    def take_calls(self) -> Sequence[CallRecord]:
        taken, self.calls_held = self.calls_held, []
        return taken

    async def close(self) -> None:
        """Nothing to let go of."""


def _children(keys: Iterable[bytes], prefix: bytes, separator: bytes) -> list[ChildRecord]:
    found: set[ChildRecord] = set()
    for key in keys:
        if not key.startswith(prefix):
            continue
        cut = key.find(separator, len(prefix)) if separator else -1
        found.add(ChildRecord(key, False) if cut < 0 else ChildRecord(key[: cut + len(separator)], True))
    return sorted(found)
