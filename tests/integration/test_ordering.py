"""Reads through an ordering never go back in time, whichever member answers them."""

import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from prometheus_client import CollectorRegistry

from etcdobs import AsyncClient, ClientMetrics, Get, Put, RangeResponse, Txn
from etcdobs.recipes import AsyncOrdering, Ordering, StaleReadError
from etcdobs.testing import Etcd, EtcdCluster, etcd, etcd_cluster
from tests.clients import BlockingAsAsync
from tests.conftest import OpenClient
from tests.samples import samples
from tests.waiting import QUICK, eventually


def ordering(client: Any) -> AsyncOrdering:
    """Of the client's kind."""
    if type(client) is BlockingAsAsync:
        return cast("AsyncOrdering", BlockingAsAsync(Ordering(client._target)))
    return AsyncOrdering(client)


class Members(NamedTuple):
    """Two servers of one cluster id that know nothing of each other: one holds "buzz", one is behind, at "bar"."""

    current: Etcd
    late: Etcd


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    """As a member is that was restored from a copy of yesterday's data, or whom the others do not reach."""
    here: Path = tmp_path_factory.mktemp("members")
    with etcd(data_dir=here / "current", flags=QUICK) as current:
        current.etcdctl("put", "foo", "bar")
        current.stop()
        shutil.copytree(here / "current", here / "late")
        current.start()
        with etcd(data_dir=here / "late", flags=QUICK) as late:
            current.etcdctl("put", "foo", "buzz")
            yield Members(current, late)


@pytest.fixture
def cluster() -> Iterator[EtcdCluster]:
    with etcd_cluster(3, flags=QUICK) as members:
        yield members


async def test_a_member_that_is_behind_is_found_out(open_client: OpenClient, cluster: EtcdCluster) -> None:
    *others, behind = cluster
    async with open_client(behind.endpoint) as client:
        ordered = ordering(client)
        await ordered.put("foo", "bar")
        # The others are started anew: nothing that was sent to the one asleep waits for it.
        behind.pause()
        for member in others:
            member.kill()
        cluster.start()
        await client.set_endpoints([member.endpoint for member in others])
        await ordered.put("foo", "buzz")
        kv = await ordered.get("foo")
        assert kv is not None
        assert kv.text == "buzz"
        for member in others:
            member.kill()
        behind.resume()
        await client.set_endpoints(behind.endpoint)
        stale = await client.get("foo", serializable=True)
        assert stale is not None
        assert stale.text == "bar"
        readings: list[Callable[[], Awaitable[object]]] = [
            lambda: ordered.get("foo", serializable=True),
            lambda: ordered.range("foo", serializable=True),
            lambda: ordered.do(Get("foo", serializable=True)),
            lambda: ordered.txn().then(Get("foo", serializable=True)).commit(),
        ]
        for reading in readings:
            with pytest.raises(StaleReadError) as refused:
                await reading()
            assert refused.value.endpoint == behind.endpoint.removeprefix("http://")
        cluster.start()
        assert await eventually(lambda: caught_up(ordered))


async def caught_up(ordered: AsyncOrdering) -> bool:
    """Whether its one member answers a serializable read now."""
    try:
        kv = await ordered.get("foo", serializable=True)
    except StaleReadError:
        return False
    return kv is not None and kv.text == "buzz"


async def test_another_endpoint_answers_what_one_could_not(open_client: OpenClient, members: Members) -> None:
    async with open_client([members.current.endpoint, members.late.endpoint]) as client:
        ordered = ordering(client)
        await eventually(lambda: caught_up(ordered))
        plain = [await client.get("foo", serializable=True) for _ in range(4)]
        assert {kv and kv.text for kv in plain} == {"bar", "buzz"}
        for _ in range(4):
            assert await caught_up(ordered)
            answer = await ordered.txn().then(Get("foo", serializable=True)).commit()
            (found,) = answer.responses
            assert isinstance(found, RangeResponse)
            assert found[0].text == "buzz"


async def test_where_all_are_behind_the_read_is_given_up(open_client: OpenClient, members: Members) -> None:
    registry = CollectorRegistry()
    async with open_client(members.current.endpoint, metrics=ClientMetrics(registry)) as client:
        ordered = ordering(client)
        assert await caught_up(ordered)
        await client.set_endpoints(members.late.endpoint)
        before = asked(registry)
        with pytest.raises(StaleReadError, match="no member answered from a revision as late") as refused:
            await ordered.count("foo")
        assert refused.value.revision < refused.value.seen
        assert asked(registry) - before == 6
        await client.set_endpoints(members.current.endpoint)
        assert await caught_up(ordered)


def asked(registry: CollectorRegistry) -> float:
    """How many reads were sent."""
    started = (item for item in samples(registry).items() if item[0].startswith("grpc_client_started_total"))
    return sum(count for name, count in started if "Range" in name)


async def test_what_writes_is_sent_once_and_remembered(client: AsyncClient, prefix: str) -> None:
    ordered = ordering(client)
    await ordered.put(prefix, "1")
    response = await ordered.do(Txn(then=[Put(prefix, "2")]))
    kv = await ordered.get(prefix, serializable=True)
    assert kv is not None
    assert (kv.text, kv.version, kv.mod_revision) == ("2", 2, response.revision)
    assert (await ordered.delete(prefix)).deleted == 1
    assert await ordered.count(prefix) == 0


async def test_it_is_within_the_clients_namespace(client: AsyncClient, prefix: str) -> None:
    ordered = ordering(client.namespaced(prefix))
    await ordered.put("a", "1")
    kv = await ordered.get("a")
    assert kv is not None
    assert kv.key == b"a"
    assert await client.get(prefix + "a") is not None
