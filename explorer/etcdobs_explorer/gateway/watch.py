"""Waits for changes, and makes records of them."""

from collections.abc import AsyncGenerator, Iterator

from etcdobs import CompactedError, Event, EventType, WatchResponse
from etcdobs_explorer.model.history import RevisionError
from etcdobs_explorer.model.records import EVENT_HEAD, EventBatch, EventRecord
from etcdobs_explorer.model.watches import WatchSpec

from .calls import Calls
from .failures import failures
from .forms import below, text_bytes

_DELETE = EventType.DELETE
_AT_ONCE = 500  # events


class WatchCalls(Calls):
    """Changes as they happen."""

    async def watch(self, spec: WatchSpec) -> AsyncGenerator[EventBatch]:
        """What a watch brings; an empty batch once the server has it. A large response comes as many batches, each made
        when it is asked for: others have a turn between them."""
        keys = below(spec.key) if spec.is_prefix else spec.key
        start = spec.start_revision
        # To cut what a watch has to catch up with takes a server longer than that takes to come about.
        asked = self._client.watch(keys, start_revision=start, put=spec.puts, delete=spec.deletes, fragment=False)
        with failures():
            try:
                async with asked as watcher:
                    yield EventBatch((), watcher.revision)
                    async for response in watcher.responses():
                        for batch in _batches(response):
                            yield batch
            except CompactedError as error:
                raise RevisionError(text_bytes(error.details), error.compact_revision or 0) from error


def _batches(response: WatchResponse) -> Iterator[EventBatch]:
    """A response in parts; before the last one, what is complete ends with the revision before the next event's."""
    events = response.events
    for start in range(0, len(events), _AT_ONCE):
        part, end = events[start : start + _AT_ONCE], start + _AT_ONCE
        revision = events[end].kv.mod_revision - 1 if end < len(events) else response.revision
        yield EventBatch(tuple(map(_event, part)), revision, tuple([event.kv.value for event in part]))


def _event(event: Event) -> EventRecord:
    kind, kv, _ = event
    value, modified, created = kv.value, kv.mod_revision, kv.create_revision
    is_create = created == modified and kind is not _DELETE
    head, size = value[:EVENT_HEAD], len(value)
    return EventRecord(kind is _DELETE, is_create, kv.key, head, size, modified, kv.lease, created, kv.version)
