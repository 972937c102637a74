"""Decides which keys of the tree are asked for their Kubernetes objects: those in sight, where there are such."""

from collections.abc import Iterable, Sequence
from itertools import islice

from .decode.choices import directory_of
from .kubernetes import ObjectFacts, object_facts
from .records import Valued
from .rows import Row, RowKind

BATCH = 24
"""Values that are asked for at once: at 1.5 MiB each, all that one answer may hold."""
_PROBE = 2  # keys of a directory that tell of all others
_MOST = 5_000


class ObjectTable:
    """What is known of the objects behind keys, and of directories whether there are any."""

    def __init__(self) -> None:
        self._facts: dict[bytes, ObjectFacts | None] = {}
        self._is_kubernetes: dict[bytes, bool] = {}

    def of(self, key: bytes) -> ObjectFacts | None:
        """What is known of a key's object."""
        return self._facts.get(key)

    def are_in(self, directory: bytes) -> bool:
        """Whether some keys right in a directory are known to hold objects."""
        return self._is_kubernetes.get(directory, False)

    def wanted(self, rows: Iterable[Row], separator: bytes) -> list[bytes]:
        """The keys in sight whose values are to be read: of a directory that is not known to hold objects, a few."""
        asked: dict[bytes, int] = {}
        keys = (row for row in rows if row.kind is RowKind.LEAF and row.key not in self._facts)
        return [
            row.key
            for row in islice((row for row in keys if self._is_asked(directory_of(row.key, separator), asked)), BATCH)
        ]

    def _is_asked(self, directory: bytes, asked: dict[bytes, int]) -> bool:
        known = self._is_kubernetes.get(directory)
        asked[directory] = asked.get(directory, 0) + 1
        return known is True or (known is None and asked[directory] <= _PROBE)

    def received(self, keys: Sequence[bytes], found: Iterable[Valued], separator: bytes) -> None:
        """Values were read; they are not kept."""
        facts = {each.key: object_facts(each.value) for each in found}
        if len(self._facts) > _MOST:
            self._facts.clear()
        for key in keys:
            self._facts[key] = facts.get(key)
            directory = directory_of(key, separator)
            self._is_kubernetes[directory] = self._is_kubernetes.get(directory, False) or facts.get(key) is not None

    def changed(self, keys: Iterable[bytes]) -> None:
        """Keys were written: what is known of them is of before."""
        for key in keys:
            self._facts.pop(key, None)
