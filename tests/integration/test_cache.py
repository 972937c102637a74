"""A cache reads from memory what the cluster holds, lags by no more than is said, and never hides that it has ended."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from etcdobs import (
    AsyncClient,
    ClosedError,
    DeadlineExceededError,
    EtcdError,
    Keys,
    PermissionDeniedError,
    UnavailableError,
)
from etcdobs.recipes import AsyncCache, Cache
from etcdobs.testing import Etcd, relay
from tests.clients import BlockingAsAsync
from tests.conftest import OpenClient
from tests.waiting import Stopwatch, eventually


def cache_of(client: Any, keys: Any) -> Any:
    """Of the client's kind; not open."""
    if type(client) is BlockingAsAsync:
        return BlockingAsAsync(Cache(client._target, keys))
    return AsyncCache(client, keys)


def held(cache: Any) -> Any:
    """What is read from it, which is not awaited on either client."""
    return cache._target if type(cache) is BlockingAsAsync else cache


@asynccontextmanager
async def cached(client: AsyncClient, keys: Any) -> AsyncGenerator[tuple[Any, Any]]:
    """An open cache, and what is read from it."""
    async with cache_of(client, keys) as cache:
        yield cache, held(cache)


def texts(response: Any) -> list[str]:
    return [kv.text for kv in response]


async def test_it_holds_what_is_there_when_it_is_opened(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix + "b", "2")
    await client.put(prefix + "a", "1")
    await client.put(prefix[:-1], "outside")
    async with cached(client, Keys.prefix(prefix)) as (_, read):
        assert read.get(prefix + "a") == await client.get(prefix + "a")
        assert read.get(prefix + "none") is None
        assert (len(read), texts(read.range())) == (2, ["1", "2"])
        assert read.range().kvs == (await client.range(Keys.prefix(prefix))).kvs
        assert read.range().header.cluster_id == (await client.range(prefix)).header.cluster_id


async def test_it_follows_every_change(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix + "b", "old")
    async with cached(client, Keys.prefix(prefix)) as (cache, read):
        await client.put(prefix + "a", "1")
        await client.put(prefix + "b", "2")
        await client.put(prefix + "c", "3")
        gone = await client.delete(prefix + "c")
        await cache.wait_until(gone.revision, timeout=5)
        assert read.range().kvs == (await client.range(Keys.prefix(prefix))).kvs
        assert read.get(prefix + "c") is None
        assert read.revision >= gone.revision


async def test_a_part_of_it_is_read_as_a_range(client: AsyncClient, prefix: str) -> None:
    for name in "abcd":
        await client.put(prefix + name, name)
    async with cached(client, Keys.prefix(prefix)) as (_, read):
        assert texts(read.range(Keys.between(prefix + "b", prefix + "d"))) == ["b", "c"]
        assert texts(read.range(prefix + "b")) == ["b"]
        limited = read.range(limit=3)
        assert (texts(limited), limited.count, limited.more) == (["a", "b", "c"], 4, True)
        assert (read.range(limit=4).more, read.range(prefix + "none").count) == (False, 0)


async def test_a_key_outside_is_an_error_and_no_miss(client: AsyncClient, prefix: str) -> None:
    async with cached(client, Keys.prefix(prefix)) as (cache, read):
        with pytest.raises(ValueError, match="is not wholly within what is cached"):
            read.get("/elsewhere")
        for keys in (Keys.all(), Keys.from_key(prefix + "a"), Keys.prefix(prefix[:-1]), "/elsewhere"):
            with pytest.raises(ValueError, match="is not wholly within"):
                read.range(keys)
        with pytest.raises(ValueError, match="limit must be"):
            read.range(limit=-1)
        with pytest.raises(ValueError, match="revision must be"):
            await cache.wait_until(-1)


async def test_it_waits_for_a_revision_that_its_keys_have_no_part_in(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix + "a", "1")
    async with cached(client, Keys.prefix(prefix)) as (cache, read):
        elsewhere = await client.put("/elsewhere" + prefix, "x")
        with Stopwatch() as waited:
            await cache.wait_until(elsewhere.revision, timeout=5)
        assert waited.seconds < 2
        assert read.revision >= elsewhere.revision
        assert read.get(prefix + "a").text == "1"


async def test_refresh_comes_to_the_present(open_client: OpenClient, client: AsyncClient, prefix: str) -> None:
    async with cached(client, Keys.prefix(prefix)) as (cache, read):
        for number in range(5):
            written = await client.put(prefix + "a", str(number))
            await cache.refresh(timeout=5)
            assert read.get(prefix + "a").text == str(number)
            assert read.revision >= written.revision
        assert 0 <= read.staleness < 5


async def test_a_wait_for_the_future_may_time_out(client: AsyncClient, prefix: str) -> None:
    async with cached(client, Keys.prefix(prefix)) as (cache, read):
        with Stopwatch() as waited, pytest.raises(DeadlineExceededError, match=r"within 0\.3 s"):
            await cache.wait_until(read.revision + 1_000_000, timeout=0.3)
        assert 0.3 <= waited.seconds < 2


async def test_a_wait_ends_when_the_cache_is_closed(client: AsyncClient, prefix: str) -> None:
    async with cached(client, Keys.prefix(prefix)) as (cache, read):
        waiting = asyncio.create_task(cache.wait_until(read.revision + 1_000_000))
        assert not (await asyncio.wait([waiting], timeout=0.1))[0]
        await cache.close()
        with pytest.raises(ClosedError):
            await asyncio.wait_for(waiting, 5)


async def test_nothing_is_served_before_and_after_it_is_open(client: AsyncClient, prefix: str) -> None:
    cache = cache_of(client, Keys.prefix(prefix))
    with pytest.raises(RuntimeError, match="not open"):
        held(cache).get(prefix + "a")
    async with cache:
        assert held(cache).get(prefix + "a") is None
    await cache.close()
    with pytest.raises(ClosedError):
        held(cache).get(prefix + "a")
    with pytest.raises(ClosedError):
        await cache.__aenter__()


async def test_closing_ends_its_thread_and_its_task(client: AsyncClient, prefix: str) -> None:
    async with cached(client, Keys.prefix(prefix)):
        assert "etcdobs-cache" in background()
    assert "etcdobs-cache" not in background()


def background() -> set[str]:
    tasks = {task.get_name() for task in asyncio.all_tasks()}
    return tasks | {thread.name for thread in threading.enumerate()}


async def test_reads_say_that_the_client_was_closed(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    async with open_client(etcd_server.endpoint) as client, cached(client, Keys.prefix(prefix)) as (_, read):
        await client.close()
        await eventually(lambda: ended(read, prefix))
        with pytest.raises(ClosedError):
            read.get(prefix)


def ended(read: Any, key: str) -> bool:
    try:
        read.get(key)
    except EtcdError:
        return True
    return False


async def test_it_goes_on_after_a_broken_connection(open_client: OpenClient, client: AsyncClient, prefix: str) -> None:
    server = client.endpoints[0]
    with relay(server) as link:
        async with open_client(link.endpoint) as other, cached(other, Keys.prefix(prefix)) as (_, read):
            for number in range(3):
                link.reset()
                revision = (await client.put(prefix + "a", str(number))).revision
                await eventually(lambda: read.revision >= revision)  # noqa: B023 - it is awaited in this turn
                assert read.get(prefix + "a").text == str(number)
            assert read.rebuilds == 0


async def test_it_is_rebuilt_where_the_events_it_missed_are_compacted(
    open_client: OpenClient, fresh_etcd: Etcd, prefix: str
) -> None:
    with relay(fresh_etcd.endpoint) as link:
        async with (
            open_client(fresh_etcd.endpoint) as client,
            open_client(link.endpoint) as other,
            cached(other, Keys.prefix(prefix)) as (_, read),
        ):
            await client.put(prefix + "gone", "x")
            await eventually(lambda: len(read) == 1)
            link.refuse()
            link.reset()
            await client.delete(prefix + "gone")
            last = await client.put(prefix + "a", "1")
            await client.compact(last.revision)
            link.accept()
            await eventually(lambda: read.revision >= last.revision)
            assert read.rebuilds == 1
            assert texts(read.range()) == ["1"]


async def test_it_cannot_be_opened_where_there_is_no_server(open_client: OpenClient, prefix: str) -> None:
    async with open_client("127.0.0.1:1", dial_timeout=0.3) as client:
        with pytest.raises(UnavailableError):
            await cache_of(client, Keys.prefix(prefix)).__aenter__()


async def test_reads_say_that_the_permission_was_taken_away(open_client: OpenClient, fresh_etcd: Etcd) -> None:
    with relay(fresh_etcd.endpoint) as link:
        async with open_client(fresh_etcd.endpoint) as setup:
            await setup.auth.user_add("root", "r")
            await setup.auth.role_add("root")
            await setup.auth.user_grant_role("root", "root")
            await setup.auth.user_add("reader", "p")
            await setup.auth.role_add("reads")
            await setup.auth.role_grant_permission("reads", "read", Keys.prefix("/app/"))
            await setup.auth.user_grant_role("reader", "reads")
            await setup.auth.enable()
        async with (
            open_client(fresh_etcd.endpoint, username="root", password="r") as root,
            open_client(link.endpoint, username="reader", password="p") as reader,
            cached(reader, Keys.prefix("/app/")) as (cache, read),
        ):
            await root.auth.role_revoke_permission("reads", Keys.prefix("/app/"))
            with pytest.raises(PermissionDeniedError):
                await cache.refresh(timeout=5)
            link.reset()
            await eventually(lambda: ended(read, "/app/a"))
            with pytest.raises(PermissionDeniedError):
                read.get("/app/a")


async def test_it_works_in_a_namespace(client: AsyncClient, prefix: str) -> None:
    inside = client.namespaced(prefix)
    async with cached(inside, Keys.prefix("a/")) as (cache, read):
        written = await client.put(prefix + "a/1", "x")
        await cache.wait_until(written.revision, timeout=5)
        assert [kv.key for kv in read.range()] == [b"a/1"]
        elsewhere = await client.put(prefix + "b", "x")
        await cache.wait_until(elsewhere.revision, timeout=5)
