"""Ten lines of a user's, for both type checkers: what `reveal_type` says is what is promised."""

from typing import assert_type

from etcdobs import (
    AsyncClient,
    Client,
    Compare,
    Event,
    Get,
    Keys,
    KeyValue,
    Put,
    PutResponse,
    RangeResponse,
    TxnResponse,
)


def blocking(client: Client) -> None:
    assert_type(client.get("/k"), KeyValue | None)
    assert_type(client.put("/k", b"v", lease=7, timeout=1.5), PutResponse)
    assert_type(client.range(Keys.prefix("/"), sort_by="version"), RangeResponse)
    assert_type(client.count(Keys.all()), int)
    assert_type(client.lease.list(), list[int])
    committed = client.txn().when(Compare.version("/k") == 1).then(Put("/k", "w")).otherwise(Get("/k")).commit()
    assert_type(committed, TxnResponse)
    with client.watch("/k") as watcher, client.lease.grant(10).keep_alive() as heartbeat:
        assert_type(watcher.get(timeout=1), Event)
        assert_type(heartbeat.lost, bool)
        for event in watcher:
            assert_type(event.kv.value, bytes)


async def awaiting(client: AsyncClient) -> None:
    assert_type(await client.get("/k"), KeyValue | None)
    assert_type(await client.put("/k", b"v"), PutResponse)
    async with client.watch("/k") as watcher:
        assert_type(await watcher.get(), Event)
