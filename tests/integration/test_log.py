"""What a client tells the log of what happens by itself: one tree of loggers, few lines, nothing left uncounted."""

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import Any

import pytest

from etcdobs.testing import Etcd, relay
from tests.conftest import OpenClient
from tests.waiting import eventually

WATCHERS = 250


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "etcdobs")


def told(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    said = (vars(record).get("etcdobs", {}) for record in caplog.records)
    return [fields for fields in said if fields.get("event") == event]


async def test_many_watchers_that_resume_are_a_few_lines(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint) as client, AsyncExitStack() as stack:
            now = (await client.put(prefix, "")).revision
            watchers = [client.watch(f"{prefix}{number}", start_revision=now) for number in range(WATCHERS)]
            for watcher in watchers:
                await stack.enter_async_context(watcher)
            link.reset()
            await eventually(lambda: sum(line["count"] for line in told(caplog, "watches_resumed")) == WATCHERS)
            await client.put(f"{prefix}7", "1")
            assert (await watchers[7].get(timeout=10)).kv.text == "1"
    lines = told(caplog, "watches_resumed")
    assert len(lines) <= 4
    assert all(line["cause"] and line["endpoint"] == f"127.0.0.1:{link.port}" for line in lines)


async def test_a_link_that_breaks_again_and_again_is_not_a_line_each_time(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint) as client, client.watch(prefix) as watcher:
            for number in range(9):
                link.reset()
                await client.get(prefix)
                etcd_server.etcdctl("put", prefix, f"again {number}")
                while (await watcher.get(timeout=10)).kv.text != f"again {number}":
                    pass
    lines = told(caplog, "watches_resumed")
    assert len(lines) <= 6
    assert sum(line["count"] + line["left_out"] for line in lines) == 9


async def test_a_call_that_moves_on_says_from_where(
    open_client: OpenClient, etcd_server: Etcd, caplog: pytest.LogCaptureFixture
) -> None:
    with relay(etcd_server.endpoint) as link:
        link.refuse()
        async with open_client([link.endpoint, etcd_server.endpoint]) as client:
            for _ in range(2):
                await client.get("k")
    line = told(caplog, "failed_over")[0]
    assert line["endpoint"] == f"127.0.0.1:{link.port}"
    assert line["method"] == "etcdserverpb.KV/Range"
    assert line["cause"] == "ConnectionFailed"


async def test_other_endpoints_are_told(
    open_client: OpenClient, etcd_server: Etcd, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_client(f"localhost:{etcd_server.port}") as client:
        await client.set_endpoints(etcd_server.endpoint)
        await client.set_endpoints(etcd_server.endpoint)
    (line,) = told(caplog, "endpoints_changed")
    assert (line["before"], line["now"]) == (f"localhost:{etcd_server.port}", etcd_server.endpoint)


async def test_a_lease_that_is_lost_is_told_once(
    open_client: OpenClient, quick_etcd: Etcd, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        lease = await client.lease.grant(1)
        async with lease.keep_alive() as heartbeat:
            await lease.revoke()
            assert await asyncio.wait_for(heartbeat.wait_lost(timeout=5), 6)
            assert heartbeat.lost
    (line,) = told(caplog, "lease_lost")
    assert line["lease"] == f"{lease.id:x}"
