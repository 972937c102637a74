"""How many of the library's functions one of many batched operations goes through, and an event that comes alone.

Where a bound fails, each of thousands a second got one call more to pay for: take one out, or say why it is worth that.
"""

import asyncio
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry

from etcdobs import AsyncClient, ClientMetrics, Keys
from etcdobs._drive import aio_mailbox, sync_mailbox
from etcdobs._watch import WATCH, Batch, Cursor, WatchStream
from etcdobs._wire import etcdserverpb as pb
from tests.functions_called import calls_of
from tests.instant import InstantAioChannel

CALLERS, TIMES = 64, 5
STORED = pb.RangeResponse(count=1, kvs=[{"key": b"k", "value": b"v", "version": 1}])


def answer(request: Any) -> Any:
    reads = request.success[0].HasField("request_range")
    part: dict[str, Any] = {"response_range": STORED} if reads else {"response_put": {}}
    return pb.TxnResponse(succeeded=True, responses=[part] * len(request.success))


@pytest.mark.parametrize(("operation", "most"), [("get", 9.5), ("put", 12.5)])
def test_a_batched_operation_of_a_task(monkeypatch: pytest.MonkeyPatch, operation: str, most: float) -> None:
    monkeypatch.setattr(grpc.aio, "insecure_channel", lambda *_, **__: InstantAioChannel(answer))
    client = AsyncClient(metrics=ClientMetrics(CollectorRegistry()))
    batch = client.batched()

    async def ask(key: str) -> None:
        for _ in range(TIMES):
            await (batch.get(key) if operation == "get" else batch.put(key, "v"))

    async def all_ask() -> None:
        await asyncio.gather(*[ask(f"k{number}") for number in range(CALLERS)])

    with asyncio.Runner() as runner:
        runner.run(all_ask())  # what is made once
        called = calls_of(lambda: runner.run(all_ask()))
        runner.run(client.close())
    assert CALLERS * TIMES < len(called) <= CALLERS * TIMES * most


def received(count: int) -> tuple[Cursor, list[Batch]]:
    """The effects of as many messages of one event each."""
    stream, cursor = WatchStream(), Cursor(Keys.all(), start_revision=1)
    stream.create(cursor)
    stream.receive(pb.WatchResponse(header={"revision": 1}, created=True))
    effects: list[Batch] = []
    for revision in range(1, count + 1):
        message = pb.WatchResponse(events=[{"kv": {"key": b"k", "mod_revision": revision}}]).SerializeToString()
        effects += [effect for effect in stream.receive(WATCH.parse(message)) if isinstance(effect, Batch)]
    return cursor, effects


def test_an_event_that_comes_alone_is_understood() -> None:
    one, two = len(calls_of(lambda: received(10))), len(calls_of(lambda: received(20)))
    assert 0 < two - one <= 10 * 7


@pytest.mark.parametrize("kind", [sync_mailbox.Mailbox, aio_mailbox.Mailbox])
def test_an_event_that_comes_alone_is_kept_and_taken(kind: type[sync_mailbox.Mailbox | aio_mailbox.Mailbox]) -> None:
    cursor, batches = received(10)
    mailbox = kind(cursor, 100)

    def hand_over() -> None:
        for batch in batches:
            mailbox.put(batch.response)
            assert mailbox.inbox.take_event()

    assert 0 < len(calls_of(hand_over)) <= 10 * 10
