"""Makes one call of the echo service and ends it in one of the ways that a call can end, on both kinds of channel."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from threading import Event
from typing import Any

import grpc

from tests.echo_service import FAIL, HANG, METHODS, OK

APIS = ("sync", "aio")
KINDS = ("unary", "client_stream", "server_stream", "bidi_stream")
ENDINGS = ("ok", "error", "deadline", "cancel", "break", "abandoned", "closed channel")
_MAKERS = {
    "unary": "unary_unary",
    "client_stream": "stream_unary",
    "server_stream": "unary_stream",
    "bidi_stream": "stream_stream",
}
_LAST = {"ok": OK, "error": FAIL}
_SECONDS = 5.0
_DEADLINE = 0.2


class _Probe:
    _runs_out = frozenset({"deadline"})

    def __init__(self, channel: Any, kind: str) -> None:
        self._channel = channel
        self._kind = kind
        self._call = getattr(channel, _MAKERS[kind])(METHODS[kind])  # type: ignore[index]

    @property
    def _is_stream(self) -> bool:
        return self._kind in {"server_stream", "bidi_stream"}

    def _parts(self, ending: str) -> list[bytes]:
        last = _LAST.get(ending, HANG)
        return [last] if self._kind == "unary" else [b"a", last]

    def _timeout(self, ending: str) -> float:
        return _DEADLINE if ending in self._runs_out else _SECONDS


class SyncProbe(_Probe):
    """On a `grpc.Channel`."""

    def run(self, ending: str) -> str:
        """Make the call; return what went wrong besides its own status."""
        self._over = Event()
        try:
            (self._stream if self._is_stream else self._future)(ending)
        except grpc.RpcError:
            return ""
        except Exception as error:  # noqa: BLE001 - what a library makes of a call is what is asked here
            return f"raises {type(error).__name__}"
        finally:
            self._over.set()
        return ""

    def _request(self, ending: str) -> Any:
        parts = self._parts(ending)
        if self._kind in {"client_stream", "bidi_stream"}:
            return self._requests(parts)
        return b",".join(parts)

    def _requests(self, parts: list[bytes]) -> Iterator[bytes]:
        yield from parts

    def _future(self, ending: str) -> None:
        request = self._request(ending)
        if ending in {"ok", "error", "deadline"}:
            self._call(request, timeout=self._timeout(ending))
            return
        # A library that makes this wait would wait for the whole deadline.
        future = self._call.future(request, timeout=_DEADLINE * 4)
        if ending == "cancel":
            future.cancel()
        elif ending == "closed channel":
            self._channel.close()

    def _stream(self, ending: str) -> None:
        stream = self._call(self._request(ending), timeout=self._timeout(ending))
        if ending in {"ok", "error", "deadline"}:
            for _ in stream:
                pass
        elif ending != "abandoned":
            next(iter(stream))
        if ending == "cancel":
            stream.cancel()
        elif ending == "closed channel":
            self._channel.close()
            for _ in stream:
                pass


class AioProbe(_Probe):
    """On a `grpc.aio.Channel`."""

    _runs_out = frozenset({"deadline", "abandoned", "break"})

    async def run(self, ending: str) -> str:
        """Make the call; return what went wrong besides its own status."""
        try:
            await asyncio.wait_for((self._stream if self._is_stream else self._single)(ending), _SECONDS)
        except (grpc.RpcError, asyncio.CancelledError):
            return ""
        except Exception as error:  # noqa: BLE001 - what a library makes of a call is what is asked here
            return f"raises {type(error).__name__}"
        return ""

    def _request(self, ending: str) -> Any:
        parts = self._parts(ending)
        if self._kind in {"client_stream", "bidi_stream"}:
            return self._requests(parts)
        return b",".join(parts)

    async def _requests(self, parts: list[bytes]) -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    async def _single(self, ending: str) -> None:
        call = self._call(self._request(ending), timeout=self._timeout(ending))
        if ending in {"ok", "error", "deadline"}:
            await call
            return
        if ending in {"break", "cancel"}:
            await self._cancelled(call)
            return
        await asyncio.sleep(0.05)
        if ending == "closed channel":
            await self._channel.close()

    async def _cancelled(self, call: Any) -> None:
        async def wait() -> None:
            await call

        task = asyncio.create_task(wait())
        await asyncio.sleep(0.05)
        task.cancel()
        await task

    async def _stream(self, ending: str) -> None:
        stream = self._call(self._request(ending), timeout=self._timeout(ending))
        if ending in {"ok", "error", "deadline"}:
            async for _ in stream:
                pass
            return
        if ending == "abandoned":
            await asyncio.sleep(0.05)
            return
        async for _ in stream:
            break
        if ending == "cancel":
            stream.cancel()
        elif ending == "closed channel":
            await self._channel.close()
