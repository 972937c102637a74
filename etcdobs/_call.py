"""Decides what one call is: a request for one RPC, how its reply is read, and whether it may be repeated."""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar, get_args

from etcdobs._effects import RpcEffect, effect_of
from etcdobs._wire import Rpc

T = TypeVar("T")

_PLAIN = "must be a plain function, not a coroutine function: it is called, and never awaited"


class ClientDefault(Enum):
    """The type of `CLIENT_DEFAULT`, which a `timeout` that was left out is: the client's own then counts."""

    CLIENT_DEFAULT = "the client's timeout"

    def __repr__(self) -> str:
        return "CLIENT_DEFAULT"


CLIENT_DEFAULT: Final = ClientDefault.CLIENT_DEFAULT
"""Stands for a `timeout` that was left out; None means no deadline at all."""

Timeout: TypeAlias = float | ClientDefault | None
"""Seconds, above 0; None: no deadline; left out: what the client was given as its `timeout`."""

AtLeastOnce: TypeAlias = Literal["at_least_once"]
"""How a mutation is sent when its caller would rather have it twice than not at all."""


# Nobody changes one; but frozen, each would take five times as long to make.
@dataclass(slots=True)
class Call(Generic[T]):
    """One call, as a value: nothing has been sent.

    Attributes:
        rpc: which RPC.
        request: its message.
        decode: turns the reply into what the caller gets.
        timeout: seconds for the whole call, attempts and waits included.
        endpoint: the one endpoint it is meant for; None: any.
        effect: what this request does, where it is not what its RPC does as a rule.
        retry: "at_least_once" where the caller takes a mutation twice rather than not at all.
        confirmation: how a repeated call learns that an earlier attempt was carried out.
    """

    rpc: Rpc
    request: Any = field(repr=False)  # it may hold a password, and what is stored is not for a log
    decode: Callable[[Any], T] = field(repr=False)
    timeout: Timeout = CLIENT_DEFAULT
    endpoint: str | None = None
    effect: RpcEffect | None = None
    retry: AtLeastOnce | None = None
    confirmation: "Confirmation[T] | None" = field(default=None, repr=False)

    @property
    def mutates(self) -> bool:
        """True when it changes something, so that its outcome may be unknown."""
        return (self.effect or effect_of(self.rpc.path)) != "read"

    @property
    def repeatable(self) -> bool:
        """True when it is sent again although an earlier attempt may have been carried out."""
        return self.retry is not None or (self.effect or effect_of(self.rpc.path)) != "mutation"


@dataclass(frozen=True, slots=True)
class Confirmation(Generic[T]):
    """What a repeated call meets when an earlier attempt of its own was carried out, and its answer lost.

    Attributes:
        error: what the server answers then.
        ask: a read whose result stands for the answer that was lost.
    """

    error: type[Exception]
    ask: Call[T]


# Thirty years: clocks and gRPC wrap around far beyond it, and nobody waits as long.
_LONGEST = 1e9


def checked_timeout(timeout: Timeout) -> Timeout:
    """`timeout` as it is, when it is a number of seconds above zero, or None.

    Raises:
        TypeError, ValueError: it is neither.
    """
    if timeout is None or isinstance(timeout, ClientDefault):
        return timeout
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout must be seconds or None, not {type(timeout).__name__}")
    if not timeout > 0 or math.isinf(timeout):
        raise ValueError(f"timeout must be above 0 seconds and finite, not {timeout!r} (None: no deadline)")
    return min(timeout, _LONGEST)


def checked_retry(retry: object) -> AtLeastOnce | None:
    """`retry` when it is "at_least_once" or None.

    Raises:
        ValueError: it is neither.
    """
    if retry is None:
        return None
    if retry == "at_least_once":
        return "at_least_once"
    known = " or ".join(map(repr, get_args(AtLeastOnce)))
    raise ValueError(f"retry must be {known}, or None (a mutation is sent at most once), not {retry!r}")


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


def checked_plain(name: str, function: T) -> T:
    """`function` when it can be called, and what it does is done when it returns.

    Raises:
        TypeError: it can not, or is a coroutine function.
    """
    if not callable(function):
        raise TypeError(f"{name} must be a function, not {type(function).__name__}")
    # Of an object that is called like one, too.
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
        raise TypeError(f"{name} {_PLAIN}")
    return function


def refuse_coroutine(name: str, returned: object) -> None:
    """A function of that name has returned this.

    Raises:
        TypeError: that is a coroutine, which nobody would run.
    """
    if inspect.iscoroutine(returned):
        returned.close()
        raise TypeError(f"{name} {_PLAIN}")


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
