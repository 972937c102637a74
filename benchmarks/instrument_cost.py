"""Measures what telemetry adds to a unary call: the transport is an instant fake, so nothing else is left.

    python benchmarks/instrument_cost.py [rounds]

Prints microseconds a call above the bare multicallable, best of the rounds (the machine's noise only adds).
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON
from opentelemetry.trace import NoOpTracerProvider
from prometheus_client import CollectorRegistry

from etcdobs.observe import ClientMetrics, Instruments

METHOD = "/etcdserverpb.KV/Range"
CALLS = 20_000


def instant(request: bytes, timeout: float | None = None, metadata: Any = None) -> bytes:
    """A multicallable whose answer is there at once."""
    return request


async def instant_aio(request: bytes, timeout: float | None = None, metadata: Any = None) -> bytes:
    """The same for asyncio."""
    return request


def once(call: Callable[..., Any]) -> float:
    """Seconds of this thread's CPU for one call."""
    started = time.thread_time()
    for _ in range(CALLS):
        call(b"x", timeout=1.0)
    return (time.thread_time() - started) / CALLS


async def once_aio(call: Callable[..., Awaitable[Any]]) -> float:
    """Seconds of this thread's CPU for one awaited call."""
    started = time.thread_time()
    for _ in range(CALLS):
        await call(b"x", timeout=1.0)
    return (time.thread_time() - started) / CALLS


def variants() -> dict[str, Instruments]:
    """What is compared, by name."""
    metrics = ClientMetrics(CollectorRegistry())
    return {
        "nothing": Instruments(None, NoOpTracerProvider()),
        "metrics, no-op tracer": Instruments(metrics, NoOpTracerProvider()),
        "metrics, no provider set": Instruments(metrics),
        "metrics, SDK never samples": Instruments(metrics, TracerProvider(sampler=ALWAYS_OFF)),
        "metrics, SDK always samples": Instruments(metrics, TracerProvider(sampler=ALWAYS_ON)),
    }


def main(rounds: int) -> None:
    """Run all variants turn about and print the best of each."""
    sync: dict[str, Callable[..., Any]] = {"bare": instant}
    aio: dict[str, Callable[..., Any]] = {"bare": instant_aio}
    for name, instruments in variants().items():
        sync[name] = instruments.bind_sync(instant, method=METHOD, kind="unary", target="localhost:2379")
        aio[name] = instruments.bind_aio(instant_aio, method=METHOD, kind="unary", target="localhost:2379")
    best = {name: [float("inf")] * 2 for name in sync}
    for _ in range(rounds):
        for name, cost in best.items():
            cost[0] = min(cost[0], once(sync[name]))
            cost[1] = min(cost[1], asyncio.run(once_aio(aio[name])))
    bare = best.pop("bare")
    print(f"grpcio {grpc.__version__}, Python {sys.version.split()[0]}; microseconds above the bare call")
    print(f"{'':30}{'sync':>8}{'aio':>8}")
    for name, cost in best.items():
        print(f"{name:30}{(cost[0] - bare[0]) * 1e6:8.2f}{(cost[1] - bare[1]) * 1e6:8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
