"""Waits for transactions: the only place that writes keys, which asks first whether it may."""

import asyncio
from collections.abc import AsyncIterator, Collection, Generator, Iterator
from contextlib import contextmanager

from etcdobs import (
    Compare,
    Delete,
    DeleteResponse,
    EtcdError,
    Get,
    Keys,
    KeyValue,
    Operation,
    Put,
    PutResponse,
    RangeResponse,
    TxnResponse,
)
from etcdobs_explorer.model.records import Entry, FailureKind, GatewayError
from etcdobs_explorer.model.writes import Chunk, Committed, Conflict, Guard, Protection, Span
from etcdobs_explorer.model.writes import Operation as Planned
from etcdobs_explorer.model.writes import Put as PlannedPut

from .calls import Calls
from .failures import failures
from .forms import text_bytes

_OPEN_END = b"\0"
_THEIRS = 10  # of the keys that changed in a range, those that are told
_AT_ONCE = 16  # leases asked for side by side


class WriteCalls(Calls):
    """Writes of keys, and what they are planned from."""

    @property
    def protection(self) -> Protection:
        """What may not be written now."""
        return self._protection

    async def newest_revision(self) -> int:
        """The newest revision, by quorum."""
        with failures():
            return (await self._client.range(b"\0", count_only=True)).revision

    async def entries(self, span: Span, revision: int, *, keys_only: bool = False) -> AsyncIterator[Entry]:
        """The keys of a span as of a revision, in key order; with `keys_only`, without values and leases."""
        with failures():
            async for kv in self._client.scan(keys_of(span), revision=revision, keys_only=keys_only):
                yield entry_of(kv)

    async def living(self, leases: Collection[int]) -> set[int]:
        """Those of some leases that have not expired."""
        limit = asyncio.Semaphore(_AT_ONCE)

        async def lives(id: int) -> bool:
            async with limit:
                return (await self._client.lease.time_to_live(id)).ttl > 0

        with failures():
            found = await asyncio.gather(*map(lives, leases))
        return {id for id, is_alive in zip(leases, found, strict=True) if is_alive}

    async def commit(self, chunk: Chunk) -> Committed | Conflict:
        """Apply a chunk in one transaction, if all its guards hold."""
        self._protection.check(chunk.spans)
        with failures(), outcomes():
            answer = await (
                self._client.txn().when(*compares(chunk)).then(*then(chunk)).otherwise(*otherwise(chunk)).commit()
            )
        return outcome(chunk, answer)


# -- forms, for the blocking client too ------------------------------------------------------------------------


@contextmanager
def outcomes() -> Generator[None, None, None]:
    """An error after which nobody knows whether a transaction was applied says so."""
    try:
        yield
    except EtcdError as error:
        if error.outcome_unknown:
            raise GatewayError(FailureKind.OUTCOME_UNKNOWN, text_bytes(error.details)) from error
        raise


def keys_of(span: Span) -> Keys:
    """A span for the client."""
    if not span.end:
        return Keys.between(span.start, span.start + b"\0")
    return Keys.from_key(span.start) if span.end == _OPEN_END else Keys.between(span.start, span.end)


def entry_of(kv: KeyValue) -> Entry:
    """A key as a record."""
    return Entry(kv.key, kv.value, kv.create_revision, kv.mod_revision, kv.version, kv.lease)


def compares(chunk: Chunk) -> Iterator[Compare]:
    """A chunk's guards."""
    for guard in chunk.guards:
        if guard.end:
            yield Compare.mod_revision(keys_of(Span(guard.key, guard.end))) < guard.mod_revision + 1
        else:
            yield Compare.mod_revision(guard.key) == guard.mod_revision


def then(chunk: Chunk) -> Iterator[Operation]:
    """A chunk's operations."""
    for each in chunk.operations:
        if isinstance(each, PlannedPut):
            yield Put(each.key, each.value, lease=each.lease, ignore_lease=each.ignore_lease, prev_kv=chunk.keep)
        else:
            yield Delete(keys_of(each.span) if each.end else each.key, prev_kv=chunk.keep)


def otherwise(chunk: Chunk) -> Iterator[Operation]:
    """Reads of what the guards did not expect."""
    for guard in chunk.guards:
        if guard.end:
            keys = keys_of(Span(guard.key, guard.end))
            yield Get(keys, min_mod_revision=guard.mod_revision + 1, limit=_THEIRS)
        else:
            yield Get(guard.key)


def outcome(chunk: Chunk, answer: TxnResponse) -> Committed | Conflict:
    """What a transaction's answer says."""
    if not answer.succeeded:
        found = zip(chunk.guards, answer.responses, strict=True)
        return Conflict(tuple(each for guard, response in found for each in _theirs(guard, response)))
    pairs = list(zip(chunk.operations, answer.responses, strict=True))
    deleted = [r.deleted for each, r in pairs if isinstance(r, DeleteResponse) and each.span.end]
    before = tuple(each for pair in pairs for each in _before(*pair)) if chunk.keep else ()
    return Committed(chunk, answer.revision, before, sum(deleted) if deleted else chunk.keys)


def _theirs(guard: Guard, response: object) -> Iterator[tuple[bytes, Entry | None]]:
    assert isinstance(response, RangeResponse)
    if not response.kvs and not guard.end and guard.mod_revision:
        yield guard.key, None
    for kv in response.kvs:
        if guard.end or kv.mod_revision != guard.mod_revision:
            yield kv.key, entry_of(kv)


def _before(operation: Planned, response: object) -> Iterator[tuple[bytes, Entry | None]]:
    if isinstance(response, PutResponse):
        yield operation.key, entry_of(response.prev_kv) if response.prev_kv else None
    elif isinstance(response, DeleteResponse):
        yield from ((kv.key, entry_of(kv)) for kv in response.prev_kvs)
