"""Decides which answers are too old to be handed out, and how often another member is asked instead. Pure."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from etcdobs._call import Call
from etcdobs._procedure import Procedure
from etcdobs.recipes.errors import StaleReadError

T = TypeVar("T")

ROUNDS = 5


class Order:
    """The greatest revision that was handed out, of each cluster by its id. Thread-safe."""

    def __init__(self) -> None:
        self._greatest: dict[int, int] = {}
        self._lock = threading.Lock()

    def keep(self, call: Call[T], endpoints: int) -> Procedure[T]:
        """Carry out a call; where it only reads, ask until the answer is no older than what was known at its start."""
        known = self._known()
        if call.mutates:
            # What writes is ordered by the cluster itself, and must not be sent again.
            written: T = yield self._checked(call, {})
            return written
        attempts = 1 + ROUNDS * endpoints
        while True:
            attempts -= 1
            try:
                read: T = yield self._checked(call, known)
            except StaleReadError:
                if not attempts:
                    raise
            else:
                return read

    def _known(self) -> Mapping[int, int]:
        with self._lock:
            return dict(self._greatest)

    def _checked(self, call: Call[T], known: Mapping[int, int]) -> Call[T]:
        def decode(reply: Any) -> T:
            header = reply.header
            least = known.get(header.cluster_id, 0)
            if header.revision < least:
                raise StaleReadError(header.revision, least, method=f"{call.rpc.service}/{call.rpc.method}")
            self._learn(header.cluster_id, header.revision)
            return call.decode(reply)

        return replace(call, decode=decode)

    def _learn(self, cluster_id: int, revision: int) -> None:
        with self._lock:
            self._greatest[cluster_id] = max(revision, self._greatest.get(cluster_id, 0))
