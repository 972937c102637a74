"""How many of the library's own functions one call goes through: times differ, this number does not.

The transport answers at once, so that nothing waits. gRPC, Prometheus and OpenTelemetry are not counted, whose versions
differ. Where a bound fails, each call got one layer more to pay for: take something out, or say why it is worth that.
"""

from collections.abc import Awaitable
from typing import Any

import grpc
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NoOpTracerProvider
from prometheus_client import CollectorRegistry

from etcdobs import AsyncClient, Client, ClientMetrics
from etcdobs._wire import etcdserverpb as pb
from tests.functions_called import calls_of
from tests.instant import InstantAioChannel, InstantChannel

# Of a get and of a put, blocking and awaited alike, with Python 3.11 to 3.13.
FUNCTIONS = {"nothing": (13, 16), "metrics": (23, 26), "metrics and spans": (34, 37)}
TOLERANCE = 1.05
TELEMETRY = list(FUNCTIONS)

HEADER = pb.ResponseHeader(cluster_id=1, member_id=2, revision=3, raft_term=4)
STORED = pb.RangeResponse(header=HEADER, count=1)
STORED.kvs.add(key=b"key", value=b"value", create_revision=1, mod_revision=1, version=1)
WRITTEN = pb.PutResponse(header=HEADER)


def answer(request: Any) -> Any:
    return WRITTEN if isinstance(request, pb.PutRequest) else STORED


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc, "insecure_channel", lambda *_, **__: InstantChannel(answer))
    monkeypatch.setattr(grpc.aio, "insecure_channel", lambda *_, **__: InstantAioChannel(answer))


def telemetry(which: str) -> dict[str, Any]:
    return {
        "metrics": None if which == "nothing" else ClientMetrics(CollectorRegistry()),
        "tracer_provider": TracerProvider() if which == "metrics and spans" else NoOpTracerProvider(),
    }


def at_once(awaitable: Awaitable[Any]) -> Any:
    """The result of what never suspends, without an event loop's own steps."""
    steps = awaitable.__await__()
    try:
        next(steps)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waited")


def within(called: list[str], most: int) -> bool:
    return 0 < len(called) <= most * TOLERANCE


@pytest.mark.parametrize("which", TELEMETRY)
def test_the_functions_that_a_blocking_call_goes_through(which: str) -> None:
    with Client(**telemetry(which)) as client:
        client.get("key")
        client.put("key", "value")
        gotten = calls_of(lambda: client.get("key"))
        written = calls_of(lambda: client.put("key", "value"))
    assert within(gotten, FUNCTIONS[which][0]), (len(gotten), gotten)
    assert within(written, FUNCTIONS[which][1]), (len(written), written)


@pytest.mark.parametrize("which", TELEMETRY)
async def test_the_functions_that_an_awaited_call_goes_through(which: str) -> None:
    async with AsyncClient(**telemetry(which)) as client:
        await client.get("key")
        await client.put("key", "value")
        gotten = calls_of(lambda: at_once(client.get("key")))
        written = calls_of(lambda: at_once(client.put("key", "value")))
    assert within(gotten, FUNCTIONS[which][0]), (len(gotten), gotten)
    assert within(written, FUNCTIONS[which][1]), (len(written), written)


def test_each_option_that_a_call_was_told_costs_one_check() -> None:
    with Client(**telemetry("nothing")) as client:
        client.get("key")
        plain = calls_of(lambda: client.get("key"))
        told = calls_of(lambda: client.get("key", revision=1, serializable=True, timeout=1.0))
    assert len(told) <= len(plain) + 3
