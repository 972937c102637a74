"""etcdobs, blocking, with all its metrics; `batched=1` sends what callers ask for together, and loads lines."""

from collections.abc import Iterable
from contextlib import ExitStack

from benchmarks.suite import keyspace
from benchmarks.suite.contenders.in_flight import send_all_by_threads
from etcdobs import Client, Keys, KeyValue, Put


class Contender:
    """etcdobs.Client."""

    def __init__(self, batched: str = "") -> None:
        self._batched = bool(batched)

    def open(self, endpoint: str) -> None:
        self._stack = ExitStack()
        self._client = self._stack.enter_context(Client(endpoint, timeout=120))
        # Bound once, as a program would, and nothing between it and the caller that is measured.
        calls = self._stack.enter_context(self._client.batched()) if self._batched else self._client
        self.get, self.put = calls.get, calls.put

    def close(self) -> None:
        self._stack.close()

    def range(self, prefix: str) -> int:
        return _read(self._client.range(Keys.prefix(prefix)))

    def scan(self, prefix: str) -> int:
        return _read(self._client.scan(Keys.prefix(prefix)))

    def children(self, prefix: str, wanted: int) -> int:
        return sum(1 for _ in self._client.children(prefix))

    def count(self, prefix: str) -> int:
        self._client.count(Keys.prefix(prefix))
        return 1

    def load(self, prefix: str, count: int) -> int:
        if self._batched:
            return self._client.load(keyspace.lines(prefix, count))

        def send(keys: list[bytes]) -> None:
            self._client.txn().then(*(Put(key, keyspace.VALUE) for key in keys)).commit()

        return send_all_by_threads(send, prefix, count)

    def watch(self, prefix: str, count: int, revision: int) -> int:
        seen = 0
        with self._client.watch(Keys.prefix(prefix), start_revision=revision) as watcher:
            for event in watcher:
                _ = event.kv.key, event.kv.value
                seen += 1
                if seen >= count:
                    break
        return seen


def _read(kvs: Iterable[KeyValue]) -> int:
    count = 0
    for kv in kvs:
        _ = kv.key, kv.value
        count += 1
    return count
