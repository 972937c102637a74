"""What a call says that was under way when its client was closed, and one that began afterwards."""

import asyncio
from typing import Any

import pytest

from etcdobs import ClosedError
from etcdobs.testing import Etcd, relay
from tests.conftest import OpenClient


async def test_a_put_under_way_may_have_been_applied_a_later_one_was_not(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint, timeout=None) as client:
            await client.put(prefix, "v")
            link.pause()
            puts = [asyncio.create_task(client.put(prefix, "w")) for _ in range(2)]
            gets = [asyncio.create_task(client.get(prefix)) for _ in range(2)]
            await asyncio.sleep(0.1)
            await client.close()
            ended: list[Any] = await asyncio.gather(*puts, *gets, return_exceptions=True)
            with pytest.raises(ClosedError) as later:
                await client.put(prefix, "w")
    told = [(isinstance(error, ClosedError), error.method, error.outcome_unknown) for error in ended]
    put, get = "etcdserverpb.KV/Put", "etcdserverpb.KV/Range"
    assert told == [(True, put, True)] * 2 + [(True, get, False)] * 2
    assert (later.value.method, later.value.outcome_unknown) == (put, False)
