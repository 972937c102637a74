"""Decides how the endpoints of a target are stored, and what reads and changes of them mean. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias

from etcdobs.keys import Keys, as_bytes
from etcdobs.ops.operation import Delete, HasLeaseId, Operation, Put, Txn
from etcdobs.types import Event, EventType, KeyValue, RangeResponse

# Go's naming.Add; what is deleted is not stored.
_ADD = 0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of a service.

    Attributes:
        addr: where it is reached, like "10.0.0.7:8080".
        metadata: what else is to be known of it: anything that JSON can hold.

    Raises:
        TypeError, ValueError: `addr` is no str, or empty.
    """

    addr: str
    metadata: Any = None

    def __post_init__(self) -> None:
        if not isinstance(self.addr, str):
            raise TypeError(f"addr must be a str, not {type(self.addr).__name__}")
        if not self.addr:
            raise ValueError("addr is empty: an endpoint is reached at an address like '10.0.0.7:8080'")


Changes: TypeAlias = dict[bytes, Endpoint | None]
"""What changed at one moment: names with the endpoint that is there now, or None where there is none any more."""


class Target:
    """A service, under whose name its endpoints are stored: `target/name`.

    Raises:
        TypeError, ValueError: the target is neither str nor bytes, or empty, or ends with the slash that follows it.
    """

    def __init__(self, target: str | bytes) -> None:
        name = as_bytes("target", target)
        if not name or name.endswith(b"/"):
            raise ValueError(f"target must be the name of a service, without a slash at its end, not {target!r}")
        self.name: bytes = name
        self.prefix: bytes = name + b"/"
        self.keys: Keys = Keys.prefix(self.prefix)

    def update(self, changes: Mapping[str | bytes, Endpoint | None], lease: int | HasLeaseId) -> Txn:
        """What makes all changes at one moment."""
        if not isinstance(changes, Mapping):
            raise TypeError(f"changes must map names to endpoints or None, not be {type(changes).__name__}")
        return Txn(then=[self._change(name, endpoint, lease) for name, endpoint in changes.items()])

    def _change(self, name: str | bytes, endpoint: Endpoint | None, lease: int | HasLeaseId) -> Operation:
        key = self._key(name)
        if endpoint is None:
            return Delete(key)
        if not isinstance(endpoint, Endpoint):
            raise TypeError(f"an endpoint is an Endpoint, not {type(endpoint).__name__}; None deletes it")
        return Put(key, encode(endpoint), lease=lease)

    def _key(self, name: str | bytes) -> bytes:
        end = as_bytes("name", name)
        if not end:
            raise ValueError("name is empty: each endpoint of a target has one of its own")
        return self.prefix + end

    def endpoints(self, kvs: Iterable[KeyValue]) -> Iterator[tuple[bytes, Endpoint]]:
        """What is stored, by name; what is no endpoint is passed over, as Go does."""
        for kv in kvs:
            if (endpoint := decode(kv.value)) is not None:
                yield kv.key.removeprefix(self.prefix), endpoint


def encode(endpoint: Endpoint) -> bytes:
    """An endpoint as Go's naming stores it.

    Raises:
        ValueError: JSON cannot hold the metadata.
    """
    stored = {"Op": _ADD, "Addr": endpoint.addr, "Metadata": endpoint.metadata}
    try:
        return json.dumps(stored, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise ValueError(f"metadata must be what JSON can hold: {error}") from error


def decode(value: bytes) -> Endpoint | None:
    """An endpoint that Go's naming, or `encode`, has stored; None where it is none."""
    try:
        stored = json.loads(value)
        return Endpoint(stored["Addr"], stored.get("Metadata"))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


class Present:
    """The endpoints of a target, as reads and changes tell.

    Attributes:
        endpoints: those of now, by name.
        revision: of the cluster, up to which this is known.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self.endpoints: dict[bytes, Endpoint] = {}
        self.revision: int = 0

    def read(self, response: RangeResponse) -> Changes:
        """All that are there now; returns what that changes."""
        found = dict(self._target.endpoints(response.kvs))
        gone: Changes = {name: None for name in self.endpoints if name not in found}
        changed = {name: endpoint for name, endpoint in found.items() if self.endpoints.get(name) != endpoint}
        self.endpoints, self.revision = found, response.revision
        return gone | changed

    def follow(self, events: Iterable[Event]) -> Iterator[Changes]:
        """What happened next; yields the changes of each revision, if there are any."""
        for revision, together in groupby(events, lambda event: event.kv.mod_revision):
            changes = self._changes(together)
            self.revision = revision
            self._apply(changes)
            if changes:
                yield changes

    def _changes(self, events: Iterable[Event]) -> Changes:
        changes: Changes = {}
        for event in events:
            if event.type is EventType.PUT:
                changes |= dict(self._target.endpoints([event.kv]))
            else:
                changes[event.kv.key.removeprefix(self._target.prefix)] = None
        return changes

    def _apply(self, changes: Changes) -> None:
        # In one step: other threads may be reading.
        now = {**self.endpoints, **changes}
        self.endpoints = {name: endpoint for name, endpoint in now.items() if endpoint is not None}
