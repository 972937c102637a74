"""Decides what a write consists of: operations, guards on what was seen, chunks that are a transaction each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from etcdobs_explorer.model import etcdctl
from etcdobs_explorer.model.records import Entry

from .protection import Span

# etcd refuses more than 128 conditions or operations in a transaction, and more than 1.5 MiB, unless told otherwise.
MOST_OPERATIONS = 120
MOST_BYTES = 1024 * 1024


class Guard(NamedTuple):
    """What must still hold: the key has the `mod_revision` that was seen (0: it is not there). With an `end`, no key of
    [key, end) is newer than `mod_revision`."""

    key: bytes
    mod_revision: int
    end: bytes = b""


class Put(NamedTuple):
    """Write a key, attached to `lease` (0: none), or with `ignore_lease` to the one it has."""

    key: bytes
    value: bytes
    lease: int = 0
    ignore_lease: bool = False

    @property
    def span(self) -> Span:
        """The keys it may change."""
        return Span(self.key)

    @property
    def size(self) -> int:
        """Its bytes in a request, about."""
        return len(self.key) + len(self.value) + 32

    @property
    def request(self) -> etcdctl.Request:
        """The same for etcdctl."""
        return etcdctl.put_request(self.key, self.value, lease=self.lease, ignore_lease=self.ignore_lease)


class Delete(NamedTuple):
    """Delete a key, or with an `end` those of [key, end)."""

    key: bytes
    end: bytes = b""

    @property
    def span(self) -> Span:
        """The keys it may change."""
        return Span(self.key, self.end)

    @property
    def size(self) -> int:
        """Its bytes in a request, about."""
        return len(self.key) + len(self.end) + 32

    @property
    def request(self) -> etcdctl.Request:
        """The same for etcdctl."""
        return etcdctl.delete_request(self.key, self.end)


Operation: TypeAlias = Put | Delete


@dataclass(frozen=True, slots=True)
class Chunk:
    """One transaction: the operations are done if all guards hold, else none. `keys` says how many keys it was planned
    to change; with `keep`, the answer brings what was there before."""

    guards: tuple[Guard, ...]
    operations: tuple[Operation, ...]
    keys: int
    keep: bool = True

    @property
    def spans(self) -> Iterator[Span]:
        """The keys it may change."""
        return (operation.span for operation in self.operations)


class Piece(NamedTuple):
    """What belongs into one transaction: a key, or a key and where it goes."""

    guards: tuple[Guard, ...]
    operations: tuple[Operation, ...]


def chunked(pieces: Iterable[Piece], *, keep: bool = True) -> Iterator[Chunk]:
    """Pieces in transactions of bounded size; one that is larger than the bound by itself has its own."""
    held: list[Piece] = []
    number = size = 0
    for piece in pieces:
        length = sum(operation.size for operation in piece.operations)
        many = max(len(piece.operations), len(piece.guards))
        if held and (number + many > MOST_OPERATIONS or size + length > MOST_BYTES):
            yield _chunk(held, keep)
            held, number, size = [], 0, 0
        held.append(piece)
        number, size = number + many, size + length
    if held:
        yield _chunk(held, keep)


def _chunk(pieces: list[Piece], keep: bool) -> Chunk:
    guards = tuple(guard for piece in pieces for guard in piece.guards)
    return Chunk(guards, tuple(each for piece in pieces for each in piece.operations), len(pieces), keep)


@dataclass(frozen=True, slots=True)
class Committed:
    """A chunk that was applied at `revision`. `before` holds each key that was changed as it was, None where it did not
    exist; it is empty where the chunk did not ask for it. `changed` says how many of its keys were there to be changed:
    in a range that is deleted, some may have gone by themselves."""

    chunk: Chunk
    revision: int
    before: tuple[tuple[bytes, Entry | None], ...]
    changed: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """A chunk whose guards did not hold: nothing was done. `theirs` is what was found: the keys that differ from what
    was seen, None where one is gone."""

    theirs: tuple[tuple[bytes, Entry | None], ...]
