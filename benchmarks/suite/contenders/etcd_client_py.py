"""etcd-client-py: asyncio over a Rust client."""

from typing import Any, ClassVar

import etcd_client

from benchmarks.suite import keyspace
from benchmarks.suite.contenders.in_flight import send_all


class Contender:
    """etcd_client.Client."""

    lacks: ClassVar[dict[str, str]] = {"watch": "it cannot watch from a revision of the past"}

    async def open(self, endpoint: str) -> None:
        self._connection = etcd_client.Client([endpoint]).connect()
        self._client: Any = await self._connection.__aenter__()

    async def close(self) -> None:
        await self._connection.__aexit__(None, None, None)

    async def get(self, key: bytes) -> None:
        await self._client.get(key)

    async def put(self, key: bytes, value: bytes) -> None:
        await self._client.put(key, value)

    async def range(self, prefix: str) -> int:
        count = 0
        for key, value in await self._client.get_prefix(prefix.encode()):
            _ = bytes(key), bytes(value)
            count += 1
        return count

    async def load(self, prefix: str, count: int) -> int:
        put = etcd_client.TxnOp.put

        async def send(keys: list[bytes]) -> None:
            puts = [put(key, keyspace.VALUE) for key in keys]
            await self._client.txn(etcd_client.Txn().and_then(puts))

        return await send_all(send, prefix, count)
