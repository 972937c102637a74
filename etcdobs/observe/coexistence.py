"""Decides that a call which this library traces is traced by it alone, whatever instruments gRPC as a whole."""

import sys
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import nullcontext
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

__all__ = ["awaited_once", "is_traced", "outside", "suppressed", "traced_once"]

_INSTRUMENTATION = "opentelemetry.instrumentation.grpc"
T = TypeVar("T")


def traced_once(multicallable: Callable[..., Any]) -> Callable[..., Any]:
    """`multicallable`, with OpenTelemetry's own instrumentation of gRPC told to leave its calls alone, where loaded.

    That would make a second span of each call, and send its own context in place of ours.
    """
    return partial(_suppressed, multicallable) if _INSTRUMENTATION in sys.modules else multicallable


def _suppressed(multicallable: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    # A task that gRPC begins for an asyncio call keeps this context.
    with suppressed():
        return multicallable(*args, **kwargs)


async def awaited_once(starting: Awaitable[T]) -> T:
    """As `traced_once`, of what starts a call when it is awaited."""
    if _INSTRUMENTATION not in sys.modules:
        return await starting
    with suppressed():
        return await starting


def is_traced(method: str | bytes) -> bool:
    """Whether the instrumentation, called before us, has made the span of the call of `method` that is being made."""
    if _INSTRUMENTATION not in sys.modules:
        return False
    from opentelemetry import trace  # noqa: PLC0415  # loaded with the first instance, not with the library

    span: Any = trace.get_current_span()
    if getattr(getattr(span, "instrumentation_scope", None), "name", None) != _INSTRUMENTATION:
        return False
    name = method.decode() if isinstance(method, bytes) else method
    return bool(span.is_recording() and span.kind is trace.SpanKind.CLIENT and span.name == name)


def suppressed() -> Any:
    """A block in which instrumentations make no spans, this library neither."""
    # No dependency: it is there where the instrumentation is, which imports it; not so in its early versions.
    try:
        utils: Any = import_module("opentelemetry.instrumentation.utils")
        return utils.suppress_instrumentation()
    except (ImportError, AttributeError):
        return nullcontext()


def outside(requests: Any) -> Any:
    """The same requests, each made in the context of now: not in that in which the call is suppressed.

    gRPC takes them on a thread or in a task of its own, which keeps the context in which the call was made.
    """
    if _INSTRUMENTATION not in sys.modules:
        return requests
    from opentelemetry import context  # noqa: PLC0415  # as above

    own = _Within(context.get_current())
    return own.each_awaited(requests) if hasattr(requests, "__aiter__") else own.each(requests)


class _Within:
    """Attaches a context for each step: a generator of its own would leave it attached to who takes from it."""

    def __init__(self, current: Any) -> None:
        from opentelemetry import context  # noqa: PLC0415  # as above

        self._attach, self._detach, self._current = context.attach, context.detach, current

    def each(self, requests: Iterable[Any]) -> Iterator[Any]:
        iterator = iter(requests)
        while True:
            token = self._attach(self._current)
            try:
                request = next(iterator)
            except StopIteration:
                return
            finally:
                self._detach(token)
            yield request

    async def each_awaited(self, requests: AsyncIterable[Any]) -> AsyncIterator[Any]:
        iterator = aiter(requests)
        while True:
            token = self._attach(self._current)
            try:
                request = await anext(iterator)
            except StopAsyncIteration:
                return
            finally:
                self._detach(token)
            yield request
