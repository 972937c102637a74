"""aetcd: asyncio on grpc.aio."""

from urllib.parse import urlsplit

import aetcd

from benchmarks.suite import keyspace
from benchmarks.suite.contenders.in_flight import send_all

UNLIMITED = {"grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1}


class Contender:
    """aetcd.Client."""

    async def open(self, endpoint: str) -> None:
        at = urlsplit(endpoint)
        self._client = aetcd.Client(host=at.hostname, port=at.port, options=UNLIMITED)
        await self._client.connect()
        self.get, self.put = self._client.get, self._client.put

    async def close(self) -> None:
        await self._client.close()

    async def range(self, prefix: str) -> int:
        count = 0
        for kv in await self._client.get_range(prefix.encode(), keyspace.end(prefix)):
            _ = kv.key, kv.value
            count += 1
        return count

    async def load(self, prefix: str, count: int) -> int:
        put = self._client.transactions.put

        async def send(keys: list[bytes]) -> None:
            await self._client.transaction([], [put(key, keyspace.VALUE) for key in keys], [])

        return await send_all(send, prefix, count)

    async def watch(self, prefix: str, count: int, revision: int) -> int:
        watch = await self._client.watch(prefix.encode(), keyspace.end(prefix), start_revision=revision, fragment=True)
        seen = 0
        async for event in watch:
            _ = event.kv.key, event.kv.value
            seen += 1
            if seen >= count:
                break
        await watch.cancel()
        return seen
