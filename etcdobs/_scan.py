"""Decides how a long read is cut into pages: what to ask next, and what a page adds. No I/O.

Every page but the first is pinned to the first one's revision, so that the whole is one moment, whatever is written
meanwhile. `driver.call(cursor.request())` and `cursor.receive(...)` in turn, until `request` returns None.

What comes after the first page is streamed where the server has RangeStream (`stream`), and read in pages elsewhere:

    1. A server counts what is left of the range for every page, so that pages alone would cost the square of it. So a
       page ends not only after so many keys, but also at a key behind which about twice as many may have come. The
       guess is made from the keys seen so far (`_density`); one that fits badly makes a short page, or a longer count.
    2. No stream is the only way: what a broken one left out is in the next page. It tells its revision with its last
       part, which is why it never comes first.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from etcdobs._call import CLIENT_DEFAULT, Call, Timeout, checked_bool, checked_int, checked_timeout
from etcdobs._density import Density, common
from etcdobs._wire import rpc
from etcdobs.keys import Keys, as_keys
from etcdobs.ops import kv
from etcdobs.types import KeyValue, RangeResponse

T_co = TypeVar("T_co", covariant=True)

STREAM = rpc("etcdserverpb.KV/RangeStream")

_FIRST_PAGE = 512
_LARGEST_PAGE = 50_000
# As they are held, twice: a page is read while the one before is used.
_PAGE_BYTES = 4 * 1024 * 1024
_KEY_BYTES = 300
_PAGE_SECONDS = 0.5
_GROWTH = 8
# Keys that a page's end is guessed behind, in pages.
_BOUND = 2


class Pages(Protocol[T_co]):
    """A long read."""

    def request(self) -> Call[RangeResponse] | None:
        """The next page; None when there is no more."""
        ...

    def receive(self, page: RangeResponse, seconds: float = 0.0, /) -> Sequence[T_co]:
        """What the page adds, which took so many seconds."""
        ...


def scan(
    keys: str | bytes | Keys,
    *,
    page_size: int | None = None,
    revision: int = 0,
    keys_only: bool = False,
    serializable: bool = False,
    timeout: Timeout = CLIENT_DEFAULT,
) -> "ScanCursor":
    """Iterates over all keys of a range in ascending order, as of one revision.

    They come in pages, or streamed where the server can (etcd 3.7); memory is held for one page.

    Args:
        keys: one key, or a `Keys` such as `Keys.prefix("/app/")`.
        page_size: keys in a page; None: as many as serve well, by their bytes and by the time it takes; or a stream.
        revision: read as of this revision; 0 for that of the first page.
        keys_only: leave the values out.
        serializable: let any member answer from its own state, which may lag behind.
        timeout: seconds for each page, and in which a stream must bring some keys; left out: the client's; None: no
            deadline.

    Raises:
        CompactedError: the revision was compacted before the last page was read.
    """
    return ScanCursor(
        keys,
        page_size=page_size,
        revision=revision,
        keys_only=checked_bool("keys_only", keys_only),
        serializable=checked_bool("serializable", serializable),
        timeout=checked_timeout(timeout),
    )


class ScanCursor:
    """Reads all keys of a range, in ascending order, each once.

    Attributes:
        revision: of all pages, once the first has come.
        count: of all keys, likewise.
    """

    def __init__(
        self,
        keys: str | bytes | Keys,
        *,
        page_size: int | None,
        revision: int,
        keys_only: bool,
        serializable: bool,
        timeout: Timeout,
    ) -> None:
        left = as_keys(keys)
        self._left: Keys | None = left
        self._last = b""
        self._asked = self._left
        self.revision: int = checked_int("revision", revision)
        self.count = 0
        self._adapts = page_size is None
        self._limit = _FIRST_PAGE if page_size is None else checked_int("page_size", page_size, least=1)
        self._keys_only = keys_only
        self._serializable = serializable
        self._timeout: Timeout = timeout
        # What has no end has an end that comes before all keys.
        self._density = Density(common(left.start, left.end) if left.start < left.end else b"")
        self._pages = 0
        # Of the last stream: the first is worth a try.
        self._parts = 1
        # By the count of the first page; what is left after it is a guess no more than where it ends.
        self._rest = 0

    def request(self) -> Call[RangeResponse] | None:
        if self._left is None:
            return None
        self._asked = self._bounded(self._left)
        return self._range(self._asked, self._limit)

    def _range(self, keys: Keys, limit: int) -> Call[RangeResponse]:
        return kv.range(
            keys,
            limit=limit,
            revision=self.revision,
            keys_only=self._keys_only,
            serializable=self._serializable,
            timeout=self._timeout,
        )

    def _bounded(self, left: Keys) -> Keys:
        if self._rest <= _BOUND * self._limit or not self._density.is_known:
            return left
        end = self._density.end(left.start)
        return replace(left, end=end) if end is not None and end in left else left

    def receive(self, page: RangeResponse, seconds: float = 0.0) -> Sequence[KeyValue]:
        """What the page adds, which took so many seconds."""
        if not self._pages:
            self.count = self._rest = page.count
        self._rest -= len(page.kvs)
        self._pages += 1
        self.revision = self.revision or page.revision
        wanted = _BOUND * self._limit
        if page.more and page.kvs:
            self._density.learn(self._last, [kv_.key for kv_ in page.kvs], wanted)
            self._adapt(page.kvs, seconds)
            self.go_on_after(page.kvs[-1].key)
        elif self._left is not None and self._asked != self._left:
            self._density.learn_short(len(page.kvs), wanted)
            self._left = replace(self._left, start=self._asked.end)
        else:
            self._left = None
        return page.kvs

    def go_on_after(self, key: bytes) -> None:
        """All keys up to this one are known."""
        if self._left is not None:
            self._last = key
            start, end = key + b"\0", self._left.end
            # The empty end is that of one key, and a zero byte that of no end.
            is_over = not end or (end != b"\0" and start >= end)
            self._left = None if is_over else replace(self._left, start=start)

    def _adapt(self, kvs: Sequence[KeyValue], seconds: float) -> None:
        if not self._adapts:
            return
        size = sum(len(kv_.key) + len(kv_.value) + _KEY_BYTES for kv_ in kvs)
        growth = min(_GROWTH, _PAGE_BYTES / max(size, 1), _PAGE_SECONDS / max(seconds, 1e-9))
        self._limit = max(1, min(_LARGEST_PAGE, int(self._limit * growth)))

    # ---- streamed

    def stream(self) -> Call[RangeResponse] | None:
        """What streams the rest, each part read by its `decode`.

        None where there is no rest, where pages are wanted, and after a stream that brought nothing.
        """
        if self._left is None or not self._adapts or not self._pages or not self._parts:
            return None
        self._parts = 0
        return replace(self._range(self._left, 0), rpc=STREAM)

    def receive_part(self, part: RangeResponse) -> Sequence[KeyValue]:
        """What a part of the stream adds."""
        self._parts += 1
        self._rest -= len(part.kvs)
        if part.kvs:
            self.go_on_after(part.kvs[-1].key)
        if part.revision:
            # Its last part alone has a header.
            self._left = None
        return part.kvs
