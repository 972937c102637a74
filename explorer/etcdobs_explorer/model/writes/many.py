"""Decides how whole directories are deleted, renamed and copied: from the entries of one revision, in many chunks."""

from collections.abc import Iterator

from etcdobs_explorer.model import units
from etcdobs_explorer.model.records import Entry

from .operations import MOST_BYTES, Chunk, Delete, Guard, Piece, chunked
from .plan import SAMPLE, Kind, Plan, Sample, moved
from .protection import RefusedError, Span

UNDO_BYTES = 16 * 1024 * 1024  # what one undo may hold in memory
COPY_BYTES = 64 * 1024 * 1024  # what one copy may
_KEY_BYTES = 100  # that an entry costs besides its key and value
_RANGE_KEYS = 1000  # deleted by one transaction


def directory(prefix: bytes, separator: bytes) -> bytes:
    """A directory's prefix, which always ends with the separator: `/t/a1` must never reach `/t/a10`.

    Raises:
        RefusedError: there is no separator, or it is the whole keyspace.
    """
    if not separator:
        raise RefusedError(b"without a separator there are no directories")
    if not prefix:
        raise RefusedError(b"the whole keyspace is no directory")
    return prefix if prefix.endswith(separator) else prefix + separator


class Deletion:
    """Takes the entries of a directory, in key order and of one revision, and plans to delete them. Once `holds_values`
    is False there is more than an undo could keep, and the keys alone will do."""

    def __init__(self, prefix: bytes, separator: bytes) -> None:
        self.subject = Span.below(directory(prefix, separator))
        self.keys = 0
        self.size = 0
        self._starts: list[tuple[bytes, int]] = []
        self._in_chunk = self._chunk_bytes = 0
        self._sample: list[Sample] = []

    @property
    def holds_values(self) -> bool:
        """Whether an undo can hold what was taken so far."""
        return self.size <= UNDO_BYTES

    def take(self, entry: Entry) -> None:
        """The next key."""
        length = len(entry.key) + len(entry.value) + _KEY_BYTES
        if self._in_chunk >= _RANGE_KEYS or self._chunk_bytes + length > MOST_BYTES or not self.keys:
            self._end_chunk()
            self._starts.append((entry.key if self.keys else self.subject.start, 0))
        if self.keys < SAMPLE:
            self._sample.append(Sample(entry.key))
        self.keys += 1
        self.size += length
        self._in_chunk += 1
        self._chunk_bytes += length

    def plan(self, revision: int) -> Plan:
        """The plan, where all was taken as of `revision`."""
        self._end_chunk()
        keep = self.holds_values
        return Plan(
            Kind.DELETE,
            self.subject,
            tuple(self._chunks(revision, keep)),
            keys=self.keys,
            revision=revision,
            sample=tuple(self._sample),
            size=self.size,
            undoable=keep,
            warnings=() if keep else ("this is too much to be undone",),
        )

    def _end_chunk(self) -> None:
        if self._starts:
            self._starts[-1] = (self._starts[-1][0], self._in_chunk)
        self._in_chunk = self._chunk_bytes = 0

    def _chunks(self, revision: int, keep: bool) -> Iterator[Chunk]:
        """Ranges side by side over the whole directory: a key that appears anywhere in it is a conflict."""
        ends = [*(start for start, _ in self._starts[1:]), self.subject.end]
        for (start, keys), end in zip(self._starts, ends, strict=False):
            yield Chunk((Guard(start, revision, end),), (Delete(start, end),), keys, keep)


class Transfer:
    """Takes the entries of a directory and plans to rename (`move`) or copy it. `there` takes what is at the target."""

    holds_values = True

    def __init__(self, source: bytes, target: bytes, separator: bytes, *, move: bool) -> None:
        self.subject = Span.below(directory(source, separator))
        self.target = Span.below(directory(target, separator))
        if self.subject.overlaps(self.target):
            raise RefusedError(b"one directory must not lie within the other")
        self.keys = 0
        self.size = 0
        self._move = move
        self._there: dict[bytes, int] = {}
        self._entries: list[Entry] = []
        self._overwritten = 0

    def there(self, entry: Entry) -> None:
        """A key that the target holds."""
        self._there[entry.key] = entry.mod_revision

    def take(self, entry: Entry) -> None:
        """The next key.

        Raises:
            RefusedError: it is more than can be copied.
        """
        self._entries.append(entry)
        self.keys += 1
        self.size += len(entry.key) + len(entry.value) + _KEY_BYTES
        if self.size > COPY_BYTES:
            raise RefusedError(b"more than 64 MiB is below it: etcdctl make-mirror copies as much")

    def plan(self, revision: int) -> Plan:
        """The plan, where all was taken as of `revision`."""
        undoable = self.size <= UNDO_BYTES
        chunks = tuple(chunked(self._pieces(), keep=undoable))
        exist = units.plural(self._overwritten, "key of the target exists and is", "keys of the target exist and are")
        return Plan(
            Kind.RENAME if self._move else Kind.COPY,
            self.subject,
            chunks,
            keys=self.keys,
            revision=revision,
            target=self.target,
            sample=tuple(Sample(entry.key, self._renamed(entry.key)) for entry in self._entries[:SAMPLE]),
            size=self.size,
            undoable=undoable,
            warnings=(
                *((f"{exist} overwritten",) if self._overwritten else ()),
                *(() if undoable else ("this is too much to be undone",)),
            ),
        )

    def _pieces(self) -> Iterator[Piece]:
        for entry in self._entries:
            target = self._renamed(entry.key)
            self._overwritten += target in self._there
            yield moved(entry, target, self._there.get(target, 0), move=self._move)

    def _renamed(self, key: bytes) -> bytes:
        return self.target.start + key[len(self.subject.start) :]
