"""Decides who may pass a double barrier: which keys those who enter and leave have, and what each waits for.

The keys are those of Go's `recipe.DoubleBarrier`: one under `name/waiters/` for each who is inside, and `name/ready`,
which the last one to enter writes and the last one to leave deletes. Unlike there, who comes while others still leave
waits till they have gone, and who leaves waits for those only with whom it entered.
"""

import secrets

from etcdobs._procedure import Procedure, UntilDeleted, UntilPut
from etcdobs.errors import LeaseNotFoundError
from etcdobs.keys import Keys
from etcdobs.ops import kv
from etcdobs.ops.compare import Compare
from etcdobs.ops.operation import Delete, Get, Put, Txn
from etcdobs.recipes._queue_of_keys import Candidate
from etcdobs.recipes.errors import SessionExpiredError, TooManyClientsError
from etcdobs.types import KeyValue, RangeResponse, TxnResponse


class Crossing(Candidate):
    """One who enters, and leaves, with `count` - 1 others; `is_first` says of it that all have entered."""

    def __init__(self, prefix: bytes, lease: int, count: int) -> None:
        super().__init__(prefix, lease, prefix + b"waiters/" + secrets.token_hex(8).encode())
        self._count = count
        self._ready = prefix + b"ready"
        # Go looks for all that begins so, the slash left out.
        self._waiters = Keys.prefix(prefix + b"waiters")
        self._opened = 0

    def enter(self) -> Procedure[None]:
        """Take a place, and wait until all places are taken.

        Raises:
            TooManyClientsError: they were taken already.
            SessionExpiredError: the lease is gone.
        """
        yield from self._take_place()
        entered: RangeResponse = yield kv.range(self._waiters, sort_by="create_revision", keys_only=True)
        keys = [each.key for each in entered.kvs]
        if self.key not in keys:
            raise SessionExpiredError
        if self.key in keys[self._count :]:
            raise TooManyClientsError
        if keys.index(self.key) == self._count - 1:
            yield kv.put(self._ready)
        yield from self._wait_until_ready()
        self.is_first = True

    def _take_place(self) -> Procedure[None]:
        self._stands = True
        while not self.revision:
            ready, waiters, revision = yield from self._look()
            if len(waiters) >= self._count:
                raise TooManyClientsError
            opened = ready.mod_revision if ready else 0
            # Those who died inside may have left the key behind; it says nothing of who came later.
            leaving = [each for each in waiters if each.create_revision < opened]
            if leaving:
                yield UntilDeleted(leaving[0].key, revision)
                continue
            seen = Compare.mod_revision(self._ready) == opened
            try:
                response = yield kv.do(Txn(when=[seen], then=[Put(self.key, lease=self._lease)]))
            except LeaseNotFoundError as error:
                raise SessionExpiredError from error
            assert isinstance(response, TxnResponse)
            self.revision = response.revision if response.succeeded else 0

    def _look(self) -> Procedure[tuple[KeyValue | None, tuple[KeyValue, ...], int]]:
        response = yield kv.do(Txn(then=[Get(self._ready), Get(self._waiters)]))
        assert isinstance(response, TxnResponse)
        ready, waiters = response.responses
        assert isinstance(ready, RangeResponse)
        assert isinstance(waiters, RangeResponse)
        return ready.kvs[0] if ready.kvs else None, waiters.kvs, response.revision

    def _wait_until_ready(self) -> Procedure[None]:
        while not self._opened:
            ready: RangeResponse = yield kv.range(self._ready)
            # One that is older was left behind by those who died inside.
            if ready.kvs and ready.kvs[0].mod_revision > self.revision:
                self._opened = ready.kvs[0].mod_revision
            else:
                yield UntilPut(Keys(self._ready), ready.revision)

    def depart(self) -> Procedure[None]:
        """Give the place up, and wait until all who entered with it have left."""
        while (inside := (yield from self._inside())).kvs:
            first, last = inside.kvs[0].key, inside.kvs[-1].key
            if first != self.key:
                yield from self.leave()
                yield UntilDeleted(first, inside.revision)
            elif last != self.key:
                yield UntilDeleted(last, inside.revision)
            else:
                yield kv.do(Txn(then=[Delete(self.key), Delete(self._ready)]))

    def _inside(self) -> Procedure[RangeResponse]:
        response: RangeResponse = yield kv.range(
            self._waiters, sort_by="create_revision", max_create_revision=self._opened
        )
        return response
