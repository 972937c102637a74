"""A server that dies or freezes in the middle of something: what is said, what stays, and how it goes on by itself."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from etcdobs import AsyncClient, Client, Keys
from etcdobs.testing import Etcd
from etcdobs_explorer.gateway import EtcdGateway, history, past
from etcdobs_explorer.gateway import keys as gateway_keys
from etcdobs_explorer.model.records import ChildRecord, Entry, FailureKind, GatewayError
from etcdobs_explorer.model.writes import Committed, Conflict, many
from etcdobs_explorer.model.writes.operations import Chunk
from tests.explorer.faults import Gate, comes, goes, wait
from tests.explorer.screens import explorer

SIZE = (110, 30)


def lost() -> GatewayError:
    return GatewayError(FailureKind.UNREACHABLE, b"connection refused")


class TestKilled:
    async def test_during_a_search(
        self, quick_etcd: Etcd, gateway: EtcdGateway, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(30):
            client.put(f"needle/{number}", "x")
        gate = Gate(after=1)
        monkeypatch.setattr(gateway_keys, "_PAGE", 10)
        monkeypatch.setattr(gateway, "pages", gate.around(gateway.pages))
        async with explorer(gateway, SIZE) as shown:
            await shown.see("needle", "live")
            await shown.press("S", *"needle", "enter")
            await asyncio.wait_for(gate.reached.wait(), 10)
            quick_etcd.kill()
            gate.open()
            await comes(shown, "✗ failed after ", " hits", "Connection refused", "connection lost")
            quick_etcd.start()
            await goes(shown, "connection lost")
            await shown.press("enter")
            await comes(shown, "searched 30 keys", "30 hits")

    async def test_during_the_first_load(
        self, quick_etcd: Etcd, gateway: EtcdGateway, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("a", "b", "c"):
            client.put(f"key-{name}", "value")
        monkeypatch.setattr(gateway_keys, "_PAGE", 1)
        gate = Gate(after=1)

        async def one_by_one(prefix: bytes, separator: bytes, start: bytes = b"") -> AsyncIterator[ChildRecord]:
            async for child in children(prefix, separator, start or b"\0"):
                yield child

        children = gateway.children
        monkeypatch.setattr(gateway, "children", gate.around(one_by_one))
        async with explorer(gateway) as shown:
            await asyncio.wait_for(gate.reached.wait(), 10)
            quick_etcd.kill()
            gate.open()
            await comes(shown, "connection lost", "key-a", "r tries again", " stale ")
            quick_etcd.start()
            await comes(shown, "key-a", "key-b", "key-c", "live")
            await goes(shown, "tries again")
            await goes(shown, "connection lost")
            assert " stale " not in shown.text

    async def test_during_a_load_of_history(
        self, quick_etcd: Etcd, gateway: EtcdGateway, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(3):
            client.put("k", f"value {number}")
        floor_of, reached, go = past.floor_of, asyncio.Event(), asyncio.Event()

        async def slow(client: AsyncClient, key: bytes) -> int:
            reached.set()
            await go.wait()
            return await floor_of(client, key)

        async with explorer(gateway, SIZE) as shown:
            await shown.go_to(b"k")
            await shown.see("value 2", "live")
            monkeypatch.setattr(history, "floor_of", slow)
            await shown.press("H")
            await asyncio.wait_for(reached.wait(), 10)
            quick_etcd.kill()
            go.set()
            await comes(shown, "connection lost", "✗ ")
            quick_etcd.start()
            await comes(shown, "3 revisions", "+ value 2")
            await goes(shown, "connection lost")

    async def test_during_a_write_of_many_keys(
        self, quick_etcd: Etcd, gateway: EtcdGateway, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(many, "_RANGE_KEYS", 2)
        for number in range(8):
            client.put(f"d/{number}", "v")
        commit, reached, go = gateway.commit, asyncio.Event(), asyncio.Event()

        async def slow(chunk: Chunk) -> Committed | Conflict:
            answer = await commit(chunk)
            reached.set()
            await go.wait()
            return answer

        monkeypatch.setattr(gateway, "commit", slow)
        async with explorer(gateway, SIZE) as shown:
            await shown.go_to(b"d")
            await shown.press("d")
            await shown.see("type 8")
            await shown.press("8", "enter")
            await asyncio.wait_for(reached.wait(), 10)
            quick_etcd.kill()
            go.set()
            await comes(shown, "2 of 8 keys written", "transaction 2 of 4, 2 keys", "2 transactions of 4 keys not sent")
            await comes(shown, "connection lost", " stale ")
            quick_etcd.start()
            await goes(shown, "connection lost")
            await shown.press("enter")
            await comes(shown, "live")
            await shown.press("8")
            await shown.see("in part: failed", "1 can be undone")
        assert client.count(Keys.prefix("d/")) == 6


class TestGoesOnByItself:
    """Where the server was away for so short a time that its status never failed."""

    async def test_a_directory(self, gateway: EtcdGateway, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        client.put("a/x", "value")
        client.put("b/x", "value")
        children, failed = gateway.children, asyncio.Event()

        async def once(prefix: bytes, *rest: Any) -> AsyncIterator[ChildRecord]:
            if prefix == b"a/" and not failed.is_set():
                failed.set()
                raise lost()
            async for child in children(prefix, *rest):
                yield child

        monkeypatch.setattr(gateway, "children", once)
        async with explorer(gateway, SIZE) as shown:
            await shown.go_to(b"a")
            await shown.press("enter")
            await wait(shown, failed.is_set, "refused once")
            await wait(shown, lambda: any(row.key == b"a/x" for row in shown.app.state.tree.rows), "the directory read")
            await shown.lose("connection refused")

    async def test_the_key_looked_at(
        self, gateway: EtcdGateway, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client.put("k", "the value")
        entry, failed = gateway.entry, asyncio.Event()

        async def once(key: bytes) -> Entry | None:
            if not failed.is_set():
                failed.set()
                raise lost()
            return await entry(key)

        monkeypatch.setattr(gateway, "entry", once)
        async with explorer(gateway, SIZE) as shown:
            await wait(shown, failed.is_set, "refused once")
            await comes(shown, "the value")
            await shown.lose("connection refused")

    async def test_a_difference_in_the_history(
        self, gateway: EtcdGateway, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client.put("k", "the value")
        value_at, failed = gateway.value_at, asyncio.Event()

        async def once(key: bytes, revision: int) -> bytes | None:
            if not failed.is_set():
                failed.set()
                raise lost()
            return await value_at(key, revision)

        monkeypatch.setattr(gateway, "value_at", once)
        async with explorer(gateway, SIZE) as shown:
            await shown.go_to(b"k")
            await shown.press("H")
            await wait(shown, failed.is_set, "refused once")
            await comes(shown, "+ the value")
            await shown.lose("connection refused")


async def test_frozen(quick_etcd: Etcd, gateway: EtcdGateway, client: Client) -> None:
    for name in ("one", "two"):
        client.put(name, f"value of {name}")
    async with explorer(gateway) as shown:
        await shown.see("one", "two", "live")
        quick_etcd.pause()
        await comes(shown, "✗ connection lost for", "no answer in time", " stale ")
        await shown.press("4")
        await shown.see("TIME")
        await shown.press("1", "colon", *"keys", "escape")
        await shown.go_to(b"two")
        quick_etcd.resume()
        await goes(shown, "connection lost")
        await comes(shown, "value of two", "live")
        client.put("three", "x")
        await comes(shown, "three")
        await wait(shown, lambda: " stale " not in shown.text, "nothing stale")
