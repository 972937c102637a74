"""Whole clients and bare stubs on one etcd, with more and less telemetry: blocks of reads of one key."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import grpc
from opentelemetry.trace import NoOpTracerProvider
from prometheus_client import CollectorRegistry

from benchmarks.telemetry_layers import METHOD, counted, instrumented, sdk, unseen
from etcdobs import AsyncClient, Client, ClientMetrics
from etcdobs._wire import etcdserverpb

CALLS, CONCURRENT = 160, 32
KEY = "benchmark"

Blocks = dict[str, Callable[[], tuple[float, float]]]
"""By name: makes some calls, and returns the seconds of wall time and of CPU that one took."""


def _variants() -> dict[str, dict[str, Any]]:
    return {
        "Client, metrics=None": {"metrics": None, "tracer_provider": NoOpTracerProvider()},
        "Client, metrics": {"metrics": ClientMetrics(CollectorRegistry())},
        "Client, metrics, SDK sampled, exemplars": {
            "metrics": ClientMetrics(CollectorRegistry()),
            "tracer_provider": sdk(),
        },
    }


def _stub(channel: Any) -> Any:
    request, response = etcdserverpb.RangeRequest, etcdserverpb.RangeResponse
    return channel.unary_unary(METHOD, request.SerializeToString, response.FromString)


def _request() -> Any:
    return etcdserverpb.RangeRequest(key=KEY.encode())


@contextmanager
def sync_blocks(endpoint: str, threads: int) -> Generator[Blocks, None, None]:
    """One call after the other, in so many threads at a time."""
    target = endpoint.partition("://")[2] or endpoint
    with ExitStack() as stack:

        def channel() -> Any:
            return stack.enter_context(grpc.insecure_channel(target))

        channels = {
            "protobuf stub": channel(),
            "stub + py-grpc-prometheus": counted(channel()),
            "stub + opentelemetry-instrumentation-grpc": instrumented(channel()),
            "stub + both": counted(instrumented(channel())),
        }
        pool = stack.enter_context(ThreadPoolExecutor(threads)) if threads > 1 else None
        blocks: Blocks = {name: _sync(_sync_stub(_stub(made)), pool) for name, made in channels.items()}
        for name, telemetry in _variants().items():
            client = stack.enter_context(Client(endpoint, **telemetry))
            client.put(KEY, "value")
            with unseen():
                client.get(KEY)
            blocks[name] = _sync(partial(client.get, KEY), pool)
        yield blocks


def _sync_stub(stub: Any) -> Callable[[], Any]:
    return lambda: stub(_request(), timeout=10)


def _sync(call: Callable[[], Any], pool: ThreadPoolExecutor | None) -> Callable[[], tuple[float, float]]:
    def several(calls: int) -> None:
        for _ in range(calls):
            call()

    def run() -> tuple[float, float]:
        wall, cpu, calls = time.perf_counter(), time.process_time(), CALLS
        if pool is None:
            several(calls)
        else:
            calls = CONCURRENT * (CALLS // 8)
            for _ in pool.map(several, [CALLS // 8] * CONCURRENT):
                pass
        return (time.perf_counter() - wall) / calls, (time.process_time() - cpu) / calls

    return run


@contextmanager
def aio_blocks(endpoint: str) -> Generator[Blocks, None, None]:
    """So many calls at a time as CONCURRENT, all on one event loop."""
    from opentelemetry.instrumentation.grpc import aio_client_interceptors

    target = endpoint.partition("://")[2] or endpoint
    with asyncio.Runner() as runner:

        async def opened() -> tuple[list[Any], dict[str, Callable[[], Awaitable[Any]]]]:
            bare = grpc.aio.insecure_channel(target)
            traced = grpc.aio.insecure_channel(target, interceptors=aio_client_interceptors(sdk()))
            calls = {
                "protobuf stub": _aio_stub(_stub(bare)),
                "stub + opentelemetry-instrumentation-grpc": _aio_stub(_stub(traced)),
            }
            clients = {name: AsyncClient(endpoint, **telemetry) for name, telemetry in _variants().items()}
            for name, client in clients.items():
                await client.put(KEY, "value")
                with unseen():
                    await client.get(KEY)
                calls[name] = partial(client.get, KEY)
            return [bare, traced, *clients.values()], calls

        channels, calls = runner.run(opened())
        try:
            yield {name: _aio(runner, call) for name, call in calls.items()}
        finally:
            for channel in channels:
                runner.run(channel.close())


def _aio_stub(stub: Any) -> Callable[[], Awaitable[Any]]:
    async def call() -> Any:
        return await stub(_request(), timeout=10)

    return call


def _aio(runner: asyncio.Runner, call: Callable[[], Awaitable[Any]]) -> Callable[[], tuple[float, float]]:
    async def several() -> None:
        for _ in range(CALLS // 8):
            await call()

    async def all_of_them() -> None:
        await asyncio.gather(*(several() for _ in range(CONCURRENT)))

    def run() -> tuple[float, float]:
        wall, cpu, calls = time.perf_counter(), time.process_time(), CONCURRENT * (CALLS // 8)
        runner.run(all_of_them())
        return (time.perf_counter() - wall) / calls, (time.process_time() - cpu) / calls

    return run
