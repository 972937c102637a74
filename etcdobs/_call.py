"""Decides what one call is: a request for one RPC, how its reply is read, and whether it may be repeated."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Generic, TypeAlias, TypeVar

from etcdobs._wire import Rpc

T = TypeVar("T")


class _Unset(Enum):
    CLIENT_DEFAULT = "the client's timeout"

    def __repr__(self) -> str:
        return "CLIENT_DEFAULT"


CLIENT_DEFAULT: Final = _Unset.CLIENT_DEFAULT
"""Stands for a `timeout` that was left out; None means no deadline at all."""

Timeout: TypeAlias = float | _Unset | None


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One call, as a value: nothing has been sent.

    Attributes:
        rpc: which RPC.
        request: its message.
        decode: turns the reply into what the caller gets.
        repeatable: True when sending it twice is as good as once (etcd's `retry.go` keeps the same table).
        timeout: seconds for the whole call, attempts and waits included.
        endpoint: the one endpoint it is meant for; None: any.
    """

    rpc: Rpc
    request: Any = field(repr=False)  # it may hold a password, and what is stored is not for a log
    decode: Callable[[Any], T] = field(repr=False)
    repeatable: bool
    timeout: Timeout = CLIENT_DEFAULT
    endpoint: str | None = None


# Thirty years: clocks and gRPC wrap around far beyond it, and nobody waits as long.
_LONGEST = 1e9


def checked_timeout(timeout: Timeout) -> Timeout:
    """`timeout` as it is, when it is a number of seconds above zero, or None.

    Raises:
        TypeError, ValueError: it is neither.
    """
    if timeout is None or isinstance(timeout, _Unset):
        return timeout
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout must be seconds or None, not {type(timeout).__name__}")
    if not timeout > 0 or math.isinf(timeout):
        raise ValueError(f"timeout must be above 0 seconds and finite, not {timeout!r} (None: no deadline)")
    return min(timeout, _LONGEST)


def checked_seconds(seconds: float | None) -> float | None:
    """`seconds` to wait when it is None or a finite number of at least 0.

    Raises:
        TypeError, ValueError: it is not.
    """
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"timeout must be seconds or None, not {type(seconds).__name__}")
    if not 0 <= seconds < math.inf:
        raise ValueError(f"timeout must be at least 0 seconds and finite, not {seconds!r} (None: no limit)")
    return min(seconds, _LONGEST)


def checked_bool(name: str, flag: object) -> bool:
    """`flag` when it is True or False.

    Raises:
        TypeError: it is neither.
    """
    if not isinstance(flag, bool):
        raise TypeError(f"{name} must be True or False, not {type(flag).__name__}")
    return flag


def checked_int(name: str, number: object, *, least: int = 0) -> int:
    """`number` when it is an int of at least `least` that fits etcd's int64.

    Raises:
        TypeError, ValueError: it is not.
    """
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"{name} must be an int, not {type(number).__name__}")
    if not least <= number < 1 << 63:
        raise ValueError(f"{name} must be from {least} to 2**63 - 1, not {number}")
    return number
