"""Decides how one directory is listed: a page of keys, then a jump past the last directory seen. No I/O.

All pages are pinned to the first one's revision, as those of a scan, and in a large directory they end at a guessed key
for the same reason: a server counts all that is left for each.
"""

from collections import Counter
from dataclasses import replace
from typing import Any

from etcdobs._call import CLIENT_DEFAULT, Call, Timeout, checked_bool, checked_timeout
from etcdobs._density import Density
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import rpc
from etcdobs.keys import Keys, as_bytes
from etcdobs.ops import kv
from etcdobs.types import Child, RangeResponse

_TXN = rpc("etcdserverpb.KV/Txn")

_FIRST_PAGE = 512
_SMALLEST_PAGE = 32
_LARGEST_PAGE = 5_000
# So many of the smallest pages are followed by a larger one: they are filled by one entry also where those are small.
_PATIENCE = 7
_GROWTH = 4
# Keys that a server reads in about the time that one more request takes.
_REQUEST = 128
# Keys in a directory from which on a page's end is bounded.
_MANY = 5_000
# Times that a page which was empty is followed by one half as far again: the directory behind the gap may be large.
_SLOWLY = 12
# Entries that tell how far apart the next may be.
_REMEMBERED = 5


def children(
    prefix: str | bytes,
    *,
    separator: str | bytes = "/",
    counts: bool = False,
    serializable: bool = False,
    timeout: Timeout = CLIENT_DEFAULT,
) -> "ChildrenCursor":
    """Iterates over the entries of one directory, without reading what lies below them.

    Args:
        prefix: the directory, separator included; empty for the root.
        separator: what parts the names; empty for no directories at all.
        counts: have every directory say how many keys lie in it: what was not seen of one is counted, all of them
            together for what one count of the whole costs the server.
        serializable: let any member answer from its own state, which may lag behind; also without a quorum.
        timeout: seconds for each page; left out: the client's; None: no deadline.
    """
    is_serializable = checked_bool("serializable", serializable)
    return ChildrenCursor(
        prefix,
        separator=separator,
        counts=checked_bool("counts", counts),
        serializable=is_serializable,
        timeout=checked_timeout(timeout),
    )


class ChildrenCursor:
    """Lists one directory: a page of keys, then a jump past the last directory seen, so that none is read whole."""

    def __init__(
        self,
        prefix: str | bytes,
        *,
        separator: str | bytes,
        timeout: Timeout,
        serializable: bool = False,
        counts: bool = False,
        page_size: int | None = None,
    ) -> None:
        self._prefix = as_bytes("prefix", prefix)
        self._separator = as_bytes("separator", separator)
        self._left: Keys | None = Keys.prefix(self._prefix)
        self._asked = self._left
        self._revision = 0
        self._adapts = page_size is None
        self._limit = page_size or _FIRST_PAGE
        self._smallest = 0
        self._tries = False
        self._timeout: Timeout = timeout
        self._last: Child | None = None
        self._counts = counts
        self._uncounted: Child | None = None
        self._count_beside = 0
        self._serializable = serializable
        # Where little is left, to count it costs less than to ask more often.
        self._density: Density | None = None
        self._before: list[bytes] = []
        self._seen: bytes | None = None

    def request(self) -> Call[RangeResponse] | None:
        count = None if self._uncounted is None else self._count(self._uncounted)
        page = None if self._left is None else self._page(self._left)
        return count or page if count is None or page is None else self._together(count, page)

    def _together(self, count: Call[RangeResponse], page: Call[RangeResponse]) -> Call[RangeResponse]:
        """Both in one request, whose result is the page: one more for each directory costs as much as its count."""
        ranges = [pb.RequestOp(request_range=call.request) for call in (count, page)]

        def decode(reply: Any) -> RangeResponse:
            counted, read = (answer.response_range for answer in reply.responses)
            self._count_beside = counted.count
            return page.decode(read)

        return Call(_TXN, pb.TxnRequest(success=ranges), decode, self._timeout, effect="read")

    def _page(self, left: Keys) -> Call[RangeResponse]:
        self._asked = self._bounded(left)
        return kv.range(
            self._asked,
            limit=self._limit,
            revision=self._revision,
            keys_only=True,
            serializable=self._serializable,
            timeout=self._timeout,
        )

    def _count(self, child: Child) -> Call[RangeResponse]:
        return kv.range(
            Keys.prefix(child.key),
            revision=self._revision,
            count_only=True,
            serializable=self._serializable,
            timeout=self._timeout,
        )

    def _bounded(self, left: Keys) -> Keys:
        if self._density is None or not self._density.is_known:
            return left
        # To find out how much an entry holds takes more of it than the first keys.
        end = self._density.end(left.start, None if self._tries else self._seen)
        return replace(left, end=end) if end is not None and end in left else left

    def receive(self, page: RangeResponse, _seconds: float = 0.0) -> list[Child]:
        """The entries that the page adds."""
        if self._uncounted is None:
            return self._add(page)
        counted = replace(self._uncounted, count=page.count if self._left is None else self._count_beside)
        self._uncounted = None
        return [counted] if self._left is None else [counted, *self._add(page)]

    def _add(self, page: RangeResponse) -> list[Child]:
        if not self._revision:
            self._revision = page.revision
            self._density = Density(self._prefix, slowly=_SLOWLY) if page.count > _MANY else None
        found = self._new(page)
        self._adapt(len(page.kvs), len(found))
        # The next entry may begin as this one does: from as far within it, the end comes shortly behind its first keys.
        self._seen = page.kvs[-1].key if page.more or len(found) == 1 else None
        if page.more:
            self._learn(found)
            self._left = self._beyond_last()
        elif self._left is not None and self._asked != self._left:
            self._learn_short(found, len(page.kvs))
            self._left = self._beyond_last(self._asked.end)
        else:
            self._left = None
        return self._counted(found, page) if self._counts else found

    def _new(self, page: RangeResponse) -> list[Child]:
        found: list[Child] = []
        for kv_ in page.kvs:
            child = self._child(kv_.key)
            if self._last is None or child.key != self._last.key:
                self._last = child
                found.append(child)
        return found

    def _adapt(self, keys: int, found: int) -> None:
        """Where entries hold more than a request to pass them by costs, little is read of each."""
        if not self._adapts or not keys:
            return
        self._tries = False
        if keys < min(_REQUEST, self._limit) * found:
            self._limit = min(_LARGEST_PAGE, self._limit * _GROWTH)
        elif self._limit > _SMALLEST_PAGE:
            self._limit, self._smallest = max(_SMALLEST_PAGE, self._limit // _GROWTH), 0
        else:
            self._smallest += 1
            if self._smallest == _PATIENCE:
                self._limit, self._tries = _REQUEST, True

    def _counted(self, found: list[Child], page: RangeResponse) -> list[Child]:
        """`found`, each with the keys it has in the page; the last may have more elsewhere, and is counted next."""
        counts = Counter(self._child(kv_.key).key for kv_ in page.kvs)
        counted = [replace(child, count=counts[child.key]) for child in found]
        if counted and counted[-1].is_branch and (page.more or self._left is not None):
            self._uncounted = counted.pop()
        return counted

    def _child(self, key: bytes) -> Child:
        rest = key[len(self._prefix) :]
        at = rest.find(self._separator) if self._separator else -1
        if at < 0:
            return Child(rest, key, False)
        return Child(rest[:at], self._prefix + rest[:at] + self._separator, True)

    def _learn(self, found: list[Child]) -> None:
        if self._density is None or not found:
            return
        # As many entries as this page had, twice; but where one fills it, the next alone.
        keys = [child.key for child in found]
        if len(found) > 1:
            self._density.learn(keys, 2 * len(found))
        else:
            self._density.learn_apart([*(self._before or [self._neighbour(found[0])]), *keys])
        self._before = [*self._before, *keys][-_REMEMBERED:]

    def _neighbour(self, child: Child) -> bytes:
        """What may come before the first entry, where no other is known: names are often numbered."""
        return self._prefix + child.name[:-1] + bytes([max(0, child.name[-1] - 1)]) if child.name else b""

    def _learn_short(self, found: list[Child], count: int) -> None:
        if len(found) == 1:
            self._learn(found)
        elif self._density is not None:
            self._density.learn_short(count, 2 * self._limit)

    def _beyond_last(self, start: bytes = b"") -> Keys | None:
        """The keys from `start` on that come after the last entry: after all that lies in it, where it is a branch."""
        if self._left is None:
            return None
        if self._last is not None:
            after = Keys.prefix(self._last.key).end if self._last.is_branch else self._last.key + b"\0"
            if after == b"\0":
                return None
            start = max(start, after)
        return replace(self._left, start=start) if self._left.end == b"\0" or start < self._left.end else None
