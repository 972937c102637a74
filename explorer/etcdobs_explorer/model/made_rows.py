"""Decides what a sequence is whose items are made when they are looked at, and none of them kept."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TypeVar, cast, overload

T_co = TypeVar("T_co", covariant=True)


class MadeRows(Sequence[T_co]):
    """Equal to any sequence of the same items; no key of a dictionary, since what it tells of may change."""

    @abstractmethod
    def row(self, index: int) -> T_co:
        """The item at `index`, which is from 0 to below the length."""

    @overload
    def __getitem__(self, index: int) -> T_co: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T_co]: ...
    def __getitem__(self, index: int | slice) -> T_co | Sequence[T_co]:
        count = len(self)
        if isinstance(index, slice):
            return [self.row(each) for each in range(*index.indices(count))]
        at = index + count if index < 0 else index
        if not 0 <= at < count:
            raise IndexError("no such row")
        return self.row(at)

    def __iter__(self) -> Iterator[T_co]:
        return map(self.row, range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(cast("Sequence[object]", other))

    __hash__ = None  # type: ignore[assignment]  # as a list
