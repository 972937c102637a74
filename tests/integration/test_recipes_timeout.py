"""The calls of a mirror and of naming take a timeout of their own, as every call does."""

import asyncio
from typing import Any

import pytest

from etcdobs import AsyncClient, DeadlineExceededError, Keys
from etcdobs.recipes import Endpoint
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.integration.test_mirror import mirror
from tests.integration.test_naming import naming
from tests.waiting import Stopwatch


async def test_calls_take_no_longer_than_their_timeout(open_client: OpenClient, quick_etcd: Etcd) -> None:
    one = Endpoint("a:1")
    async with open_client(quick_etcd.endpoint, timeout=30) as client:
        await client.put("k")
        named, mirrored = naming(client, "svc"), mirror(client, Keys.prefix("/"))
        quick_etcd.pause()
        try:
            for asked in (
                lambda: named.add("n", one, timeout=0.2),
                lambda: named.delete("n", timeout=0.2),
                lambda: named.update({"n": one}, timeout=0.2),
                lambda: named.list(timeout=0.2),
                named.watch(timeout=0.2).__aenter__,
                named.resolver(timeout=0.2).__aenter__,
                lambda: anext(mirrored.base(timeout=0.2)),
                lambda: anext(mirrored.copy_to(client, timeout=0.2)),
                mirror(client, Keys.prefix("/"), revision=1).updates(timeout=0.2).__aenter__,
            ):
                with Stopwatch() as waited, pytest.raises(DeadlineExceededError):
                    await asyncio.wait_for(_awaited(asked), 10)
                assert waited.seconds < 2
        finally:
            quick_etcd.resume()


async def _awaited(asked: Any) -> Any:
    return await asked()


async def test_a_wrong_timeout_is_told_at_the_call(client: AsyncClient, prefix: str) -> None:
    mirrored = mirror(client, Keys.prefix(prefix), revision=1)
    wrong: Any = "1"
    for asked in (mirrored.updates, lambda timeout: mirrored.copy_to(client, timeout=timeout)):
        with pytest.raises(TypeError, match="timeout must be"):
            asked(timeout=wrong)
