"""Decides who is first among those who each hold a key under one prefix: locks and elections stand in this queue.

The protocol is that of Go's `concurrency` package, so that clients of both languages exclude each other: the key is
`name/<lease id in hex>`, the place is its create revision, and each waits for the one right before it only.
"""

from dataclasses import dataclass

from etcdobs._procedure import Procedure, UntilDeleted
from etcdobs.keys import Keys
from etcdobs.ops import kv
from etcdobs.ops.compare import Compare
from etcdobs.ops.operation import Delete, Get, Put, Txn
from etcdobs.recipes.errors import ElectionNotLeaderError, SessionExpiredError
from etcdobs.types import KeyValue, PutResponse, RangeResponse, TxnResponse


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the queue: the key that holds it, and the revision that ranks it."""

    key: bytes
    revision: int


def queue(name: str | bytes) -> bytes:
    """The prefix of a queue's keys."""
    prefix = name.encode() if isinstance(name, str) else bytes(name)
    if not prefix:
        raise ValueError("a lock or an election needs a name")
    return prefix if prefix.endswith(b"/") else prefix + b"/"


def first(prefix: bytes) -> Get:
    """Reads who is first."""
    return Get(Keys.prefix(prefix), limit=1, sort_by="create_revision")


def stand(prefix: bytes, lease: int, value: str | bytes = "") -> Procedure[tuple[Place, bool]]:
    """Take a place, or find the one taken before; True when it is the first."""
    key = prefix + f"{lease:x}".encode()
    operation = Txn(
        when=[Compare.missing(key)],
        then=[Put(key, value, lease=lease), first(prefix)],
        otherwise=[Get(key), first(prefix)],
    )
    response = yield kv.do(operation)
    assert isinstance(response, TxnResponse)
    own, leading = response.responses
    assert isinstance(leading, RangeResponse)
    revision = own.revision if isinstance(own, PutResponse) else _held(own).create_revision
    place = Place(key, revision)
    return place, not leading.kvs or leading.kvs[0].create_revision == revision


def _held(response: object) -> KeyValue:
    assert isinstance(response, RangeResponse)
    return response.kvs[0]


def wait(prefix: bytes, place: Place) -> Procedure[None]:
    """Wait until nobody is before `place`.

    Raises:
        SessionExpiredError: the place itself is gone.
    """
    while True:
        ahead: RangeResponse = yield kv.range(
            Keys.prefix(prefix),
            limit=1,
            sort_by="create_revision",
            descending=True,
            max_create_revision=place.revision - 1,
        )
        if not ahead.kvs:
            break
        yield UntilDeleted(ahead.kvs[0].key, ahead.revision)
    still: KeyValue | None = yield kv.get(place.key)
    if still is None or still.create_revision != place.revision:
        raise SessionExpiredError


def leave(place: Place) -> Procedure[bool]:
    """Give a place up; False when it was gone already."""
    operation = Txn(when=[Compare.create_revision(place.key) == place.revision], then=[Delete(place.key)])
    response = yield kv.do(operation)
    assert isinstance(response, TxnResponse)
    return response.succeeded


def leader(prefix: bytes) -> Procedure[RangeResponse]:
    """Who is first, and at which revision of the cluster."""
    response = yield kv.range(Keys.prefix(prefix), limit=1, sort_by="create_revision")
    assert isinstance(response, RangeResponse)
    return response


def proclaim(place: Place, value: bytes, lease: int) -> Procedure[None]:
    """Change the value of a place that is still held.

    Raises:
        ElectionNotLeaderError: it is not.
    """
    operation = Txn(
        when=[Compare.create_revision(place.key) == place.revision], then=[Put(place.key, value, lease=lease)]
    )
    response = yield kv.do(operation)
    assert isinstance(response, TxnResponse)
    if not response.succeeded:
        raise ElectionNotLeaderError
