"""Decides the shape of what takes several calls: a generator of calls and waits, answered one by one.

A procedure yields a step and is sent what came of it, or has the error thrown in:

    Call           carry it out; answered with its result
    UntilDeleted   wait until a key is gone; answered with nothing
    UntilPut       wait until one of some keys is written; answered with nothing

Recipes are written once as procedures; `perform` of either driver carries them out.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from etcdobs._call import Call
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
