"""Stubs of the echo service, whose calls are recorded, and requests that are handed over one by one."""

import queue
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, cast

from prometheus_client import CollectorRegistry

from etcdobs.observe.recorder import Kind
from tests.echo_service import METHODS, Counted, aio_until, counted, until

__all__ = ["Requests", "Stub", "bare", "several"]


def bare(channel: Any) -> dict[Kind, Any]:
    """The four calls of a `grpc.Channel` or a `grpc.aio.Channel`."""
    return {
        "unary": channel.unary_unary(METHODS["unary"]),
        "client_stream": channel.stream_unary(METHODS["client_stream"]),
        "server_stream": channel.unary_stream(METHODS["server_stream"]),
        "bidi_stream": channel.stream_stream(METHODS["bidi_stream"]),
    }


@dataclass
class Stub:
    """The four calls of the echo service, and what was recorded of them."""

    channel: Any
    registry: CollectorRegistry
    calls: dict[Kind, Any]

    def __getattr__(self, kind: str) -> Any:
        return self.calls[cast("Kind", kind)]

    def counted(self, kind: Kind) -> Counted:
        return counted(self.registry, kind)

    def until(self, kind: Kind, expected: Counted) -> None:
        until(lambda: self.counted(kind), expected)

    async def aio_until(self, kind: Kind, expected: Counted) -> None:
        await aio_until(lambda: self.counted(kind), expected)


async def several(*requests: bytes) -> AsyncIterator[bytes]:
    """These requests, one after the other."""
    for request in requests:
        yield request


class Requests:
    """Requests that a test hands over one by one."""

    def __init__(self, *first: bytes) -> None:
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        for request in first:
            self._queue.put(request)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._queue.get, None)

    def end(self) -> None:
        self._queue.put(None)
