"""Waits for changes, and makes records of them."""

from collections.abc import AsyncIterator

from etcdobs import Event, EventType
from etcdobs_explorer.model.records import EventBatch, EventRecord

from .calls import Calls
from .failures import failures
from .forms import below


class WatchCalls(Calls):
    """Changes as they happen."""

    async def watch(self, prefix: bytes) -> AsyncIterator[EventBatch]:
        """Changes below a prefix; an empty batch once the server has the watch."""
        with failures():
            async with self._client.watch(below(prefix)) as watcher:
                yield EventBatch((), watcher.revision)
                async for response in watcher.responses():
                    if response.events:
                        yield EventBatch(tuple(map(_event, response.events)), response.revision)


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
