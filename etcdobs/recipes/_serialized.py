"""Decides that the steps of the procedures on one state are taken one at a time, whichever threads carry them out."""

from collections.abc import Generator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, TypeVar

S = TypeVar("S")
T = TypeVar("T")


class Serialized(Generator[S, Any, T]):
    """`steps`, each taken while `lock` is held; between them, while a step is carried out, it is free."""

    def __init__(self, steps: Generator[S, Any, T], lock: AbstractContextManager[Any]) -> None:
        self._steps = steps
        self._lock = lock

    def send(self, value: Any, /) -> S:
        """Take the next step."""
        with self._lock:
            return self._steps.send(value)

    def throw(self, typ: Any, val: Any = None, tb: TracebackType | None = None, /) -> S:
        """Take the next step, after an error."""
        with self._lock:
            return self._steps.throw(typ)

    def close(self) -> None:
        """Take no more steps."""
        with self._lock:
            self._steps.close()
