"""Decides how a copy of some keys is written elsewhere: under which names, in which transactions. Pure."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby

from etcdobs._call import checked_int
from etcdobs.errors import CompactedError
from etcdobs.keys import Keys, as_bytes
from etcdobs.ops.operation import Delete, Operation, Put, Txn
from etcdobs.types import Event, EventType, KeyValue

# Well below the 1.5 MiB that a server takes unless it is told otherwise: keys may be longer at the destination.
_MOST_BYTES = 1024 * 1024
_START_OVER = (
    "the changes between the mirror's revision and the compaction are lost: read base() of a new Mirror, "
    "drop the keys it does not have, and go on from there"
)


@contextmanager
def start_over() -> Generator[None, None, None]:
    """A CompactedError from in here says what to do about it."""
    try:
        yield
    except CompactedError as error:
        error.add_note(_START_OVER)
        raise


class Copying:
    """Turns keys and changes of the source into transactions for the destination.

    Args:
        keys: those of the source.
        destination_prefix: what stands at the destination for the prefix that `keys` are; None: all keep their names.
        max_txn_ops: the most operations in a transaction.

    Raises:
        TypeError, ValueError: an argument is wrong, or a prefix is to be replaced and `keys` are none.
    """

    def __init__(self, keys: Keys, destination_prefix: str | bytes | None, max_txn_ops: int) -> None:
        self._rename = _renaming(keys, destination_prefix)
        self._most = checked_int("max_txn_ops", max_txn_ops, least=1)
        self._held: list[Operation] = []
        self._bytes = 0

    def put(self, kv: KeyValue) -> Iterator[Txn]:
        """Copy a key; yields a transaction when one is full."""
        yield from self._add(Put(self._rename(kv.key), kv.value))

    def rest(self) -> Iterator[Txn]:
        """Yields what is not full yet, if there is any."""
        if self._held:
            yield Txn(then=self._held)
            self._held, self._bytes = [], 0

    def follow(self, events: Iterable[Event]) -> Iterator[tuple[int, list[Txn]]]:
        """Yields each revision with what brings the destination there: one transaction, if it is not too large."""
        for revision, together in groupby(events, lambda event: event.kv.mod_revision):
            yield revision, [*self._follow_one(together), *self.rest()]

    def _follow_one(self, events: Iterable[Event]) -> Iterator[Txn]:
        for event in events:
            if event.type is EventType.PUT:
                yield from self.put(event.kv)
            else:
                yield from self._add(Delete(self._rename(event.kv.key)))

    def _add(self, operation: Operation) -> Iterator[Txn]:
        size = operation.request.ByteSize()
        if len(self._held) >= self._most or self._bytes + size > _MOST_BYTES:
            yield from self.rest()
        self._held.append(operation)
        self._bytes += size


def _renaming(keys: Keys, destination_prefix: str | bytes | None) -> Callable[[bytes], bytes]:
    if destination_prefix is None:
        return lambda key: key
    new = as_bytes("destination_prefix", destination_prefix)
    if keys == Keys.all():
        return lambda key: new + key
    if keys != Keys.prefix(keys.start):
        raise ValueError(f"destination_prefix replaces a prefix: mirror Keys.prefix(...), not {keys!r}")
    old = len(keys.start)
    return lambda key: new + key[old:]
