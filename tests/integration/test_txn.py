"""What a transaction compares, does and answers."""

from typing import cast

import pytest

from etcdobs import (
    AsyncClient,
    Compare,
    Delete,
    DeleteResponse,
    DuplicateKeyError,
    Get,
    Keys,
    Put,
    PutResponse,
    RangeResponse,
    TooManyOpsError,
    Txn,
    TxnResponse,
)


async def holds(client: AsyncClient, *compares: Compare) -> bool:
    return (await client.txn().when(*compares).commit()).succeeded


async def test_every_target_and_operator(client: AsyncClient, prefix: str) -> None:
    lease = await client.lease.grant(60)
    created = (await client.put(prefix, "a")).revision
    changed = (await client.put(prefix, "b", lease=lease)).revision
    targets = {
        Compare.value: ("a", "b", "c"),
        Compare.version: (1, 2, 3),
        Compare.create_revision: (created - 1, created, created + 1),
        Compare.mod_revision: (changed - 1, changed, changed + 1),
        Compare.lease: (lease.id - 1, lease.id, lease.id + 1),
    }
    for target, operands in targets.items():
        below, same, above = operands
        assert await holds(client, target(prefix) == same), target
        assert await holds(client, target(prefix) != below, target(prefix) > below, target(prefix) < above), target
        for wrong in (target(prefix) == below, target(prefix) != same, target(prefix) < same, target(prefix) > same):
            assert not await holds(client, wrong), (target, wrong)


async def test_exists_and_missing(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix + "here")
    assert await holds(client, Compare.exists(prefix + "here"), Compare.missing(prefix + "gone"))
    assert not await holds(client, Compare.missing(prefix + "here"))
    assert not await holds(client, Compare.exists(prefix + "gone"))


async def test_a_lease_may_be_compared_as_an_object(client: AsyncClient, prefix: str) -> None:
    lease = await client.lease.grant(60)
    await client.put(prefix, lease=lease)
    assert await holds(client, Compare.lease(prefix) == lease)


async def test_a_compare_of_a_range_holds_for_every_key_in_it(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix + "a", "same")
    await client.put(prefix + "b", "same")
    keys = Keys.prefix(prefix)
    assert await holds(client, Compare.value(keys) == "same", Compare.exists(keys))
    await client.put(prefix + "b", "other")
    assert not await holds(client, Compare.value(keys) == "same")
    assert await holds(client, Compare.missing(Keys.prefix(prefix + "x")))


async def test_then_runs_when_all_holds_and_otherwise_when_not(client: AsyncClient, prefix: str) -> None:
    def txn() -> "object":
        return client.txn().when(Compare.missing(prefix)).then(Put(prefix, "new")).otherwise(Get(prefix)).commit()

    first = cast(TxnResponse, await txn())  # type: ignore[misc]
    second = cast(TxnResponse, await txn())  # type: ignore[misc]
    assert (first.succeeded, second.succeeded) == (True, False)
    assert isinstance(first.responses[0], PutResponse)
    assert isinstance(second.responses[0], RangeResponse)
    assert second.responses[0][0].mod_revision == first.revision


async def test_responses_are_typed_and_in_order(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix + "a", "1")
    await client.put(prefix + "b", "1")
    txn = client.txn().then(
        Get(Keys.prefix(prefix), limit=1, keys_only=True),
        Put(prefix + "a", "2", prev_kv=True),
        Delete(prefix + "b", prev_kv=True),
        Get(Keys.prefix(prefix)),
    )
    read, put, deleted, after = (await txn.commit()).responses
    assert isinstance(read, RangeResponse)
    assert isinstance(put, PutResponse)
    assert isinstance(deleted, DeleteResponse)
    assert isinstance(after, RangeResponse)
    assert (len(read), read.count, read[0].value) == (1, 2, b"")
    assert put.prev_kv is not None
    assert put.prev_kv.text == "1"
    assert [kv.key for kv in deleted.prev_kvs] == [prefix.encode() + b"b"]
    assert [kv.text for kv in after] == ["2"]


async def test_when_then_and_otherwise_add_up(client: AsyncClient, prefix: str) -> None:
    txn = client.txn().when(Compare.missing(prefix)).when(Compare.exists(prefix))
    txn = txn.then(Put(prefix)).otherwise(Get(prefix)).otherwise(Put(prefix, "2"))
    response = await txn.commit()
    assert not response.succeeded
    assert [type(answer) for answer in response.responses] == [RangeResponse, PutResponse]


async def test_transactions_nest(client: AsyncClient, prefix: str) -> None:
    inner = Txn(
        when=[Compare.missing(prefix)], then=[Put(prefix, "in")], otherwise=[Get(prefix), Put(prefix + "x", "out")]
    )
    first = await client.txn().then(inner).commit()
    second = await client.txn().then(inner).commit()
    once, again = first.responses[0], second.responses[0]
    assert isinstance(once, TxnResponse)
    assert isinstance(again, TxnResponse)
    assert (once.succeeded, again.succeeded) == (True, False)
    assert [type(answer) for answer in again.responses] == [RangeResponse, PutResponse]
    assert isinstance(again.responses[0], RangeResponse)
    assert again.responses[0][0].text == "in"


async def test_an_empty_transaction_holds(client: AsyncClient) -> None:
    response = await client.txn().commit()
    assert (response.succeeded, response.responses) == (True, ())


async def test_all_writes_of_a_transaction_have_one_revision(client: AsyncClient, prefix: str) -> None:
    response = await client.txn().then(*(Put(prefix + name) for name in "abc")).commit()
    assert {kv.mod_revision for kv in await client.range(Keys.prefix(prefix))} == {response.revision}


async def test_a_key_is_written_once(client: AsyncClient, prefix: str) -> None:
    with pytest.raises(DuplicateKeyError):
        await client.txn().then(Put(prefix, "1"), Put(prefix, "2")).commit()
    assert await client.get(prefix) is None


async def test_a_server_takes_128_operations(client: AsyncClient, prefix: str) -> None:
    await client.txn().then(*(Put(f"{prefix}{number}") for number in range(128))).commit()
    with pytest.raises(TooManyOpsError):
        await client.txn().then(*(Put(f"{prefix}{number}") for number in range(129))).commit()


async def test_only_operations_and_compares_go_in(client: AsyncClient, prefix: str) -> None:
    with pytest.raises(TypeError, match="then takes Operation values, not str"):
        await client.txn().then("put").commit()  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="when takes Compare values, not Comparand"):
        await client.txn().when(Compare.value(prefix)).commit()  # type: ignore[arg-type]


def test_a_compare_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match="no truth value"):
        bool(Compare.value("k") == "v")
    with pytest.raises(TypeError, match="half a compare"):
        bool(Compare.value("k"))
