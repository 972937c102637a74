"""The floor for asyncio: stubs on a bare channel, with etcd's protobuf messages and nothing else."""

import asyncio
from typing import Any

import grpc

from benchmarks.suite import keyspace
from benchmarks.suite.contenders import raw_messages as raw
from benchmarks.suite.contenders.in_flight import send_all


class Contender:
    """Raw gRPC, asyncio."""

    def __init__(self, loop: str = "") -> None:
        # The loop is the host's choice.
        pass

    async def open(self, endpoint: str) -> None:
        self._channel = grpc.aio.insecure_channel(endpoint.partition("://")[2], options=raw.UNLIMITED)
        self._range, self._put, self._txn = raw.stubs(self._channel)
        self._watch = raw.watch_stub(self._channel)

    async def close(self) -> None:
        await self._channel.close()

    async def get(self, key: bytes) -> None:
        await self._range(raw.range_request(key), timeout=10)

    async def put(self, key: bytes, value: bytes) -> None:
        await self._put(raw.put_request(key, value), timeout=10)

    async def range(self, prefix: str) -> int:
        answer = await self._range(raw.range_request(prefix.encode(), keyspace.end(prefix)), timeout=120)
        return raw.read(answer.kvs)

    async def load(self, prefix: str, count: int) -> int:
        async def send(keys: list[bytes]) -> None:
            await self._txn(raw.txn_request(keys), timeout=60)

        return await send_all(send, prefix, count)

    async def watch(self, prefix: str, count: int, revision: int) -> int:
        stream: Any = self._watch()
        await stream.write(raw.watch_request(prefix, revision))
        seen = 0
        async for answer in stream:
            seen += raw.read(event.kv for event in answer.events)
            if seen >= count:
                break
        stream.cancel()
        await asyncio.sleep(0)
        return seen
