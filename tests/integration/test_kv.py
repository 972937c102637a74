"""What one key goes through: put, get, delete, compact, `do`, with every argument they take."""

import json
from typing import cast

import pytest
from prometheus_client import CollectorRegistry

from etcdobs import (
    AsyncClient,
    ClientMetrics,
    CompactedError,
    Delete,
    DeleteResponse,
    FutureRevisionError,
    Get,
    KeyNotFoundError,
    Keys,
    LeaseNotFoundError,
    Put,
    PutResponse,
    RangeResponse,
    Txn,
    TxnResponse,
)
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.samples import samples


async def test_a_value_is_read_as_it_was_put(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix + "text", "grüße")
    await client.put(prefix.encode() + b"\xff\x00", b"\x00\xff\n")
    text = await client.get(prefix + "text")
    raw = await client.get(prefix.encode() + b"\xff\x00")
    assert text is not None
    assert raw is not None
    assert (text.key, text.value, text.text) == (prefix.encode() + b"text", "grüße".encode(), "grüße")
    assert (raw.key, raw.value) == (prefix.encode() + b"\xff\x00", b"\x00\xff\n")


async def test_a_value_is_empty_unless_given(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix)
    kv = await client.get(prefix)
    assert kv is not None
    assert kv.value == b""


async def test_a_key_that_does_not_exist_is_none(client: AsyncClient, prefix: str) -> None:
    assert await client.get(prefix) is None


async def test_json_is_parsed(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix, json.dumps({"a": [1, 2]}))
    kv = await client.get(prefix)
    assert kv is not None
    assert kv.json() == {"a": [1, 2]}


async def test_a_key_counts_its_changes(client: AsyncClient, prefix: str) -> None:
    first = await client.put(prefix, "1")
    second = await client.put(prefix, "2")
    kv = await client.get(prefix)
    assert kv is not None
    assert (kv.create_revision, kv.mod_revision, kv.version, kv.lease) == (first.revision, second.revision, 2, 0)


async def test_a_key_is_read_as_of_a_revision(client: AsyncClient, prefix: str) -> None:
    first = await client.put(prefix, "1")
    await client.put(prefix, "2")
    kv = await client.get(prefix, revision=first.revision)
    assert kv is not None
    assert kv.text == "1"
    assert await client.get(prefix, revision=first.revision - 1) is None


async def test_a_serializable_read_is_answered_by_a_member_alone(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix, "1")
    kv = await client.get(prefix, serializable=True)
    assert kv is not None
    assert kv.text == "1"


async def test_a_response_says_who_answered_and_when(client: AsyncClient, prefix: str) -> None:
    put = await client.put(prefix)
    read = await client.range(prefix)
    assert put.header == read.header
    assert put.revision == put.header.revision
    assert put.header.cluster_id
    assert put.header.member_id in {member.id for member in await client.cluster.members()}
    assert put.header.raft_term >= 1


async def test_put_returns_what_it_replaces_when_asked(client: AsyncClient, prefix: str) -> None:
    created = await client.put(prefix, "1", prev_kv=True)
    replaced = await client.put(prefix, "2", prev_kv=True)
    unasked = await client.put(prefix, "3")
    assert created.prev_kv is None
    assert replaced.prev_kv is not None
    assert (replaced.prev_kv.text, replaced.prev_kv.mod_revision) == ("1", created.revision)
    assert unasked.prev_kv is None


async def test_a_key_hangs_on_a_lease_given_as_id_or_as_lease(client: AsyncClient, prefix: str) -> None:
    lease = await client.lease.grant(60)
    await client.put(prefix + "a", lease=lease.id)
    await client.put(prefix + "b", lease=lease)
    assert [kv.lease for kv in await client.range(Keys.prefix(prefix))] == [lease.id, lease.id]


async def test_put_without_a_lease_takes_the_key_off_it(client: AsyncClient, prefix: str) -> None:
    lease = await client.lease.grant(60)
    await client.put(prefix, "1", lease=lease)
    await client.put(prefix, "2")
    await lease.revoke()
    kv = await client.get(prefix)
    assert kv is not None
    assert (kv.text, kv.lease) == ("2", 0)


async def test_ignore_value_changes_the_lease_only(client: AsyncClient, prefix: str) -> None:
    lease = await client.lease.grant(60)
    await client.put(prefix, "kept")
    await client.put(prefix, ignore_value=True, lease=lease)
    kv = await client.get(prefix)
    assert kv is not None
    assert (kv.text, kv.lease, kv.version) == ("kept", lease.id, 2)


async def test_ignore_lease_changes_the_value_only(client: AsyncClient, prefix: str) -> None:
    lease = await client.lease.grant(60)
    await client.put(prefix, "1", lease=lease)
    await client.put(prefix, "2", ignore_lease=True)
    kv = await client.get(prefix)
    assert kv is not None
    assert (kv.text, kv.lease) == ("2", lease.id)


@pytest.mark.parametrize("kept", ["ignore_value", "ignore_lease"])
async def test_what_is_to_be_kept_must_exist(client: AsyncClient, prefix: str, kept: str) -> None:
    with pytest.raises(KeyNotFoundError):
        await client.put(prefix, **{kept: True})  # type: ignore[arg-type]


async def test_put_on_an_unknown_lease_is_refused(client: AsyncClient, prefix: str) -> None:
    with pytest.raises(LeaseNotFoundError):
        await client.put(prefix, lease=123)
    assert await client.get(prefix) is None


async def test_delete_says_how_many_keys_went(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix)
    first, second = await client.delete(prefix), await client.delete(prefix)
    assert (first.deleted, first.prev_kvs, second.deleted) == (1, (), 0)
    assert second.revision == first.revision
    assert await client.get(prefix) is None


async def test_delete_returns_what_went_when_asked(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix + "a", "1")
    await client.put(prefix + "b", "2")
    deleted = await client.delete(Keys.prefix(prefix), prev_kv=True)
    assert deleted.deleted == 2
    assert [(kv.key.decode().removeprefix(prefix), kv.text) for kv in deleted.prev_kvs] == [("a", "1"), ("b", "2")]


@pytest.mark.parametrize(
    ("keys", "left"),
    [
        (Keys.prefix("b"), "a c d"),
        (Keys.between("b", "d"), "a d"),
        (Keys.from_key("bb"), "a b"),
        (Keys.all(), ""),
        (Keys.one("b"), "a bb c d"),
    ],
)
async def test_delete_takes_every_kind_of_keys(
    open_client: OpenClient, quick_etcd: Etcd, keys: Keys, left: str
) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        for key in ["a", "b", "bb", "c", "d"]:
            await client.put(key)
        await client.delete(keys)
        assert " ".join(kv.key.decode() for kv in await client.range(Keys.all())) == left


async def test_count(client: AsyncClient, prefix: str) -> None:
    for name in "abc":
        await client.put(prefix + name)
    assert await client.count(Keys.prefix(prefix)) == 3
    assert await client.count(prefix + "a") == 1
    assert await client.count(prefix + "x") == 0


@pytest.mark.parametrize("physical", [False, True])
async def test_compact_forgets_what_was_before(open_client: OpenClient, quick_etcd: Etcd, physical: bool) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        old = await client.put("k", "1")
        new = await client.put("k", "2")
        compacted = await client.compact(new.revision, physical=physical)
        assert compacted.revision == new.revision
        kept = await client.get("k", revision=new.revision)
        assert kept is not None
        assert kept.text == "2"
        with pytest.raises(CompactedError) as caught:
            await client.get("k", revision=old.revision)
        assert caught.value.compact_revision is None
        with pytest.raises(CompactedError):
            await client.compact(old.revision)


async def test_the_future_can_be_neither_read_nor_compacted(client: AsyncClient, prefix: str) -> None:
    revision = (await client.put(prefix)).revision
    with pytest.raises(FutureRevisionError):
        await client.get(prefix, revision=revision + 1_000_000)
    with pytest.raises(FutureRevisionError):
        await client.compact(revision + 1_000_000)


async def test_do_runs_one_operation_alone(client: AsyncClient, prefix: str) -> None:
    put = cast(PutResponse, await client.do(Put(prefix, "1", prev_kv=True)))
    read = cast(RangeResponse, await client.do(Get(Keys.prefix(prefix), limit=1)))
    txn = cast(TxnResponse, await client.do(Txn(then=[Get(prefix), Put(prefix, "2")])))
    deleted = cast(DeleteResponse, await client.do(Delete(prefix, prev_kv=True)))
    assert put.prev_kv is None
    assert [kv.text for kv in read] == ["1"]
    assert txn.succeeded
    assert [type(response) for response in txn.responses] == [RangeResponse, PutResponse]
    assert [kv.text for kv in deleted.prev_kvs] == ["2"]


async def test_do_takes_operations_only(client: AsyncClient) -> None:
    with pytest.raises(TypeError, match="operation must be a Get, Put, Delete or Txn, not str"):
        await client.do("get")  # type: ignore[arg-type]


async def test_a_wrong_argument_is_told_before_anything_is_sent(open_client: OpenClient) -> None:
    metrics = ClientMetrics(registry := CollectorRegistry())
    before = samples(registry)
    async with open_client("127.0.0.1:1", metrics=metrics) as client:
        with pytest.raises(ValueError, match="key is not provided"):
            await client.get("")
        with pytest.raises(TypeError, match="key must be str or bytes, not int"):
            await client.put(1)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="not a range of keys"):
            await client.get(Keys.all())  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="ignore_value"):
            await client.put("k", "v", ignore_value=True)
        with pytest.raises(ValueError, match="ignore_lease"):
            await client.put("k", "v", lease=1, ignore_lease=True)
        with pytest.raises(TypeError, match="lease must be an int"):
            await client.put("k", lease="1")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="revision must be from 1"):
            await client.compact(0)
        with pytest.raises(ValueError, match="timeout must be above 0"):
            await client.get("k", timeout=0)
    assert samples(registry) == before
