"""What callers of a batch are told where a server answers a transaction with fewer parts than it was asked for."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from etcdobs import AsyncClient, Client
from etcdobs._wire import etcdserverpb as pb
from tests.instant import InstantAioChannel, InstantChannel

CALLERS = 3


def one_too_few(request: Any) -> Any:
    if isinstance(request, pb.RangeRequest):
        return pb.RangeResponse()
    return pb.TxnResponse(succeeded=True, responses=[{"response_range": {}}] * (len(request.success) - 1))


def test_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc.aio, "insecure_channel", lambda *_, **__: InstantAioChannel(one_too_few))

    async def ask() -> list[Any]:
        async with AsyncClient() as client, client.batched() as batch:
            asked = [batch.get(f"k{number}", timeout=None) for number in range(CALLERS)]
            return await asyncio.gather(*asked, return_exceptions=True)

    assert [type(told) for told in asyncio.run(ask())] == [ValueError] * CALLERS


def test_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go = threading.Event(), threading.Event()

    def answer(request: Any) -> Any:
        if isinstance(request, pb.RangeRequest):  # the first, while the others come together
            begun.set()
            assert go.wait(10)
        return one_too_few(request)

    monkeypatch.setattr(grpc, "insecure_channel", lambda *_, **__: InstantChannel(answer))
    with Client() as client, client.batched() as batch, ThreadPoolExecutor(CALLERS + 1) as pool:
        first = pool.submit(batch.get, "first", timeout=None)
        assert begun.wait(10)
        others = [pool.submit(batch.get, f"k{number}", timeout=10) for number in range(CALLERS)]
        while len(batch._batcher._inbox) < CALLERS:
            threading.Event().wait(0.001)
        go.set()
        assert first.result(10) is None
        assert [type(other.exception(10)) for other in others] == [ValueError] * CALLERS
        assert batch._batcher._batching.is_idle
