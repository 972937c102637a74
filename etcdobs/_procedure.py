"""Decides the shape of what takes several calls: a generator of calls and waits, answered one by one.

A procedure yields a step and is sent what came of it, or has the error thrown in:

    Call           carry it out; answered with its result
    UntilDeleted   wait until a key is gone; answered with nothing
    UntilPut       wait until one of some keys is written; answered with nothing

Recipes are written once as procedures; `perform` of either driver carries them out.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

from etcdobs._call import CLIENT_DEFAULT, Call, Timeout, checked_timeout
from etcdobs.errors import EtcdError
from etcdobs.keys import Keys

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UntilDeleted:
    """Wait until `key`, which existed at `revision`, is deleted."""

    key: bytes
    revision: int


@dataclass(frozen=True, slots=True)
class UntilPut:
    """Wait until one of `keys` is written after `revision`."""

    keys: Keys
    revision: int


Wait: TypeAlias = UntilDeleted | UntilPut
Step: TypeAlias = Call[Any] | Wait
Procedure: TypeAlias = Generator[Step, Any, T]


def mapped(procedure: Procedure[T], change: Callable[[Step], Step]) -> Procedure[T]:
    """`procedure`, with each of its steps as `change` returns it."""
    answer: Any = None
    failure: EtcdError | None = None
    while True:
        try:
            step = procedure.send(answer) if failure is None else procedure.throw(failure)
        except StopIteration as stop:
            result: T = stop.value
            return result
        answer = failure = None
        try:
            answer = yield change(step)
        except EtcdError as error:
            failure = error


def timed(procedure: Procedure[T], timeout: Timeout) -> Procedure[T]:
    """`procedure`, each of whose calls has `timeout` seconds; where it is left out, each has its own.

    Raises:
        TypeError, ValueError: it is no timeout.
    """
    seconds = checked_timeout(timeout)
    if seconds is CLIENT_DEFAULT:
        return procedure
    return mapped(procedure, lambda step: replace(step, timeout=seconds) if isinstance(step, Call) else step)
