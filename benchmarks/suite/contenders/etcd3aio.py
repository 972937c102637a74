"""etcd3aio: asyncio on grpc.aio, answers as protobuf messages."""

import etcd3aio

from benchmarks.suite import keyspace
from benchmarks.suite.contenders.in_flight import send_all


class Contender:
    """etcd3aio.Etcd3Client."""

    async def open(self, endpoint: str) -> None:
        self._client = etcd3aio.Etcd3Client([endpoint.partition("://")[2]])
        await self._client.connect()
        self._kv = self._client.kv
        self.get, self.put = self._kv.get, self._kv.put

    async def close(self) -> None:
        await self._client.close()

    async def range(self, prefix: str) -> int:
        count = 0
        for kv in (await self._kv.get(prefix, keyspace.end(prefix))).kvs:
            _ = kv.key, kv.value
            count += 1
        return count

    async def load(self, prefix: str, count: int) -> int:
        put = self._kv.txn_op_put

        async def send(keys: list[bytes]) -> None:
            await self._kv.txn([], [put(key, keyspace.VALUE) for key in keys])

        return await send_all(send, prefix, count)

    async def watch(self, prefix: str, count: int, revision: int) -> int:
        seen = 0
        responses = self._client.watch.watch(prefix, keyspace.end(prefix), start_revision=revision)
        async for response in responses:
            for event in response.events:
                _ = event.kv.key, event.kv.value
                seen += 1
            if seen >= count:
                break
        await responses.aclose()
        return seen
