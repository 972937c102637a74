"""Decides how an operation becomes a method of both clients: its signature and docstring are written once, in `ops`."""

import inspect
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

from etcdobs._call import Call

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")
T = TypeVar("T")


def sync(
    build: Callable[P, Call[T]],
) -> Callable[[Callable[[Any], None]], Callable[Concatenate[Any, P], T]]:
    """`@sync(kv.put) def put(self) -> None: ...`: the method sends what `build` makes, and blocks."""

    def decorate(stub: Callable[[Any], None]) -> Callable[Concatenate[Any, P], T]:
        def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> T:
            result: T = self._driver.call(build(*args, **kwargs))
            return result

        _name_after(stub, build, method)
        return method

    return decorate


def aio(
    build: Callable[P, Call[T]],
) -> Callable[[Callable[[Any], None]], Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]]:
    """`@aio(kv.put) def put(self) -> None: ...`: the method sends what `build` makes, and is awaited."""

    def decorate(stub: Callable[[Any], None]) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]:
        async def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> T:
            result: T = await self._driver.call(build(*args, **kwargs))
            return result

        _name_after(stub, build, method)
        return method

    return decorate


def opens(
    build: Callable[P, S], make: Callable[[Any, S], R]
) -> Callable[[Callable[[Any], None]], Callable[Concatenate[Any, P], R]]:
    """`@opens(watch.watch, watcher) def watch(self) -> None: ...`: the method returns `make(self, build(...))` at once.

    For what is iterated or entered later, so that nothing is sent, and nothing awaited, by the method itself.
    """

    def decorate(stub: Callable[[Any], None]) -> Callable[Concatenate[Any, P], R]:
        def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
            return make(self, build(*args, **kwargs))

        _name_after(stub, build, method)
        signature: inspect.Signature = method.__signature__  # type: ignore[attr-defined]
        returned = inspect.signature(make).return_annotation
        method.__signature__ = signature.replace(return_annotation=returned)  # type: ignore[attr-defined]
        return method

    return decorate


def _name_after(stub: Callable[..., Any], build: Callable[..., Any], method: Any) -> None:
    method.__name__ = stub.__name__
    method.__qualname__ = stub.__qualname__
    method.__module__ = stub.__module__
    method.__doc__ = build.__doc__
    method.__signature__ = _with_self(build)


def _with_self(build: Callable[..., Any]) -> inspect.Signature:
    signature = inspect.signature(build)
    this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    returned = signature.return_annotation
    result = getattr(returned, "__args__", (inspect.Signature.empty,))[0]
    return signature.replace(parameters=[this, *signature.parameters.values()], return_annotation=result)
