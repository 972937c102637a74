"""Decides how one directory is listed: a page of keys, then a jump past the last directory seen. No I/O.

All pages are pinned to the first one's revision, as those of a scan, and in a large directory they end at a guessed key
for the same reason: a server counts all that is left for each.
"""

from dataclasses import replace

from etcdobs._call import CLIENT_DEFAULT, Call, Timeout, checked_bool, checked_timeout
from etcdobs._density import Density
from etcdobs.keys import Keys, as_bytes
from etcdobs.ops import kv
from etcdobs.types import Child, RangeResponse

_FIRST_PAGE = 512
_PAGE = 5_000
# Pages of keys in a directory from which on a page's end is bounded.
_MANY = 4


def children(
    prefix: str | bytes,
    *,
    separator: str | bytes = "/",
    serializable: bool = False,
    timeout: Timeout = CLIENT_DEFAULT,
) -> "ChildrenCursor":
    """Iterates over the entries of one directory, without reading what lies below them.

    Args:
        prefix: the directory, separator included; empty for the root.
        separator: what parts the names; empty for no directories at all.
        serializable: let any member answer from its own state, which may lag behind; also without a quorum.
        timeout: seconds for each page; left out: the client's; None: no deadline.
    """
    is_serializable = checked_bool("serializable", serializable)
    return ChildrenCursor(prefix, separator=separator, serializable=is_serializable, timeout=checked_timeout(timeout))


class ChildrenCursor:
    """Lists one directory: a page of keys, then a jump past the last directory seen, so that none is read whole."""

    def __init__(
        self,
        prefix: str | bytes,
        *,
        separator: str | bytes,
        timeout: Timeout,
        serializable: bool = False,
        page_size: int | None = None,
    ) -> None:
        self._prefix = as_bytes("prefix", prefix)
        self._separator = as_bytes("separator", separator)
        self._left: Keys | None = Keys.prefix(self._prefix)
        self._asked = self._left
        self._revision = 0
        self._page = page_size or _PAGE
        self._limit = page_size or _FIRST_PAGE
        self._timeout: Timeout = timeout
        self._last: Child | None = None
        self._serializable = serializable
        # Where little is left, to count it costs less than to ask more often.
        self._density: Density | None = None
        self._before: bytes | None = None

    def request(self) -> Call[RangeResponse] | None:
        if self._left is None:
            return None
        self._asked = self._bounded(self._left)
        return kv.range(
            self._asked,
            limit=self._limit,
            revision=self._revision,
            keys_only=True,
            serializable=self._serializable,
            timeout=self._timeout,
        )

    def _bounded(self, left: Keys) -> Keys:
        if self._density is None or not self._density.is_known:
            return left
        end = self._density.end(left.start)
        return replace(left, end=end) if end is not None and end in left else left

    def receive(self, page: RangeResponse) -> list[Child]:
        if not self._revision:
            self._revision = page.revision
            self._density = Density() if page.count > _MANY * self._page else None
        found = self._new(page)
        if page.more:
            self._learn(found)
            self._left = self._beyond_last()
        elif self._left is not None and self._asked != self._left:
            self._learn_short(len(page.kvs))
            self._left = self._beyond_last(self._asked.end)
        else:
            self._left = None
        self._limit = self._page
        return found

    def _new(self, page: RangeResponse) -> list[Child]:
        found: list[Child] = []
        for kv_ in page.kvs:
            child = self._child(kv_.key)
            if self._last is None or child.key != self._last.key:
                self._last = child
                found.append(child)
        return found

    def _child(self, key: bytes) -> Child:
        rest = key[len(self._prefix) :]
        at = rest.find(self._separator) if self._separator else -1
        if at < 0:
            return Child(rest, key, False)
        return Child(rest[:at], self._prefix + rest[:at] + self._separator, True)

    def _learn(self, found: list[Child]) -> None:
        if self._density is None or not found:
            return
        # A distance takes two entries; the prefix is none, and may be far from the first.
        if self._before is not None or len(found) > 1:
            # As many entries as this page had, twice: with one large directory in it, the next two.
            self._density.learn(self._before or b"", [child.key for child in found], 2 * len(found))
        self._before = found[-1].key

    def _learn_short(self, count: int) -> None:
        if self._density is not None:
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
