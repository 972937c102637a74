"""Decides how the steps of a recipe become the methods of both of its classes: they are written, and told of, once."""

import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from etcdobs._procedure import Procedure
from etcdobs.recipes.session import until

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan(Generic[T]):
    """A procedure, and how long its waits may go on."""

    procedure: Procedure[T]
    patience: Callable[[], float | None] = field(default_factory=lambda: until(None, ""))


def performed(
    plan: Callable[Concatenate[Any, P], Plan[T]],
) -> Callable[[Callable[[Any], None]], Callable[Concatenate[Any, P], T]]:
    """`@performed(Steps._hold) def hold(self) -> None: ...`: the method carries out what `plan` makes, and blocks."""

    def decorate(stub: Callable[[Any], None]) -> Callable[Concatenate[Any, P], T]:
        def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> T:
            planned = plan(self, *args, **kwargs)
            result: T = self._procedures.perform(planned.procedure, planned.patience)
            return result

        return _named(method, stub, plan)

    return decorate


def awaited(
    plan: Callable[Concatenate[Any, P], Plan[T]],
) -> Callable[[Callable[[Any], None]], Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]]:
    """`@awaited(Steps._hold) def hold(self) -> None: ...`: the method carries out what `plan` makes, and is awaited."""

    def decorate(stub: Callable[[Any], None]) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]:
        async def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> T:
            planned = plan(self, *args, **kwargs)
            result: T = await self._procedures.perform(planned.procedure, planned.patience)
            return result

        return _named(method, stub, plan)

    return decorate


M = TypeVar("M")


def _named(method: M, stub: Callable[[Any], None], plan: Callable[..., Plan[Any]]) -> M:
    named: Any = method
    named.__name__, named.__qualname__, named.__module__ = stub.__name__, stub.__qualname__, stub.__module__
    named.__doc__ = plan.__doc__
    signature = inspect.signature(plan)
    (returned,) = signature.return_annotation.__args__
    named.__signature__ = signature.replace(return_annotation=returned)
    return method
