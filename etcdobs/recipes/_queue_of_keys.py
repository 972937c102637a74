"""Decides who is first among those who each hold a key under one prefix: locks and elections stand in this queue.

The protocol is that of Go's `concurrency` package, so that clients of both languages exclude each other: the key is
`name/<lease id in hex>`, the place is its create revision, and each waits for the one right before it only.
"""

from etcdobs._procedure import Procedure, UntilDeleted
from etcdobs.errors import LeaseNotFoundError
from etcdobs.keys import Keys
from etcdobs.ops import kv
from etcdobs.ops.compare import Compare
from etcdobs.ops.operation import Delete, Get, Put, Txn
from etcdobs.recipes.errors import ElectionNotLeaderError, SessionExpiredError
from etcdobs.types import KeyValue, PutResponse, RangeResponse, TxnResponse


def queue(name: str | bytes) -> bytes:
    """The prefix of a queue's keys: the name and a slash, also after a name that ends with one, as in Go."""
    if not isinstance(name, (str, bytes)):
        raise TypeError(f"the name of a lock or an election must be str or bytes, not {type(name).__name__}")
    prefix = name.encode() if isinstance(name, str) else name
    if not prefix:
        raise ValueError("a lock or an election needs a name")
    return prefix + b"/"


class Candidate:
    """One who stands in a queue, with the one key that its lease has there.

    Attributes:
        key: the key that holds its place.
        revision: what ranks it, the revision at which the key was made; 0 before it is known.
        is_first: True once nobody is before it.
    """

    def __init__(self, prefix: bytes, lease: int, key: bytes | None = None) -> None:
        # With a key of its own it waits for those under the prefix, whether it is one of them or not.
        self.key: bytes = key or prefix + f"{lease:x}".encode()
        self.revision: int = 0
        self.is_first: bool = False
        self._prefix = prefix
        self._lease = lease
        self._stands = False

    def stand(self, value: bytes = b"") -> Procedure[bool]:
        """Take a place, or find the one taken before; True when it is the first.

        Raises:
            SessionExpiredError: the lease is gone.
        """
        self._stands = True
        try:
            response = yield kv.do(self._standing(value))
        except LeaseNotFoundError as error:
            raise SessionExpiredError from error
        assert isinstance(response, TxnResponse)
        own, leading = response.responses
        assert isinstance(leading, RangeResponse)
        if isinstance(own, PutResponse):
            self.revision = own.revision
        else:
            yield from self._found(own, value)
        self.is_first = not leading.kvs or leading.kvs[0].create_revision >= self.revision
        return self.is_first

    def _standing(self, value: bytes) -> Txn:
        first = Get(Keys.prefix(self._prefix), limit=1, sort_by="create_revision")
        return Txn(
            when=[Compare.missing(self.key)],
            then=[Put(self.key, value, lease=self._lease), first],
            otherwise=[Get(self.key), first],
        )

    def _found(self, response: object, value: bytes) -> Procedure[None]:
        assert isinstance(response, RangeResponse)
        self.revision = response.kvs[0].create_revision
        if response.kvs[0].value != value:
            yield from self.proclaim(value)

    def wait(self) -> Procedure[None]:
        """Wait until nobody is before it.

        Raises:
            SessionExpiredError: its own key is gone.
        """
        while (ahead := (yield from self._ahead())).kvs:
            yield UntilDeleted(ahead.kvs[0].key, ahead.revision)
        still: KeyValue | None = yield kv.get(self.key)
        if still is None or still.create_revision != self.revision:
            raise SessionExpiredError
        self.is_first = True

    def _ahead(self) -> Procedure[RangeResponse]:
        response: RangeResponse = yield kv.range(
            Keys.prefix(self._prefix),
            limit=1,
            sort_by="create_revision",
            descending=True,
            max_create_revision=self.revision - 1,
        )
        return response

    def stand_and_wait(self, value: bytes = b"") -> Procedure[None]:
        """Take a place, and wait until it is the first.

        Raises:
            SessionExpiredError: the lease is gone.
        """
        if not (yield from self.stand(value)):
            yield from self.wait()

    def leave(self) -> Procedure[bool]:
        """Give the place up; False when it was gone already."""
        if not self._stands:
            return False
        # Whoever was interrupted while taking a place does not know its rank, but has only one key there.
        own = Compare.create_revision(self.key) == self.revision if self.revision else Compare.exists(self.key)
        response = yield kv.do(Txn(when=[own], then=[Delete(self.key)]))
        assert isinstance(response, TxnResponse)
        return response.succeeded

    def proclaim(self, value: bytes) -> Procedure[None]:
        """Change the value of its key.

        Raises:
            ElectionNotLeaderError: the place is gone.
        """
        held = Compare.create_revision(self.key) == self.revision
        response = yield kv.do(Txn(when=[held], then=[Put(self.key, value, lease=self._lease)]))
        assert isinstance(response, TxnResponse)
        if not response.succeeded:
            self.is_first = False
            raise ElectionNotLeaderError

    def resume(self) -> Procedure[None]:
        """Find the first place, which the same lease took before.

        Raises:
            ElectionNotLeaderError: it has none, or not the first.
        """
        leading = yield from leader(self._prefix)
        if not leading.kvs or leading.kvs[0].key != self.key:
            raise ElectionNotLeaderError
        self._stands = self.is_first = True
        self.revision = leading.kvs[0].create_revision


def leader(prefix: bytes) -> Procedure[RangeResponse]:
    """Who is first."""
    response: RangeResponse = yield kv.range(Keys.prefix(prefix), limit=1, sort_by="create_revision")
    return response


def candidates(prefix: bytes) -> Procedure[RangeResponse]:
    """All who stand."""
    response: RangeResponse = yield kv.range(Keys.prefix(prefix))
    return response
