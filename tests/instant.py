"""Channels of gRPC's that answer at once, without a server."""

from collections.abc import Callable
from typing import Any

Answer = Callable[[Any], Any]


class InstantChannel:
    """Of the blocking kind; `answer` makes the reply to a request."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def unary_unary(self, *_: Any, **__: Any) -> Callable[..., Any]:
        return lambda request, **_: self._answer(request)

    unary_stream = stream_stream = unary_unary

    def close(self) -> None: ...


class InstantAioChannel:
    """The same for asyncio."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def unary_unary(self, *_: Any, **__: Any) -> Callable[..., Any]:
        async def call(request: Any, **_: Any) -> Any:
            return self._answer(request)

        return call

    unary_stream = stream_stream = unary_unary

    async def close(self) -> None: ...
