"""What Kubernetes asks of etcd: pages of a prefix, and writes that nobody else's write is lost by."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from etcdobs import AsyncClient, CompactedError, EmptyKeyError, LeaseNotFoundError
from etcdobs.ops import kv
from etcdobs.recipes import AsyncKubernetes, Kubernetes
from etcdobs.recipes.kubernetes import _then
from tests.clients import BlockingAsAsync


@pytest.fixture
def kubernetes(client: Any) -> AsyncKubernetes:
    """Of the client's kind."""
    made: Any = BlockingAsAsync(Kubernetes(client._target)) if type(client) is BlockingAsAsync else None
    return made or AsyncKubernetes(client)


async def test_get(client: AsyncClient, kubernetes: AsyncKubernetes, prefix: str) -> None:
    missing = await kubernetes.get(prefix)
    assert missing.kv is None
    written = await client.put(prefix, "1")
    await client.put(prefix, "2")
    found = await kubernetes.get(prefix)
    assert found.kv is not None
    assert (found.kv.text, found.revision) == ("2", found.kv.mod_revision)
    then = await kubernetes.get(prefix, revision=written.revision)
    assert then.kv is not None
    assert then.kv.text == "1"
    assert missing.revision < written.revision


async def test_list_in_pages_as_of_one_revision(client: AsyncClient, kubernetes: AsyncKubernetes, prefix: str) -> None:
    for number in range(7):
        await client.put(f"{prefix}{number}")
    page = await kubernetes.list(prefix, limit=3)
    revision, names, counts = page.revision, [kv.key for kv in page.kvs], [page.count]
    await client.put(f"{prefix}55")
    while page.continue_key is not None:
        page = await kubernetes.list(prefix, limit=3, revision=revision, continue_key=page.continue_key)
        names += [kv.key for kv in page.kvs]
        counts.append(page.count)
    assert names == [f"{prefix}{number}".encode() for number in range(7)]
    assert counts == [7, 4, 1]
    assert await kubernetes.count(prefix) == 8


async def test_list_all(client: AsyncClient, kubernetes: AsyncKubernetes, prefix: str) -> None:
    await client.put(prefix + "a", "v")
    page = await kubernetes.list(prefix)
    assert [kv.text for kv in page.kvs] == ["v"]
    assert (page.count, page.continue_key) == (1, None)
    assert await kubernetes.count(prefix + "b") == 0


async def test_put_what_must_not_exist(client: AsyncClient, kubernetes: AsyncKubernetes, prefix: str) -> None:
    created = await kubernetes.optimistic_put(prefix, "1", 0)
    assert (created.succeeded, created.kv) == (True, None)
    again = await kubernetes.optimistic_put(prefix, "2", 0, get_on_failure=True)
    assert again.kv is not None
    assert (again.succeeded, again.kv.text, again.kv.mod_revision) == (False, "1", created.revision)
    untold = await kubernetes.optimistic_put(prefix, "2", 0)
    assert (untold.succeeded, untold.kv) == (False, None)


async def test_put_what_was_seen(client: AsyncClient, kubernetes: AsyncKubernetes, prefix: str) -> None:
    created = await kubernetes.optimistic_put(prefix, "1", 0)
    async with client.session() as session:
        changed = await kubernetes.optimistic_put(prefix, "2", created.revision, lease=session.lease.id)
        assert changed.succeeded
        found = await client.get(prefix)
        assert found is not None
        assert (found.text, found.lease, found.mod_revision) == ("2", session.lease.id, changed.revision)
    gone = await kubernetes.optimistic_put(prefix, "3", changed.revision, get_on_failure=True)
    assert (gone.succeeded, gone.kv) == (False, None)


async def test_delete_what_was_seen(client: AsyncClient, kubernetes: AsyncKubernetes, prefix: str) -> None:
    first = await client.put(prefix, "1")
    second = await client.put(prefix, "2")
    late = await kubernetes.optimistic_delete(prefix, first.revision, get_on_failure=True)
    assert late.kv is not None
    assert (late.succeeded, late.kv.text) == (False, "2")
    deleted = await kubernetes.optimistic_delete(prefix, second.revision)
    assert (deleted.succeeded, deleted.kv) == (True, None)
    assert await client.get(prefix) is None


async def test_of_many_who_saw_the_same_one_writes(kubernetes: AsyncKubernetes, prefix: str) -> None:
    seen = (await kubernetes.optimistic_put(prefix, "0", 0)).revision
    put = [kubernetes.optimistic_put(prefix, str(number), seen) for number in range(8)]
    assert sorted(each.succeeded for each in await asyncio.gather(*put)) == [False] * 7 + [True]


async def test_in_a_namespace(client: AsyncClient, prefix: str) -> None:
    inside: Any = client.namespaced(prefix)
    blocking = type(inside) is BlockingAsAsync
    one: Any = BlockingAsAsync(Kubernetes(inside._target)) if blocking else AsyncKubernetes(inside)
    assert (await one.optimistic_put("a/1", "v", 0)).succeeded
    assert (await one.optimistic_put("a/2", "v", 0)).succeeded
    page = await one.list("a/", limit=1)
    assert [kv.key for kv in page.kvs] == [b"a/1"]
    assert [kv.key for kv in (await one.list("a/", continue_key=page.continue_key)).kvs] == [b"a/2"]
    assert await client.get(prefix + "a/1") is not None


async def test_errors(client: AsyncClient, kubernetes: AsyncKubernetes, prefix: str) -> None:
    with pytest.raises(LeaseNotFoundError):
        await kubernetes.optimistic_put(prefix, "v", 0, lease=12345)
    old = (await client.put(prefix)).revision
    await client.compact((await client.put(prefix)).revision)
    for read in (kubernetes.get(prefix, revision=old), kubernetes.list(prefix, revision=old)):
        with pytest.raises(CompactedError):
            await read


async def test_wrong_arguments(kubernetes: AsyncKubernetes, prefix: str) -> None:
    with pytest.raises(EmptyKeyError):
        await kubernetes.get("")
    with pytest.raises(ValueError, match="continue_key must be under the prefix"):
        await kubernetes.list(prefix, continue_key="/other")
    with pytest.raises(ValueError, match="expected_revision must be from 0"):
        await kubernetes.optimistic_delete(prefix, -1)
    with pytest.raises(TypeError, match="get_on_failure must be"):
        await kubernetes.optimistic_put(prefix, "v", 0, get_on_failure=1)  # type: ignore[arg-type]


def test_a_call_that_is_read_otherwise_stays_what_it_is() -> None:
    call = replace(kv.delete("k"), retry="at_least_once", endpoint="a:1", timeout=3.0)
    read = _then(call, lambda response: response.deleted)
    assert (read.retry, read.endpoint, read.timeout, read.effect) == ("at_least_once", "a:1", 3.0, call.effect)
