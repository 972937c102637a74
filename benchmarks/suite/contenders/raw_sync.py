"""The floor for threads: stubs on a bare channel, with etcd's protobuf messages and nothing else."""

from collections.abc import Iterable
from typing import Any

import grpc

from benchmarks.suite import keyspace
from benchmarks.suite.contenders import raw_messages as raw
from benchmarks.suite.contenders.in_flight import send_all_by_threads


class Contender:
    """Raw gRPC, blocking."""

    def open(self, endpoint: str) -> None:
        self._channel = grpc.insecure_channel(endpoint.partition("://")[2], options=raw.UNLIMITED)
        self._range, self._put, self._txn = raw.stubs(self._channel)
        self._watch = raw.watch_stub(self._channel)

    def close(self) -> None:
        self._channel.close()

    def get(self, key: bytes) -> None:
        self._range(raw.range_request(key), timeout=10)

    def put(self, key: bytes, value: bytes) -> None:
        self._put(raw.put_request(key, value), timeout=10)

    def range(self, prefix: str) -> int:
        answer = self._range(raw.range_request(prefix.encode(), keyspace.end(prefix)), timeout=120)
        return raw.read(answer.kvs)

    def pages(self, prefix: str, count: int, wanted: int) -> float:
        """Reads pages by limit alone, from some places out of all; returns how many it would take, for one read."""
        first, stands_for = keyspace.places(prefix, count, wanted)
        for place in first:
            answer = self._range(raw.range_request(place, keyspace.end(prefix), keyspace.PAGE), timeout=120)
            raw.read(answer.kvs)
        return count / stands_for

    def children(self, prefix: str, wanted: int) -> int:
        """One read of one key a directory, of some of them: evenly spread, since the first ones cost most."""
        for step in range(wanted):
            place = keyspace.directory(prefix, int((step + 0.5) * keyspace.DIRECTORIES / wanted))
            raw.read(self._range(raw.range_request(place, keyspace.end(prefix), 1), timeout=120).kvs)
        return wanted

    def load(self, prefix: str, count: int, operations: int = keyspace.OPERATIONS) -> int:
        def send(keys: Iterable[bytes]) -> None:
            self._txn(raw.txn_request(keys), timeout=60)

        return send_all_by_threads(send, prefix, count, operations)

    def watch(self, prefix: str, count: int, revision: int) -> int:
        stream: Any = self._watch(iter([raw.watch_request(prefix, revision)]))
        seen = 0
        for answer in stream:
            seen += raw.read(event.kv for event in answer.events)
            if seen >= count:
                break
        stream.cancel()
        return seen
