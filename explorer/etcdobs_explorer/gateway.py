"""Waits for the cluster: the only user of the client, which turns its replies into records and its errors into one."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import TypeVar

from prometheus_client import REGISTRY

from etcdobs import (
    AsyncClient,
    AuthenticationFailedError,
    DeadlineExceededError,
    EtcdError,
    Event,
    EventType,
    Keys,
    Member,
    PermissionDeniedError,
    StatusResponse,
    UnauthenticatedError,
    UnavailableError,
)

from .model.records import (
    ChildRecord,
    ClusterStatus,
    Entry,
    EventBatch,
    EventRecord,
    FailureKind,
    GatewayError,
    LeaseRecord,
    MemberRecord,
    Role,
    Sample,
)

T = TypeVar("T")
_GLANCE = 2.0  # seconds for a look at one member, and for a read by quorum before a member is asked alone


class EtcdGateway:
    """An etcd cluster behind the library's asyncio client, which it owns."""

    def __init__(self, client: AsyncClient, *, dial_timeout: float = 2.0) -> None:
        self._client = client
        self._dial_timeout = dial_timeout
        self._endpoints = client.endpoints
        self._last_good: str | None = None
        self._names: dict[int, bytes] = {}

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The endpoints as the user gave them."""
        return self._endpoints

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()

    # -- the cluster ---------------------------------------------------------------------------------------

    async def status(self) -> ClusterStatus:
        """The status of the endpoint that answered last, else of the first of all that answers."""
        with _failures():
            if self._last_good is None:
                return await self._first_status(self._dial_timeout)
            try:
                return await self._status_of(self._last_good, _GLANCE)
            except (UnavailableError, DeadlineExceededError):
                if len(self._endpoints) == 1:
                    raise
                return await self._first_status(_GLANCE)

    async def _first_status(self, timeout: float) -> ClusterStatus:
        """All endpoints at once: a dead one among them must not cost the time that its timeout takes."""
        return await _first([self._status_of(endpoint, timeout) for endpoint in self._endpoints])

    async def _status_of(self, endpoint: str, timeout: float) -> ClusterStatus:
        began = time.perf_counter()
        status = await self._client.maintenance.status(endpoint, timeout=timeout)
        rtt = time.perf_counter() - began
        self._last_good = endpoint
        return ClusterStatus(
            endpoint=endpoint.encode(),
            member_id=status.header.member_id,
            leader_id=status.leader,
            leader_name=self._names.get(status.leader, b""),
            revision=status.header.revision,
            db_size=status.db_size,
            db_in_use=status.db_size_in_use,
            raft_term=status.raft_term,
            version=_bytes(status.version),
            rtt=rtt,
            errors=tuple(map(_bytes, status.errors)),
        )

    async def members(self) -> Sequence[MemberRecord]:
        """Every member. Those behind an endpoint the user named are asked there: a member may advertise an address
        that cannot be reached from here."""
        with _failures():
            members = await self._client.cluster.members(linearizable=False, timeout=_GLANCE)
        self._names = {member.id: _bytes(member.name) for member in members}
        looks = await asyncio.gather(*(self._look(endpoint) for endpoint in self._endpoints))
        known = {look.status.header.member_id: look for look in looks if look.status is not None}
        unknown = [member for member in members if member.id not in known]
        others = await asyncio.gather(*map(self._look_at_member, unknown))
        found = known | {member.id: look for member, look in zip(unknown, others, strict=True)}
        return [_member(member, found[member.id]) for member in members]

    async def _look_at_member(self, member: Member) -> "_Look":
        look = _Look("", None, None, b"it advertises no client address")
        for url in member.client_urls:
            look = await self._look(url)
            if look.status is not None and look.status.header.member_id == member.id:
                return look
            if look.status is not None:
                look = _Look(url, None, None, b"another member answers at its address")
        return look

    async def _look(self, endpoint: str) -> "_Look":
        began = time.perf_counter()
        try:
            status = await self._client.maintenance.status(endpoint, timeout=_GLANCE)
        except EtcdError as error:
            return _Look(endpoint, None, None, _bytes(error.details))
        return _Look(endpoint, status, time.perf_counter() - began, b"")

    # -- keys ----------------------------------------------------------------------------------------------

    async def children(self, prefix: bytes, separator: bytes) -> AsyncIterator[ChildRecord]:
        """The names below a prefix; where there is no quorum, as one member knows them."""
        began = False
        with _failures():
            for serializable in (False, True):
                try:
                    async for child in self._client.children(prefix, separator=separator, serializable=serializable):
                        began = True
                        yield ChildRecord(child.key, child.is_branch)
                    return
                except (UnavailableError, DeadlineExceededError):
                    if began or serializable:
                        raise

    async def count(self, prefix: bytes) -> int:
        """How many keys start with a prefix."""
        with _failures():
            return await self._client.count(_below(prefix))

    async def entry(self, key: bytes) -> Entry | None:
        """A key with its value; where there is no quorum, as one member knows it, and marked so."""
        with _failures():
            serializable = False
            try:
                kv = await self._client.get(key, timeout=_GLANCE)
            except (UnavailableError, DeadlineExceededError):
                serializable = True
                kv = await self._client.get(key, serializable=True)
        if kv is None:
            return None
        ttl = await self._ttl(kv.lease) if kv.lease else None
        return Entry(kv.key, kv.value, kv.create_revision, kv.mod_revision, kv.version, kv.lease, ttl, serializable)

    async def _ttl(self, lease: int) -> int | None:
        try:
            return (await self._client.lease.time_to_live(lease, timeout=_GLANCE)).ttl
        except EtcdError:
            return None

    async def watch(self, prefix: bytes) -> AsyncIterator[EventBatch]:
        """Changes below a prefix; an empty batch once the server has the watch."""
        with _failures():
            async with self._client.watch(_below(prefix)) as watcher:
                yield EventBatch((), watcher.revision)
                async for response in watcher.responses():
                    if response.events:
                        yield EventBatch(tuple(map(_event, response.events)), response.revision)

    # -- leases --------------------------------------------------------------------------------------------

    async def lease_ids(self) -> Sequence[int]:
        """The ids of all leases."""
        with _failures():
            return await self._client.lease.list()

    async def lease(self, id: int) -> LeaseRecord:
        """One lease with its keys."""
        with _failures():
            found = await self._client.lease.time_to_live(id, True)
        return LeaseRecord(id, found.granted_ttl, found.ttl, len(found.keys), min(found.keys, default=None))

    # -- this process --------------------------------------------------------------------------------------

    def calls(self) -> Sequence[Sample]:
        """The samples of this process's own gRPC metrics."""
        families = (family for family in REGISTRY.collect() if family.name.startswith("grpc_client_"))
        return [Sample(s.name, s.labels, s.value) for family in families for s in family.samples]


class _Look:
    """What one endpoint said of itself, or why it did not."""

    def __init__(self, endpoint: str, status: StatusResponse | None, rtt: float | None, reason: bytes) -> None:
        self.endpoint = endpoint
        self.status = status
        self.rtt = rtt
        self.reason = reason


def _member(member: Member, look: _Look) -> MemberRecord:
    status = look.status
    endpoint = _bytes(look.endpoint.removeprefix("http://").removeprefix("https://"))
    if status is None:
        return MemberRecord(member.id, _bytes(member.name), Role.UNKNOWN, endpoint, errors=(look.reason,))
    return MemberRecord(
        id=member.id,
        name=_bytes(member.name),
        role=_role(member, status),
        endpoint=endpoint,
        version=_bytes(status.version),
        db_size=status.db_size,
        db_in_use=status.db_size_in_use,
        raft_term=status.raft_term,
        raft_index=status.raft_index,
        raft_applied=status.raft_applied_index,
        rtt=look.rtt,
        errors=tuple(map(_bytes, status.errors)),
    )


def _role(member: Member, status: StatusResponse) -> Role:
    if member.is_learner or status.is_learner:
        return Role.LEARNER
    return Role.LEADER if status.leader == member.id else Role.FOLLOWER


def _event(event: Event) -> EventRecord:
    kv = event.kv
    return EventRecord(
        is_delete=event.type is EventType.DELETE,
        is_create=event.is_create,
        key=kv.key,
        head=kv.value[: EventRecord.HEAD],
        size=len(kv.value),
        mod_revision=kv.mod_revision,
        lease=kv.lease,
    )


def _below(prefix: bytes) -> Keys:
    return Keys.prefix(prefix) if prefix else Keys.all()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


async def _first(looks: Iterable[Awaitable[T]]) -> T:
    """The first that succeeds; the failure of the last where none does."""
    tasks = [asyncio.ensure_future(look) for look in looks]
    failure: EtcdError | None = None
    try:
        for done in asyncio.as_completed(tasks):
            try:
                return await done
            except EtcdError as error:
                failure = error
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    raise failure or RuntimeError("there is no endpoint")


@contextmanager
def _failures() -> Generator[None, None, None]:
    try:
        yield
    except EtcdError as error:
        raise GatewayError(_kind(error), _bytes(error.details)) from error


def _kind(error: EtcdError) -> FailureKind:
    match error:
        case UnavailableError() | DeadlineExceededError():
            return FailureKind.UNREACHABLE
        case PermissionDeniedError():
            return FailureKind.DENIED
        case AuthenticationFailedError() | UnauthenticatedError():
            return FailureKind.AUTHENTICATION
        case _:
            return FailureKind.OTHER
