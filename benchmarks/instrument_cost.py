"""Measures what telemetry adds to a unary call: the transport is an instant fake, so nothing else is left.

    python benchmarks/instrument_cost.py [rounds]

Prints microseconds a call above one that is not observed, and the same in cached counters: how many `inc` of a label
child at hand cost as much, which no machine's speed changes. Of all rounds the best counts: noise only adds.
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
from prometheus_client import CollectorRegistry, Counter

from etcdobs import AsyncClient, Client
from etcdobs._wire import etcdserverpb
from etcdobs.observe import ClientMetrics, Instruments
from etcdobs.ops import kv

METHOD = "/etcdserverpb.KV/Range"
ENDPOINT = "localhost:2379"
CALLS = 10_000
ANSWER = etcdserverpb.RangeResponse()
QUIET = NoOpTracerProvider()
GET = kv.get("key")

Pair = tuple[Callable[[], Any], Callable[[], Awaitable[Any]]]
"""One call to be measured, blocking and awaited."""


def instant(request: Any, timeout: float | None = None, metadata: Any = None) -> Any:
    """A multicallable whose answer is there at once."""
    return ANSWER


async def instant_aio(request: Any, timeout: float | None = None, metadata: Any = None) -> Any:
    """The same for asyncio."""
    return ANSWER


def bound(instruments: Instruments, endpoint: str = "") -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Both multicallables, observed."""
    sync = instruments.bind_sync(instant, method=METHOD, kind="unary", target=ENDPOINT, endpoint=endpoint)
    return sync, instruments.bind_aio(instant_aio, method=METHOD, kind="unary", target=ENDPOINT, endpoint=endpoint)


def attempt(instruments: Instruments) -> Pair:
    """One RPC."""
    sync, aio = bound(instruments)
    return lambda: sync(b"x", timeout=1.0), lambda: aio(b"x", timeout=1.0)


def operation(metrics: ClientMetrics | None) -> Pair:
    """One `get` of a client, with all that its flow does."""
    client, async_client = Client(metrics=metrics), AsyncClient(metrics=metrics)
    sync, aio = bound(Instruments(metrics, QUIET), ENDPOINT)

    async def bound_aio(*_: Any) -> Callable[..., Any]:
        return aio

    driver, async_driver = client._driver, async_client._driver
    driver.bound = lambda *_: sync  # type: ignore[method-assign]
    async_driver.bound = bound_aio  # type: ignore[method-assign, assignment]
    return lambda: driver.call(GET), lambda: async_driver.call(GET)


def variants(*, traced: bool) -> dict[str, tuple[Pair, str]]:
    """What is measured, by name; and what it is compared with."""
    metrics = ClientMetrics(CollectorRegistry())
    bare = "an RPC, not observed"
    tracers = {
        "and a tracer, no provider set": None,
        "and one that never samples": TracerProvider(sampler=ALWAYS_OFF),
        "and one that always samples": TracerProvider(sampler=ALWAYS_ON),
    }
    with_tracers = {name: (attempt(Instruments(metrics, tracer)), bare) for name, tracer in tracers.items()}
    return {
        bare: (attempt(Instruments(None, QUIET)), ""),
        "grpc_client_* alone": (attempt(Instruments(metrics, QUIET)), bare),
        **(with_tracers if traced else {}),
        "a get, without metrics": (operation(None), ""),
        "all metrics of a get": (operation(ClientMetrics(CollectorRegistry())), "a get, without metrics"),
    }


def once(call: Callable[[], Any]) -> float:
    """Microseconds of this thread's CPU for one call."""
    started = time.thread_time()
    for _ in range(CALLS):
        call()
    return (time.thread_time() - started) / CALLS * 1e6


async def once_aio(call: Callable[[], Awaitable[Any]]) -> float:
    """Microseconds of this thread's CPU for one awaited call."""
    started = time.thread_time()
    for _ in range(CALLS):
        await call()
    return (time.thread_time() - started) / CALLS * 1e6


def measured(rounds: int, *, traced: bool = True) -> tuple[float, dict[str, tuple[float, float]]]:
    """The cost of a cached counter's `inc`, and of each variant above what it is compared with: blocking, awaited."""
    inc = Counter("cached", "cached", ("label",), registry=CollectorRegistry()).labels("x").inc
    known = variants(traced=traced)
    best = {name: [float("inf")] * 2 for name in (*known, "inc", "nothing")}
    with asyncio.Runner() as runner:
        for _ in range(rounds):
            best["inc"][0] = min(best["inc"][0], once(inc))
            best["nothing"][0] = min(best["nothing"][0], once(int))
            for name, ((sync, aio), _) in known.items():
                best[name][0] = min(best[name][0], once(sync))
                best[name][1] = min(best[name][1], runner.run(once_aio(aio)))
    return best["inc"][0] - best["nothing"][0], {
        name: (best[name][0] - best[base][0], best[name][1] - best[base][1])
        for name, (_, base) in known.items()
        if base
    }


def main(rounds: int) -> None:
    """Run all variants turn about and print what each adds."""
    inc, added = measured(rounds)
    print(f"grpcio {grpc.__version__}, Python {sys.version.split()[0]}; a cached inc: {inc:.2f} us")
    print(f"{'':32}{'sync':>8}{'aio':>8}  us, and in cached incs")
    for name, (sync, aio) in added.items():
        print(f"{name:32}{sync:8.2f}{aio:8.2f}{sync / inc:8.1f}{aio / inc:8.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
