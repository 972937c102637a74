"""Waits for the past: a key's revisions down to the compaction, and every key as of a revision."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

from etcdobs import AsyncClient, CompactedError, EventType, FutureRevisionError, KeyValue
from etcdobs_explorer.model.history import HistoryPage, HistoryRecord, RevisionError
from etcdobs_explorer.model.secrets import head_of
from etcdobs_explorer.model.writes import OPEN, Protection, RefusedError, Span

from .calls import Calls
from .failures import failures
from .forms import below
from .keys import KeyCalls
from .past import ClientAt, compacted, floor_of

_LARGEST = 32 * 1024 * 1024  # bytes of a key's history that are held at once; a larger one is walked back through


class HistoryCalls(Calls):
    """The history of a key, and the keyspace as it was."""

    async def history(self, key: bytes, page: int) -> AsyncIterator[HistoryPage]:
        """What happened to a key, in pages, newest first."""
        with failures():
            try:
                async with aclosing(self._pages(key, page)) as pages:
                    async for each in pages:
                        yield each
            except CompactedError as error:
                floor = await floor_of(self._client, key)
                raise RevisionError(b"compacted meanwhile: the oldest that can be read is %d" % floor, floor) from error

    async def _pages(self, key: bytes, page: int) -> AsyncGenerator[HistoryPage]:
        floor = await floor_of(self._client, key)
        newest = await self._client.get(key)
        is_large = newest is not None and newest.version * len(newest.value) > _LARGEST
        held: list[HistoryRecord] = []
        events = self._walked(newest, floor) if newest is not None and is_large else self._told(key)
        async with aclosing(events):
            async for record in events:
                if len(held) == page:
                    yield HistoryPage(held, floor, more=True)
                    held = []
                held.append(record)
        is_partial = is_large and held[-1].version == 1
        yield HistoryPage(held, floor, more=False, partial=is_partial)

    async def _told(self, key: bytes) -> AsyncGenerator[HistoryRecord]:
        """As the server tells it: all of it at once, deletions and earlier lives included."""
        async for event in self._client.history(key):
            yield _record(event.kv, is_delete=event.type is EventType.DELETE)

    async def _walked(self, newest: KeyValue, floor: int) -> AsyncGenerator[HistoryRecord]:
        """Put by put, back to the key's creation or the compaction: no more than one value is held."""
        found: KeyValue | None = newest
        while found is not None:
            yield _record(found)
            before = found.mod_revision - 1
            found = await self._client.get(found.key, revision=before) if before >= max(1, floor) else None

    async def value_at(self, key: bytes, revision: int) -> bytes | None:
        """A key's value as of a revision, None where it was not there; also of the revision that gave a key the value
        which the compaction left it: that one is older than what can be read, and read there."""
        with failures():
            try:
                found = await self._client.get(key, revision=revision)
            except CompactedError:
                floor = await floor_of(self._client, key)
                found = await self._client.get(key, revision=floor)
                if found is None or found.mod_revision != revision:
                    raise compacted(revision, floor) from None
        return None if found is None else found.value

    async def count_at(self, prefix: bytes, revision: int) -> int:
        """How many keys started with a prefix at a revision."""
        with failures():
            try:
                return (await self._client.range(below(prefix), count_only=True, revision=revision)).count
            except CompactedError:
                raise compacted(revision, await floor_of(self._client, prefix or b"\0")) from None
            except FutureRevisionError:
                raise RevisionError(b"revision %d is not there yet" % revision) from None

    def look_back(self, revision: int) -> KeyCalls:
        """The keys as of a revision; nothing is written until one looks at what is there now, which 0 stands for."""
        if isinstance(self._protection, ReadingThePast):
            self._protection = self._protection.present
        if not revision:
            return KeyCalls(self._client, dial_timeout=self._dial_timeout)
        self._protection = ReadingThePast(revision=revision, present=self._protection)
        return KeyCalls(cast("AsyncClient", ClientAt(self._client, revision)), dial_timeout=self._dial_timeout)


@dataclass(frozen=True, slots=True)
class ReadingThePast(Protection):
    """Forbids every write while the keys are shown as of a revision; `present` is what holds afterwards."""

    revision: int = 0
    present: Protection = OPEN

    def check(self, spans: Iterable[Span] = ()) -> None:
        """Refuses."""
        raise RefusedError(b"the keys are shown as of revision %d: nothing is written until :now" % self.revision)


def _record(kv: KeyValue, *, is_delete: bool = False) -> HistoryRecord:
    return HistoryRecord(kv.mod_revision, is_delete, kv.version, len(kv.value), kv.lease, head_of(kv.value))
