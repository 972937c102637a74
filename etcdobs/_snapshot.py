"""Decides whether a snapshot is whole: etcd ends it with the SHA-256 of all that came before. Pure."""

import hashlib

from etcdobs._wire import rpc
from etcdobs.errors import DataLossError

SNAPSHOT = rpc("etcdserverpb.Maintenance/Snapshot")
_DIGEST_BYTES = 32
# The database is made of pages, so what is over after whole sectors is the digest.
_SECTOR = 512


class SnapshotCheck:
    """Follows a snapshot as it arrives.

    Attributes:
        done: bytes that arrived.
        total: bytes in all, the digest included, once the server has said so.
    """

    def __init__(self) -> None:
        self.done: int = 0
        self.total: int | None = None
        self._tail = b""
        self._hash = hashlib.sha256()

    def add(self, blob: bytes, remaining: int) -> None:
        """One more part, and how many bytes of the database the server says are still to come after it."""
        self.done += len(blob)
        self.total = self.done + remaining + (0 if self._has_digest and not remaining else _DIGEST_BYTES)
        data = self._tail + blob
        self._tail = data[-_DIGEST_BYTES:]
        self._hash.update(data[:-_DIGEST_BYTES])

    @property
    def _has_digest(self) -> bool:
        return self.done % _SECTOR == _DIGEST_BYTES

    def finish(self) -> None:
        """The stream has ended.

        Raises:
            DataLossError: the digest is not there, or not right.
        """
        if not self._has_digest:
            raise DataLossError(f"the snapshot is not whole: {self.done} bytes have no checksum", method=_METHOD)
        if self._hash.digest() != self._tail:
            raise DataLossError("the snapshot's checksum does not match what arrived", method=_METHOD)


_METHOD = f"{SNAPSHOT.service}/{SNAPSHOT.method}"
