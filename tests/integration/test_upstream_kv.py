"""What clientv3's own tests of keys, transactions and their limits prove, where no other test here does."""

import asyncio
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from etcdobs import (
    AsyncClient,
    ClosedError,
    Compare,
    Delete,
    EtcdError,
    Get,
    Keys,
    Put,
    RangeResponse,
    RequestTooLargeError,
    ResponseTooLargeError,
    Txn,
    TxnResponse,
)
from etcdobs.testing import Etcd, etcd
from tests.conftest import OpenClient
from tests.waiting import QUICK

MEBIBYTE = 1024 * 1024
WRITTEN = ["a", "b", "c", "c", "c", "foo", "foo/abc", "fop"]


@pytest.fixture(scope="module")
def generous_etcd() -> Iterator[Etcd]:
    """One that takes requests of 10 MiB."""
    with etcd(flags=[*QUICK, f"--max-request-bytes={10 * MEBIBYTE}"]) as server:
        yield server


@pytest.mark.parametrize(
    ("keys", "options", "found"),
    [
        (Keys.between("a", "c"), {}, "a b"),
        (Keys.between("a", "c"), {"serializable": True}, "a b"),
        (Keys.between("a", "x"), {"limit": 2}, "a b"),
        (Keys.between("a", "x"), {"back": 6}, "a b"),
        (Keys.between("a", "x"), {"sort_by": "mod_revision", "descending": True}, "fop foo/abc foo c b a"),
        (Keys.between("a", "x"), {"sort_by": "version", "descending": True, "limit": 1}, "c"),
        (Keys.between("a", "x"), {"sort_by": "key", "descending": True, "limit": 2}, "fop foo/abc"),
        (Keys.between("a", "x"), {"sort_by": "create_revision", "limit": 3}, "a b c"),
        (Keys.prefix("foo"), {}, "foo foo/abc"),
        (Keys.prefix(""), {}, "a b c foo foo/abc fop"),
        (Keys.from_key("foo"), {}, "foo foo/abc fop"),
        (Keys.one("foo"), {"keys_only": True}, "foo"),
        (Keys.between("a", "x"), {"count_only": True}, ""),
    ],
)
async def test_the_options_of_a_range_together(
    client: AsyncClient, prefix: str, keys: Keys, options: dict[str, Any], found: str
) -> None:
    inside = client.namespaced(prefix)
    for key in WRITTEN:
        revision = (await inside.put(key, "v")).revision
    given = {name: value for name, value in options.items() if name != "back"}
    if "back" in options:
        given["revision"] = revision - options["back"]
    response = await inside.range(keys, **given)
    assert " ".join(kv.key.decode() for kv in response) == found
    assert response.revision >= revision


async def test_a_count_needs_neither_keys_nor_values(client: AsyncClient, prefix: str) -> None:
    for name in "abcde":
        await client.put(prefix + name, "v")
    response = await client.range(Keys.prefix(prefix), count_only=True, keys_only=True)
    assert (response.count, response.kvs) == (5, ())


async def test_a_key_on_a_lease_counts_its_changes(client: AsyncClient, prefix: str) -> None:
    lease = await client.lease.grant(60)
    for change in range(1, 4):
        await client.put(prefix, str(change), lease=lease)
        kv = await client.get(prefix)
        assert kv is not None
        assert (kv.version, kv.lease) == (change, lease.id)


@pytest.mark.parametrize(
    ("limits", "size", "error", "code"),
    [
        ({}, 2 * MEBIBYTE + 100, RequestTooLargeError, grpc.StatusCode.RESOURCE_EXHAUSTED),
        ({"max_send_bytes": 4 * MEBIBYTE}, 4 * MEBIBYTE + 1, RequestTooLargeError, grpc.StatusCode.RESOURCE_EXHAUSTED),
        ({"max_send_bytes": 12 * MEBIBYTE}, 10 * MEBIBYTE + 1, RequestTooLargeError, grpc.StatusCode.INVALID_ARGUMENT),
        ({"max_send_bytes": 12 * MEBIBYTE}, 10 * MEBIBYTE - 1000, None, None),
    ],
    ids=["client default", "client 4 MiB", "server 10 MiB", "within both"],
)
async def test_a_request_is_bounded_by_both_sides(
    open_client: OpenClient,
    generous_etcd: Etcd,
    limits: dict[str, int],
    size: int,
    error: type[EtcdError] | None,
    code: grpc.StatusCode | None,
) -> None:
    async with open_client(generous_etcd.endpoint, **limits) as client:
        if error is None:
            await client.put("k", "x" * size)
            kv = await client.get("k")
            assert kv is not None
            assert len(kv.value) == size
            return
        with pytest.raises(error) as caught:
            await client.put("k", "x" * size)
        assert (caught.value.code, caught.value.outcome_unknown) == (code, False)


@pytest.mark.parametrize(("limit", "fits"), [(2**31 - 1, True), (MEBIBYTE, False)])
async def test_an_answer_is_bounded_by_the_client(
    open_client: OpenClient, generous_etcd: Etcd, limit: int, fits: bool
) -> None:
    async with open_client(generous_etcd.endpoint) as writer:
        for number in range(4):
            await writer.put(f"answer/{number}", "x" * 1_500_000)
    async with open_client(generous_etcd.endpoint, max_receive_bytes=limit) as client:
        if fits:
            assert len(await client.range(Keys.prefix("answer/"))) == 4
            return
        with pytest.raises(ResponseTooLargeError):
            await client.range(Keys.prefix("answer/"))


async def test_a_client_that_is_closed_stays_closed(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    async with open_client(etcd_server.endpoint) as client:
        await client.put(prefix)
        await client.close()
        for call in (
            client.get(prefix),
            client.put(prefix),
            client.delete(prefix),
            client.txn().then(Get(prefix)).commit(),
            client.lease.grant(60),
            client.lease.revoke(1),
            client.lease.keep_alive_once(1),
            client.lease.list(),
        ):
            with pytest.raises(ClosedError):
                await call


@pytest.mark.parametrize("call", ["get", "put"])
async def test_a_call_to_a_stopped_server_does_not_hold_up_close(
    open_client: OpenClient, quick_etcd: Etcd, call: str
) -> None:
    async with open_client(quick_etcd.endpoint, timeout=30, dial_timeout=30) as client:
        await client.get("k")
        quick_etcd.stop()
        calling = asyncio.create_task(getattr(client, call)("k"))
        await asyncio.sleep(0)
        await asyncio.wait_for(client.close(), 3)
        with pytest.raises(EtcdError):
            await calling


async def test_a_nested_transaction_takes_the_branch_its_own_compares_say(client: AsyncClient, prefix: str) -> None:
    inside = client.namespaced(prefix)
    await inside.put("deep", "yes")
    inner = Txn(when=[Compare.value("deep") == "no"], then=[Put("k", "then")], otherwise=[Put("k", "otherwise")])
    middle = Txn(when=[Compare.exists("deep")], then=[inner], otherwise=[Delete(Keys.all())])
    outer = await inside.txn().when(Compare.missing("k")).then(middle, Get("deep")).commit()
    middle_response, read = outer.responses
    assert isinstance(middle_response, TxnResponse)
    assert isinstance(middle_response.responses[0], TxnResponse)
    assert isinstance(read, RangeResponse)
    taken = (outer.succeeded, middle_response.succeeded, middle_response.responses[0].succeeded)
    assert taken == (True, True, False)
    kv = await inside.get("k")
    assert kv is not None
    assert kv.text == "otherwise"
