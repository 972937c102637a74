"""An idle watch leaves the member that froze under it within the keepalive's time, and misses nothing."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from etcdobs.testing import Etcd, EtcdCluster, etcd_cluster
from tests.conftest import OpenClient
from tests.served import watchers_on
from tests.waiting import eventually, values

# A second to settle elsewhere: a probe, a stream, and a busy machine.
SLACK = 2.0


@pytest.fixture(scope="module")
def patient() -> Iterator[EtcdCluster]:
    """Members that take a ping ten times a second, where etcd's own setting is one in 5 s."""
    with etcd_cluster(3, flags=["--grpc-keepalive-min-time=100ms"]) as members:
        yield members


@pytest.fixture
async def cluster(patient: EtcdCluster) -> AsyncIterator[EtcdCluster]:
    """All of them awake, with a leader, and without a watch: one that was frozen has to find out who left."""
    patient.leader()
    await eventually(lambda: not sum(map(watchers_on, patient)))
    yield patient
    for member in patient:
        member.resume()


def serving(cluster: EtcdCluster) -> Etcd:
    """The one that holds the watch."""
    (member,) = [member for member in cluster if watchers_on(member)]
    return member


@pytest.mark.parametrize(
    ("seconds", "idle", "settings"),
    [
        # Long enough for gRPC to have sent several pings that no data came between.
        (2.0, 4.5, {"options": (("grpc.keepalive_time_ms", 1000),), "keepalive_timeout": 1}),
        (6.0, 0.5, {"keepalive_time": 5, "keepalive_timeout": 1}),
    ],
    ids=["after a long rest", "as the arguments say"],
)
async def test_an_idle_watch_leaves_a_member_that_froze(
    open_client: OpenClient, cluster: EtcdCluster, prefix: str, seconds: float, idle: float, settings: dict[str, Any]
) -> None:
    async with open_client(cluster.endpoint, **settings) as client, client.watch(prefix) as watcher:
        await eventually(lambda: sum(map(watchers_on, cluster)) == 1)
        await asyncio.sleep(idle)
        member = serving(cluster)
        others = [other for other in cluster if other is not member]
        member.pause()
        frozen = time.monotonic()
        await eventually(lambda: sum(map(watchers_on, others)) == 1, timeout=seconds + SLACK)
        assert time.monotonic() - frozen < seconds + SLACK
        cluster.leader()  # it may be that the leader froze
        async with open_client(others[0].endpoint, timeout=20) as writer:
            await writer.put(prefix, "v")
        assert await values(watcher, 1) == ["v"]


async def test_neighbours_of_an_idle_watch_leave_with_it(
    open_client: OpenClient, cluster: EtcdCluster, prefix: str
) -> None:
    settings: dict[str, Any] = {"options": (("grpc.keepalive_time_ms", 1000),), "keepalive_timeout": 1}
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(open_client(cluster.endpoint, **settings))
        watchers = [await stack.enter_async_context(client.watch(prefix)) for _ in range(20)]
        await eventually(lambda: sum(map(watchers_on, cluster)) == 20)
        member = serving(cluster)
        member.pause()
        others = [other for other in cluster if other is not member]
        await eventually(lambda: sum(map(watchers_on, others)) == 20, timeout=2 + SLACK)
        cluster.leader()  # it may be that the leader froze
        async with open_client(others[0].endpoint, timeout=20) as writer:
            await writer.put(prefix, "v")
        for watcher in watchers:
            assert await values(watcher, 1) == ["v"]
