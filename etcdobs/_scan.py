"""Decides how a long read is cut into pages: what to ask next, and what a page adds. No I/O.

Every page but the first is pinned to the first one's revision, so that the whole is one moment, whatever is written
meanwhile. `driver.call(cursor.request())` and `cursor.receive(...)` in turn, until `request` returns None.

What comes after the first page is streamed where the server has RangeStream (`stream`), and read in pages elsewhere:

    1. A server counts what is left of the range for every page, so that pages alone would cost the square of it. So a
       page ends not only after so many keys, but also at a key behind which about as many may have come. The guess is
       made from the keys seen last (`_density`). One that is too near makes a short page; one too far makes a longer
       count, which tells how many keys lie before it, and so where the next page may end.
    2. No stream is the only way: what a broken one left out is in the next page. It tells its revision with its last
       part, which is why it never comes first.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, TypeVar, overload

from etcdobs._call import CLIENT_DEFAULT, Call, Timeout, checked_bool, checked_int, checked_timeout
from etcdobs._density import Spacing, common
from etcdobs._wire import rpc
from etcdobs.keys import Keys, as_keys
from etcdobs.ops import kv
from etcdobs.types import KeyValue, RangeResponse
from etcdobs.types.responses import received_bytes

T_co = TypeVar("T_co", covariant=True)

STREAM = rpc("etcdserverpb.KV/RangeStream")

_FIRST_PAGE = 512
_LARGEST_PAGE = 50_000
# As they come, and what each key takes besides. With the page that is read ahead, and the copies that gRPC and an
# allocator keep, that is some ten times as much.
_PAGE_BYTES = 2_500_000
_KEY_BYTES = 100
_PAGE_SECONDS = 0.5
_GROWTH = 8
# Of a page, how much is aimed at: what is more than a page needs another one.
_FILL = 0.8
# Keys that a server counts in about the time that one more request takes.
_REQUEST = 500
# Keys of a page that are enough to tell how far apart others lie.
_TELLING = 32


class _Names(Sequence[bytes]):
    """The keys of a page without their values; none is made that nobody looks at."""

    def __init__(self, kvs: Sequence[KeyValue]) -> None:
        self._kvs = kvs

    def __len__(self) -> int:
        return len(self._kvs)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        return [kv_.key for kv_ in self._kvs[index]] if isinstance(index, slice) else self._kvs[index].key


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
        cluster: the id of who answered, likewise.
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
        self.count = self.cluster = 0
        self._adapts = page_size is None
        self._limit = _FIRST_PAGE if page_size is None else checked_int("page_size", page_size, least=1)
        self._keys_only = keys_only
        self._serializable = serializable
        self._timeout: Timeout = timeout
        # What has no end has an end that comes before all keys.
        self._spacing = Spacing(common(left.start, left.end) if left.start < left.end else b"")
        # An end that was guessed, and how many keys are known to be left before it.
        self._known: tuple[bytes, int] | None = None
        # Guesses that nothing lay behind, since the last key.
        self._early = 0
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
        if self._rest <= max(self._limit, _REQUEST) or not self._spacing.is_known:
            return left
        end = self._end(left.start, max(int(self._limit * _FILL), _REQUEST))
        return replace(left, end=end) if end is not None and end in left else left

    def _end(self, start: bytes, wanted: int) -> bytes | None:
        end, count = self._known or (None, self._rest)
        if end is not None and wanted <= 2 * count and count <= max(self._limit, _REQUEST):
            return end
        if self._early:
            guess = self._spacing.end_beyond(self._last, start, wanted, self._early)
        elif count > self._limit:
            guess = self._spacing.end_within(start, end, wanted, count)
        else:
            guess = self._spacing.end(start, wanted)
        if end is None:
            return guess
        if count > self._limit:
            return end if guess is None else min(guess, end)
        return None if guess is None else max(guess, end)

    def receive(self, page: RangeResponse, seconds: float = 0.0) -> Sequence[KeyValue]:
        """What the page adds, which took so many seconds."""
        if not self._pages:
            self.count = self._rest = page.count
            self.cluster = page.header.cluster_id
        self._rest -= len(page)
        self._pages += 1
        self.revision = self.revision or page.revision
        if page:
            self._learn(page)
            self._adapt(page, seconds)
        is_bounded = self._left is not None and self._asked != self._left
        if page.more and page:
            self._known = (self._asked.end, page.count - len(page)) if is_bounded else None
            self.go_on_after(page[-1].key)
        elif is_bounded:
            self._go_on_at(self._asked.end, page)
        else:
            self._left = None
        return page

    def _learn(self, kvs: Sequence[KeyValue]) -> None:
        if self._early:
            self._spacing.learn_gap(self._last, kvs[0].key, kvs[-1].key, len(kvs))
            self._early = 0
        if len(kvs) >= _TELLING or (len(kvs) > 1 and not self._spacing.is_known):
            self._spacing.learn(_Names(kvs))

    def _go_on_at(self, end: bytes, kvs: Sequence[KeyValue]) -> None:
        """All keys before `end` are known; `kvs` are the last of them."""
        self._early += 1
        if kvs:
            self._last = kvs[-1].key
        if self._known is not None:
            known, count = self._known
            self._known = (known, count - len(kvs)) if end < known and count > len(kvs) else None
        if self._left is not None:
            self._left = replace(self._left, start=end)

    def go_on_after(self, key: bytes) -> None:
        """All keys up to this one are known."""
        if self._left is not None:
            self._last = key
            start, end = key + b"\0", self._left.end
            # The empty end is that of one key, and a zero byte that of no end.
            is_over = not end or (end != b"\0" and start >= end)
            self._left = None if is_over else replace(self._left, start=start)

    def _adapt(self, kvs: RangeResponse, seconds: float) -> None:
        if not self._adapts:
            return
        size = received_bytes(kvs) + len(kvs) * _KEY_BYTES
        fits = max(1, len(kvs) * _PAGE_BYTES // size)
        if 2 * len(kvs) < self._limit:
            # Of a short page, how long it took says little.
            self._limit = min(self._limit, fits)
        else:
            in_time = max(1, int(len(kvs) * _PAGE_SECONDS / max(seconds, 1e-9)))
            self._limit = min(_LARGEST_PAGE, _GROWTH * len(kvs), fits, in_time)

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
        self._rest -= len(part)
        if part:
            self.go_on_after(part[-1].key)
        if part.revision:
            # Its last part alone has a header.
            self._left = None
        return part
