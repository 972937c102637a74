"""Decides what a copy of a range holds, as its scan and its events tell, and how it is proven to be up to date. Pure.

Events in the range move the copy's revision, writes elsewhere do not, and a server may be silent about those for ten
minutes. So whoever waits for a revision has the copy proven: a transaction compares the whole range with it, and where
nothing in it has changed since, the copy is right as of the revision of that answer. (To ask the stream for progress
would cost less, but servers before 3.4.25 and 3.5.8 answer that ahead of the events: etcd issue 15220.)
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

from etcdobs._call import CLIENT_DEFAULT, Call, Timeout
from etcdobs._procedure import Procedure
from etcdobs._scan import scan
from etcdobs.keys import Keys, as_keys
from etcdobs.ops import kv
from etcdobs.ops.compare import Compare
from etcdobs.ops.operation import Get, Txn
from etcdobs.types import (
    EventType,
    KeyValue,
    OperationResponse,
    RangeResponse,
    ResponseHeader,
    TxnResponse,
    WatchResponse,
)

T = TypeVar("T")

# Seconds that an event may be under way before the range is asked for; the pauses between the next looks double.
_FIRST_LOOK = 0.05
_LONGEST_LOOK = 1.0

_END_OF_ALL = b"\0"


@dataclass(frozen=True, slots=True)
class UntilMoved:
    """Wait until the copy has come to `revision`, but no longer than `seconds`."""

    revision: int
    seconds: float


Steps: TypeAlias = Generator[Call[Any] | UntilMoved, Any, T]
Left: TypeAlias = Callable[[], float | None]
"""How many seconds are left; None: as many as it takes. It raises when there are none."""


class CachedRange:
    """A copy of a range of keys, as it was at one revision.

    Attributes:
        keys: the range.
        revision: of the cluster, as of which the copy is right.
        rebuilds: how often it was read anew, because the history it needed was compacted.
        heard_at: when the server last said something of the range.
    """

    def __init__(self, keys: str | bytes | Keys, clock: Callable[[], float]) -> None:
        self.keys: Keys = as_keys(keys)
        self.revision: int = 0
        self.rebuilds: int = 0
        self.heard_at: float = 0.0
        self._clock = clock
        self._header = ResponseHeader(0, 0, 0, 0)
        self._kvs: dict[bytes, KeyValue] = {}
        self._order: list[bytes] = []

    def __len__(self) -> int:
        return len(self._kvs)

    # ---- what it is fed with

    def fill(self) -> Procedure[None]:
        """Read the whole range as of one revision.

        Raises:
            CompactedError: that was compacted before the last page was read.
        """
        cursor, began, kvs = scan(self.keys), self._clock(), list[KeyValue]()
        header: ResponseHeader | None = None
        while (call := cursor.request()) is not None:
            page: RangeResponse = yield call
            header = header or page.header
            kvs += cursor.receive(page)
        assert header is not None
        self.rebuilds += bool(self.revision)
        self._kvs = {kv.key: kv for kv in kvs}
        self._order = [kv.key for kv in kvs]
        self._header, self.revision, self.heard_at = header, header.revision, began

    def drop(self) -> None:
        """Hold nothing any more."""
        self._kvs, self._order = {}, []

    def receive(self, batch: WatchResponse) -> None:
        """The next events of the range, whole revisions."""
        self.heard_at = self._clock()
        for event in batch.events:
            # What was proven may be told once more.
            if event.kv.mod_revision <= self.revision:
                continue
            if event.type is EventType.PUT:
                self._put(event.kv)
            else:
                self._delete(event.kv.key)
        self.revision = max(self.revision, batch.revision)

    def _put(self, kv: KeyValue) -> None:
        if kv.key not in self._kvs:
            insort(self._order, kv.key)
        self._kvs[kv.key] = kv

    def _delete(self, key: bytes) -> None:
        if self._kvs.pop(key, None) is not None:
            del self._order[bisect_left(self._order, key)]

    # ---- what is read from it

    def get(self, key: bytes) -> KeyValue | None:
        """One key.

        Raises:
            ValueError: it lies outside the range.
        """
        self._check_covers(Keys(key))
        return self._kvs.get(key)

    def range(self, keys: Keys, limit: int) -> RangeResponse:
        """The keys of a part of the range, in ascending order.

        Raises:
            ValueError: a part of it lies outside the range.
        """
        self._check_covers(keys)
        first = bisect_left(self._order, keys.start)
        last = len(self._order) if keys.end == _END_OF_ALL else bisect_left(self._order, keys.end or keys.start + b"\0")
        names = self._order[first : min(first + limit, last) if limit else last]
        return RangeResponse(
            header=replace(self._header, revision=self.revision),
            kvs=tuple(self._kvs[name] for name in names),
            count=max(0, last - first),
            more=len(names) < last - first,
        )

    def _check_covers(self, keys: Keys) -> None:
        if keys.start not in self.keys or not self._reaches(keys.end):
            raise ValueError(f"{keys} is not wholly within what is cached, {self.keys}")

    def _reaches(self, end: bytes) -> bool:
        own = self.keys.end
        if own == _END_OF_ALL or not end:
            return True
        return end <= own if own and end != _END_OF_ALL else False

    # ---- how it is proven

    def refresh(self, left: Left) -> Steps[None]:
        """Come to where the cluster is now."""
        now: RangeResponse = yield kv.range(self.keys.start, count_only=True, timeout=_timeout(left()))
        yield from self.reach(now.revision, left)

    def reach(self, revision: int, left: Left) -> Steps[None]:
        """Come to `revision`: by an event, or by the proof that there was none."""
        pause = _FIRST_LOOK
        while self.revision < revision:
            seconds = left()
            yield UntilMoved(revision, pause if seconds is None else min(pause, seconds))
            if self.revision < revision:
                yield from self._prove(left)
            pause = min(2 * pause, _LONGEST_LOOK)

    def _prove(self, left: Left) -> Steps[None]:
        known, held, began = self.revision, len(self), self._clock()
        unchanged = Compare.mod_revision(self.keys) < known + 1
        count = Txn(when=[unchanged], then=[Get(self.keys, count_only=True)])
        response: OperationResponse = yield kv.do(count, timeout=_timeout(left()))
        assert isinstance(response, TxnResponse)
        if not response.succeeded or self.revision != known:
            return
        counted = response.responses[0]
        assert isinstance(counted, RangeResponse)
        # Nothing was put that is still there, and nothing is missing: so nothing was deleted either.
        if counted.count == held:
            self.revision, self.heard_at = response.revision, began


def _timeout(seconds: float | None) -> Timeout:
    return CLIENT_DEFAULT if seconds is None else seconds
