"""etcdobs, asyncio, with all its metrics; `batched=1` sends what callers ask for together, and loads lines."""

from contextlib import AsyncExitStack

from benchmarks.suite import keyspace
from benchmarks.suite.contenders.in_flight import send_all
from etcdobs import AsyncClient, Keys, Put


class Contender:
    """etcdobs.AsyncClient."""

    def __init__(self, batched: str = "", loop: str = "") -> None:
        # The loop is the host's choice.
        self._batched = bool(batched)

    async def open(self, endpoint: str) -> None:
        self._stack = AsyncExitStack()
        self._client = await self._stack.enter_async_context(AsyncClient(endpoint, timeout=120))
        calls = await self._stack.enter_async_context(self._client.batched()) if self._batched else self._client
        self.get, self.put = calls.get, calls.put

    async def close(self) -> None:
        await self._stack.aclose()

    async def range(self, prefix: str) -> int:
        count = 0
        for kv in await self._client.range(Keys.prefix(prefix)):
            _ = kv.key, kv.value
            count += 1
        return count

    async def scan(self, prefix: str) -> int:
        count = 0
        async for kv in self._client.scan(Keys.prefix(prefix)):
            _ = kv.key, kv.value
            count += 1
        return count

    async def load(self, prefix: str, count: int) -> int:
        if self._batched:
            return await self._client.load(keyspace.lines(prefix, count))

        async def send(keys: list[bytes]) -> None:
            await self._client.txn().then(*(Put(key, keyspace.VALUE) for key in keys)).commit()

        return await send_all(send, prefix, count)

    async def watch(self, prefix: str, count: int, revision: int) -> int:
        seen = 0
        async with self._client.watch(Keys.prefix(prefix), start_revision=revision) as watcher:
            async for event in watcher:
                _ = event.kv.key, event.kv.value
                seen += 1
                if seen >= count:
                    break
        return seen
