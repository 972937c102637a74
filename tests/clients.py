"""Lets a test written once, as a coroutine, run on both clients: a blocking `Client` in the shape of `AsyncClient`."""

import asyncio
import contextlib
import contextvars
import inspect
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Any

# What these return is entered, iterated or built upon: on AsyncClient too they are called without await.
_NOT_AWAITED = {"txn", "when", "then", "otherwise", "watch", "responses", "keep_alive", "scan", "children", "history"}
_NOT_AWAITED |= {"session", "lock", "election", "observe", "namespaced", "batched", "snapshot"}
_NOT_AWAITED |= {"base", "updates", "copy_to", "resolver"}
# The rooms of what goes in and what comes out: plain values on both clients.
_VALUE_ROOMS = frozenset({"etcdobs.types", "etcdobs.keys", "etcdobs.errors", "etcdobs.config"})
_END = object()


class BlockingAsAsync:
    """Wraps a blocking `Client`, or what one of its methods returned, so that it is used as its async twin is.

    Methods become coroutines that run in a thread each, iterators async iterators, context managers async ones;
    services, leases, watchers and the like are wrapped in turn, plain values are returned as they are. A thread each,
    and a daemon: a watch that never gets its event must take neither the place of other calls nor the test run.
    """

    def __init__(self, target: Any) -> None:
        self._target = target

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """The target's, so that the wrapped are what isinstance takes their twins for."""
        return type(self._target)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, "close" if name == "aclose" else name)
        if not callable(value):
            return _wrapped(value)
        return _immediate(value) if name in _NOT_AWAITED else _awaited(value)

    def __repr__(self) -> str:
        return f"BlockingAsAsync({self._target!r})"

    async def __aenter__(self) -> Any:
        entered = await in_thread(self._target.__enter__)
        return self if entered is self._target else _wrapped(entered)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> bool | None:
        left: bool | None = await in_thread(self._target.__exit__, kind, error, at)
        return left

    def __aiter__(self) -> AsyncIterator[Any]:
        iterator = iter(self._target)
        return self if iterator is self._target else BlockingAsAsync(iterator)

    async def __anext__(self) -> Any:
        item = await in_thread(next, self._target, _END)
        if item is _END:
            raise StopAsyncIteration
        return _wrapped(item)


async def in_thread(call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Runs a blocking call in a daemon thread, in the caller's context, and returns or raises what it does."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def settle(settled: Callable[[Any], None], value: Any) -> None:
        if not outcome.done():
            settled(value)

    def run() -> None:
        try:
            result = context.run(call, *args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - the caller's to handle, in its own thread
            tell(outcome.set_exception, error)
        else:
            tell(outcome.set_result, result)

    def tell(settled: Callable[[Any], None], value: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(settle, settled, value)

    threading.Thread(target=run, name=f"blocking {call!r}", daemon=True).start()
    return await outcome


def _wrapped(value: Any) -> Any:
    return BlockingAsAsync(value) if _is_live(value) else value


def _is_live(value: Any) -> bool:
    """Whether using it may block: it is entered, is an iterator, or is a class of the library that is no value."""
    kind = type(value)
    if hasattr(kind, "__enter__") or isinstance(value, Iterator):
        return True
    return kind.__module__.startswith("etcdobs.") and kind.__module__ not in _VALUE_ROOMS


def _immediate(method: Callable[..., Any]) -> Callable[..., Any]:
    loop = asyncio.get_running_loop()
    return lambda *args, **kwargs: _wrapped(method(*_given(args, loop), **_given_by_name(kwargs, loop)))


def _awaited(method: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        loop = asyncio.get_running_loop()
        return _wrapped(await in_thread(method, *_given(args, loop), **_given_by_name(kwargs, loop)))

    return call


def _given_by_name(arguments: dict[str, Any], loop: asyncio.AbstractEventLoop) -> dict[str, Any]:
    return dict(zip(arguments, _given(tuple(arguments.values()), loop), strict=True))


def _given(arguments: tuple[Any, ...], loop: asyncio.AbstractEventLoop) -> list[Any]:
    """The arguments as a blocking method takes them."""
    return [_blocking(argument, loop) for argument in arguments]


def _blocking(argument: Any, loop: asyncio.AbstractEventLoop) -> Any:
    if type(argument) is BlockingAsAsync:
        return argument._target
    if not inspect.iscoroutinefunction(argument):
        return argument

    def call(*args: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(argument(*map(_wrapped, args)), loop).result()

    return call
