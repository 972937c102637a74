"""The layers of telemetry above asyncio calls that are answered at once, so that nothing else is left to measure.

An interceptor of `grpc.aio` needs a real channel. Its innermost one answers here, and nothing is ever sent. They are
measured above a channel with that one alone: to have any costs something.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import grpc
from prometheus_client import CollectorRegistry

from benchmarks.telemetry_layers import CALLS, METHOD, TARGET, ours, sdk, unseen
from etcdobs.interceptors import aio_client_interceptors
from etcdobs.observe import ClientMetrics

Layers = dict[str, tuple[Callable[[], float], str]]
"""By name: a block of calls, which returns the seconds of CPU of one; and the name of what it is compared with."""

BARE, ANSWERED = "bare", "answered by an interceptor"


class _Answering(grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return request


async def _instant(request: bytes, **_: Any) -> bytes:
    return request


def aio_layers(runner: asyncio.Runner) -> Layers:
    """What is measured, on that runner's event loop."""
    called: dict[str, tuple[Callable[..., Awaitable[Any]], str]] = {BARE: (_instant, "")}
    for name, instruments in ours().items():
        with unseen():
            bound = instruments.bind_aio(_instant, method=METHOD, kind="unary", target=TARGET)
        called[name] = bound, BARE
    for name, interceptors in _intercepted().items():
        channel = runner.run(_channel(interceptors))
        called[name] = channel.unary_unary(METHOD), "" if name == ANSWERED else ANSWERED
    return {name: (partial(_block, runner, call), base) for name, (call, base) in called.items()}


def _intercepted() -> dict[str, list[Any]]:
    from opentelemetry.instrumentation.grpc import aio_client_interceptors as rival

    metrics = ClientMetrics(CollectorRegistry())
    return {
        ANSWERED: [],
        "etcdobs as interceptor, metrics, no SDK": aio_client_interceptors(metrics, target=TARGET),
        "etcdobs as interceptor, metrics, SDK sampled, exemplars": aio_client_interceptors(
            metrics, sdk(), target=TARGET
        ),
        "opentelemetry-instrumentation-grpc, SDK sampled": rival(sdk()),
    }


async def _channel(interceptors: list[Any]) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(TARGET, interceptors=[*interceptors, _Answering()])


def _block(runner: asyncio.Runner, call: Callable[..., Awaitable[Any]]) -> float:
    async def several() -> float:
        started = time.thread_time()
        for _ in range(CALLS):
            await call(b"x", timeout=1.0)
        return (time.thread_time() - started) / CALLS

    return runner.run(several())
