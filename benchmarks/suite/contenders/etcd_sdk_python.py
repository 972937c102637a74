"""etcd-sdk-python: blocking, a child of python-etcd3."""

from urllib.parse import urlsplit

import pyetcd

from benchmarks.suite import keyspace
from benchmarks.suite.contenders.in_flight import send_all_by_threads

UNLIMITED = {"grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1}


class Contender:
    """pyetcd.client."""

    def open(self, endpoint: str) -> None:
        at = urlsplit(endpoint)
        self._client = pyetcd.client(host=at.hostname, port=at.port, grpc_options=UNLIMITED.items())
        self.get, self.put = self._client.get, self._client.put

    def close(self) -> None:
        self._client.close()

    def range(self, prefix: str) -> int:
        count = 0
        for value, metadata in self._client.get_range(prefix, keyspace.end(prefix)):
            _ = value, metadata.key
            count += 1
        return count

    def load(self, prefix: str, count: int) -> int:
        put = self._client.transactions.put

        def send(keys: list[bytes]) -> None:
            self._client.transaction([], [put(key, keyspace.VALUE) for key in keys], [])

        return send_all_by_threads(send, prefix, count)

    def watch(self, prefix: str, count: int, revision: int) -> int:
        events, cancel = self._client.watch_prefix(prefix, start_revision=revision)
        seen = 0
        for event in events:
            _ = event.key, event.value
            seen += 1
            if seen >= count:
                break
        cancel()
        return seen
