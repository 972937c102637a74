"""Decides who led when: follows every key of a queue, so that no leader is missed, however short its time. Pure."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from etcdobs.types import Event, EventType, KeyValue, RangeResponse


class Succession:
    """The candidates of an election, as its events tell.

    Attributes:
        leader: the key of the one who leads; None when nobody stands.
        revision: of the cluster, up to which this is known.
    """

    def __init__(self) -> None:
        self.leader: KeyValue | None = None
        self.revision: int = 0
        self._standing: dict[bytes, KeyValue] = {}

    def read(self, response: RangeResponse) -> Iterator[KeyValue]:
        """All candidates as of now; yields the leader when it is another, or proclaims something else."""
        self._standing = {kv.key: kv for kv in response.kvs}
        self.revision = response.revision
        yield from self._changed()

    def follow(self, events: Iterable[Event]) -> Iterator[KeyValue]:
        """What happened next; yields each leader, and each proclamation, in order."""
        for revision, together in groupby(events, lambda event: event.kv.mod_revision):
            for event in together:
                self._apply(event)
            self.revision = revision
            yield from self._changed()

    def _apply(self, event: Event) -> None:
        if event.type is EventType.PUT:
            self._standing[event.kv.key] = event.kv
        else:
            self._standing.pop(event.kv.key, None)

    def _changed(self) -> Iterator[KeyValue]:
        before = self.leader
        self.leader = min(self._standing.values(), key=lambda kv: kv.create_revision, default=None)
        if self.leader is not None and self.leader != before:
            yield self.leader
