"""Decides how a long read is cut into pages: what to ask next, and what a page adds. No I/O.

Every page but the first is pinned to the first one's revision, so that the whole is one moment, whatever is written
meanwhile. `driver.call(cursor.request())` and `cursor.receive(...)` in turn, until `request` returns None.
"""

from dataclasses import replace
from typing import Protocol, TypeVar

from etcdobs._call import CLIENT_DEFAULT, Call, Timeout, checked_bool, checked_int, checked_timeout
from etcdobs.keys import Keys, as_bytes, as_keys
from etcdobs.ops import kv
from etcdobs.types import Child, KeyValue, RangeResponse

T = TypeVar("T")

_PAGE_KEYS = 10_000
_FIRST_PAGE_OF_CHILDREN = 512
_PAGE_OF_CHILDREN = 5_000


class Pages(Protocol[T]):
    """A long read."""

    def request(self) -> Call[RangeResponse] | None:
        """The next page; None when there is no more."""
        ...

    def receive(self, page: RangeResponse) -> list[T]:
        """What the page adds."""
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
    """Iterates over all keys of a range in ascending order, a page at a time, as of one revision.

    Args:
        keys: one key, or a `Keys` such as `Keys.prefix("/app/")`.
        page_size: keys in a page; None: as many as serve well.
        revision: read as of this revision; 0 for that of the first page.
        keys_only: leave the values out.
        serializable: let any member answer from its own state, which may lag behind.
        timeout: seconds for each page; left out: the client's; None: no deadline.

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


class ScanCursor:
    """Reads all keys of a range, in ascending order, a page at a time."""

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
        self._left: Keys | None = as_keys(keys)
        self._revision = checked_int("revision", revision)
        self._limit = _PAGE_KEYS if page_size is None else checked_int("page_size", page_size, least=1)
        self._keys_only = keys_only
        self._serializable = serializable
        self._timeout: Timeout = timeout

    def request(self) -> Call[RangeResponse] | None:
        if self._left is None:
            return None
        return kv.range(
            self._left,
            limit=self._limit,
            revision=self._revision,
            keys_only=self._keys_only,
            serializable=self._serializable,
            timeout=self._timeout,
        )

    def receive(self, page: RangeResponse) -> list[KeyValue]:
        self._revision = self._revision or page.revision
        if self._left is not None:
            self._left = replace(self._left, start=page.kvs[-1].key + b"\0") if page.more and page.kvs else None
        return list(page.kvs)


class ChildrenCursor:
    """Lists one directory: a page of keys, then a jump past the last directory seen, so that none is read whole."""

    def __init__(
        self, prefix: str | bytes, *, separator: str | bytes, timeout: Timeout, serializable: bool = False
    ) -> None:
        self._prefix = as_bytes("prefix", prefix)
        self._separator = as_bytes("separator", separator)
        self._left: Keys | None = Keys.prefix(self._prefix)
        self._revision = 0
        self._limit = _FIRST_PAGE_OF_CHILDREN
        self._timeout: Timeout = timeout
        self._last = b""
        self._serializable = serializable

    def request(self) -> Call[RangeResponse] | None:
        if self._left is None:
            return None
        return kv.range(
            self._left,
            limit=self._limit,
            revision=self._revision,
            keys_only=True,
            serializable=self._serializable,
            timeout=self._timeout,
        )

    def receive(self, page: RangeResponse) -> list[Child]:
        self._revision = self._revision or page.revision
        self._limit = _PAGE_OF_CHILDREN
        found: list[Child] = []
        for kv_ in page.kvs:
            child = self._child(kv_.key)
            if child.key != self._last:
                self._last = child.key
                found.append(child)
        # A page may hold nothing new: it then lay inside the directory that the page before ended in.
        in_branch = not found or found[-1].is_branch
        self._left = self._beyond(self._last, in_branch) if page.more else None
        return found

    def _child(self, key: bytes) -> Child:
        rest = key[len(self._prefix) :]
        at = rest.find(self._separator) if self._separator else -1
        if at < 0:
            return Child(rest, key, False)
        return Child(rest[:at], self._prefix + rest[:at] + self._separator, True)

    def _beyond(self, entry: bytes, is_branch: bool) -> Keys | None:
        """The keys that come after an entry: after all that lies in it, where it is a branch."""
        if self._left is None:
            return None
        start = Keys.prefix(entry).end if is_branch else entry + b"\0"
        if start == b"\0" or (self._left.end != b"\0" and start >= self._left.end):
            return None
        return replace(self._left, start=start)
