"""Decides what goes to gRPC as a call's metadata: its own type, filled only where somebody looks into it."""

from collections.abc import Iterator
from typing import Any

import grpc.aio

__all__ = ["Headers"]


class Headers(grpc.aio.Metadata):
    """The metadata of one call, for nobody else: an interceptor may write into it.

    gRPC makes a `grpc.aio.Metadata` of a tuple, a dictionary of lists, to make a tuple of it again; that takes as long
    as all our own part in sending a call. This one is the tuple, and becomes the dictionary when it is needed as such.
    """

    __slots__ = ("_pairs",)

    def __init__(self, pairs: tuple[tuple[str, str | bytes], ...]) -> None:
        self._pairs: tuple[tuple[str, str | bytes], ...] | None = pairs

    def __iter__(self) -> Iterator[tuple[str, str | bytes]]:
        return super().__iter__() if self._pairs is None else iter(self._pairs)

    def __len__(self) -> int:
        return super().__len__() if self._pairs is None else len(self._pairs)

    def __getattr__(self, name: str) -> Any:
        # What gRPC's own __init__ would have set, asked for by one of its methods.
        pairs = self._pairs
        if pairs is None:
            raise AttributeError(name)
        self._pairs = None
        super().__init__(*pairs)
        return getattr(self, name)

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy is made before it has pairs, and has other things to be asked for.
        return grpc.aio.Metadata, (*self,)
