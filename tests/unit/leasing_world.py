"""A cluster and its leasing clients in one thread: calls are applied, answered and lost at anyone's choice."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from etcdobs import DeadlineExceededError, Delete, Get, Keys, LeaseNotFoundError, Operation, Put, Txn
from etcdobs._call import CLIENT_DEFAULT
from etcdobs._procedure import Procedure, UntilDeleted
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import mvccpb
from etcdobs.ops import kv
from etcdobs.ops._decode import event as decode_event
from etcdobs.ops.compare import Compare
from etcdobs.recipes._leased_keys import LeasedKeys
from etcdobs.recipes._leasing import Leasing

KEYS = [b"a", b"b", b"c"]
# Of somebody else: keys go with it, and nobody has written them.
FOREIGN_LEASE = 7


class Store:
    """What a server keeps, as far as leasing asks."""

    def __init__(self) -> None:
        self.revision = 1
        self.kvs: dict[bytes, Any] = {}
        self.events: list[Any] = []
        self.leases: set[int] = {FOREIGN_LEASE}

    def apply(self, request: Any) -> Any:
        """One request, whole."""
        self._next = self.revision + 1
        if isinstance(request, pb.TxnRequest):
            self._check_leases(request)
            reply: Any = self._txn(request)
        else:
            reply = self._range(request)
        reply.header.revision = self.revision
        return reply

    def _check_leases(self, request: Any) -> None:
        branch = request.success if self._holds(request) else request.failure
        for part in branch:
            if part.request_put.lease and part.request_put.lease not in self.leases:
                raise LeaseNotFoundError

    def _holds(self, request: Any) -> bool:
        return all(self._compare(compare) for compare in request.compare)

    def _compare(self, compare: Any) -> bool:
        field = {pb.Compare.CREATE: "create_revision", pb.Compare.LEASE: "lease", pb.Compare.VALUE: "value"}[
            compare.target
        ]
        there = self.within(compare) or [mvccpb.KeyValue()]
        wanted = getattr(compare, field)
        tests: dict[int, Callable[[Any], bool]] = {
            pb.Compare.EQUAL: lambda actual: bool(actual == wanted),
            pb.Compare.LESS: lambda actual: bool(actual < wanted),
            pb.Compare.GREATER: lambda actual: bool(actual > wanted),
        }
        return all(tests[compare.result](getattr(each, field)) for each in there)

    def within(self, request: Any) -> list[Any]:
        """The keys that a request is about."""
        keys = Keys(request.key, request.range_end)
        return [self.kvs[key] for key in sorted(self.kvs) if key in keys]

    def _txn(self, request: Any) -> Any:
        holds = self._holds(request)
        reply: Any = pb.TxnResponse(succeeded=holds)
        for part in request.success if holds else request.failure:
            kind = part.WhichOneof("request").removeprefix("request_")
            does: Any = {"range": self._range, "put": self._put, "delete_range": self._delete, "txn": self._txn}[kind]
            answer: dict[str, Any] = {f"response_{kind}": does(getattr(part, f"request_{kind}"))}
            reply.responses.append(pb.ResponseOp(**answer))
        return reply

    def _range(self, request: Any) -> Any:
        there = self.within(request)
        return pb.RangeResponse(kvs=there, count=len(there))

    def _put(self, request: Any) -> Any:
        self.revision = self._next
        old = self.kvs.get(request.key)
        new: Any = mvccpb.KeyValue(
            key=request.key,
            value=request.value,
            mod_revision=self.revision,
            create_revision=old.create_revision if old else self.revision,
            version=old.version + 1 if old else 1,
            lease=old.lease if old and request.ignore_lease else request.lease,
        )
        self.kvs[request.key] = new
        self.events.append(mvccpb.Event(type=mvccpb.Event.PUT, kv=new))
        return pb.PutResponse()

    def _delete(self, request: Any) -> Any:
        gone = self.within(request)
        for old in gone:
            self.revision = self._next
            del self.kvs[old.key]
            tomb: Any = mvccpb.KeyValue(key=old.key, mod_revision=self.revision)
            self.events.append(mvccpb.Event(type=mvccpb.Event.DELETE, kv=tomb))
        return pb.DeleteRangeResponse(deleted=len(gone))

    def end_lease(self, lease: int) -> None:
        """A lease has run out."""
        self.leases.discard(lease)
        self._next = self.revision + 1
        for key in [key for key, there in self.kvs.items() if there.lease == lease]:
            self._delete(pb.DeleteRangeRequest(key=key))

    def is_deleted(self, wait: UntilDeleted) -> bool:
        """Whether what is waited for has happened."""
        gone = (event for event in self.events if event.type == mvccpb.Event.DELETE and event.kv.key == wait.key)
        return any(event.kv.mod_revision > wait.revision for event in gone)


@dataclass(eq=False)
class Running:
    """A procedure under way: what it asked for, and the answer on its way back."""

    steps: Procedure[Any]
    step: Any = None
    reply: Any = None
    is_user: bool = True


@dataclass
class Player:
    """One leasing client."""

    leasing: Leasing
    running: list[Running] = field(default_factory=list[Running])
    heard: int = 0
    is_lost: bool = False

    @property
    def keys(self) -> LeasedKeys:
        return self.leasing.keys


class World:
    """Everything, and what may happen next; `check` holds after each thing that does."""

    def __init__(self, chance: Random, players: int = 2) -> None:
        self.chance = chance
        self.now = 0.0
        self.store = Store()
        self.late: list[Any] = []
        self.dying: list[int] = []
        self.next_lease = 100
        self.served = self.completed = 0
        self.players = [Player(Leasing(LeasedKeys(b"lk/", lambda: self.now))) for _ in range(players)]
        for player in self.players:
            self.open_session(player)

    def open_session(self, player: Player) -> None:
        """A new session, and its watch from here on."""
        self.next_lease += 1
        self.store.leases.add(self.next_lease)
        player.is_lost, player.heard = False, len(self.store.events)
        player.keys.began(self.next_lease, lambda: player.is_lost)

    def check(self) -> None:
        """What any client would serve from memory is the truth."""
        for player in self.players:
            for key in KEYS:
                known = player.keys.current(key)
                if known is not None:
                    self.served += 1
                    assert known.kv == self.store.kvs.get(key), (key, known, self.store.kvs.get(key))

    # ---- what may happen

    def happen(self) -> None:
        """Something, at random."""
        player = self.chance.choice(self.players)
        # Weighted: most of the time the world works.
        things: list[tuple[int, Callable[[Player], None]]] = [
            (4, self.read),
            (3, self.write),
            (16, self.go_on),
            (5, self.hear),
            (3, self.leave),
            (1, self.lose),
            (2, self.apply_late),
            (1, self.pass_time),
            (1, self.reopen),
        ]
        if self.chance.random() < 0.03:
            self.expire(player)
        weights = [weight for weight, _ in things]
        self.chance.choices([thing for _, thing in things], weights)[0](player)
        self.check()

    def read(self, player: Player) -> None:
        self.start(player, player.leasing.carry_out(kv.range(self.chance.choice(KEYS))))

    def write(self, player: Player) -> None:
        self.start(player, player.leasing.carry_out(kv.do(self._some_write())))

    def _some_write(self) -> Operation:
        key, value = self.chance.choice(KEYS), str(self.chance.randrange(100))
        wide = Delete(Keys(b"a", b"c"))
        nested = Txn([Compare.value(key) == "1"], [Put(key, value), Get(b"a")], [Delete(self.chance.choice(KEYS))])
        leased = Put(key, value, lease=FOREIGN_LEASE)
        return self.chance.choice(
            [Put(key, value), Put(key, value), leased, Delete(key), wide, nested, Delete(Keys.all())]
        )

    def start(self, player: Player, steps: Procedure[Any], *, is_user: bool = True) -> None:
        running = Running(steps, is_user=is_user)
        player.running.append(running)
        self._advance(player, running, lambda: steps.send(None))

    def go_on(self, player: Player) -> None:
        """A request arrives at the server, or an answer at its client."""
        if not player.running:
            return
        running = self.chance.choice(player.running)
        step = running.step
        if isinstance(step, UntilDeleted):
            if self.store.is_deleted(step):
                self._advance(player, running, lambda: running.steps.send(None))
        elif running.reply is None:
            try:
                running.reply = self.store.apply(step.request)
            except LeaseNotFoundError as error:
                failure = error
                self._advance(player, running, lambda: running.steps.throw(failure))
        else:
            reply = step.decode(running.reply)
            self._advance(player, running, lambda: running.steps.send(reply))

    def _advance(self, player: Player, running: Running, go: Callable[[], Any]) -> None:
        running.reply = None
        try:
            running.step = go()
        except StopIteration:
            self.completed += running.is_user
            player.running.remove(running)
        except DeadlineExceededError:
            player.running.remove(running)

    def hear(self, player: Player) -> None:
        """The next event of the leasing keys arrives."""
        while player.heard < len(self.store.events):
            event = decode_event(self.store.events[player.heard])
            player.heard += 1
            if event.kv.key.startswith(b"lk/"):
                player.keys.heard(event)
                return

    def leave(self, player: Player) -> None:
        if player.keys.leaving and all(running.is_user for running in player.running):
            self.start(player, player.leasing.leave(CLIENT_DEFAULT), is_user=False)

    def lose(self, player: Player) -> None:
        """A call fails, and may yet be applied."""
        calls = [running for running in player.running if not isinstance(running.step, UntilDeleted)]
        if calls:
            running = self.chance.choice(calls)
            if running.reply is None:
                self.late.append(running.step.request)
            self._advance(player, running, lambda: running.steps.throw(DeadlineExceededError()))

    def apply_late(self, _: Player) -> None:
        if self.late:
            request = self.late.pop(self.chance.randrange(len(self.late)))
            try:
                self.store.apply(request)
            except LeaseNotFoundError:
                return

    def pass_time(self, _: Player) -> None:
        self.now += 1.5
        for lease in (*self.dying, FOREIGN_LEASE):
            self.store.end_lease(lease)
        self.dying.clear()
        self.store.leases.add(FOREIGN_LEASE)

    def expire(self, player: Player) -> None:
        """The client's clock says that its session is lost; the server follows later."""
        player.is_lost = True
        self.dying.append(player.keys.lease)

    def reopen(self, player: Player) -> None:
        """The client has noticed, and opens another."""
        if player.is_lost:
            player.keys.ended()
            self.open_session(player)

    # ---- what must come about

    def settle(self) -> None:
        """Nothing is lost any more: everything under way comes to its end."""
        for _ in range(3000):
            if not any(player.running or player.keys.leaving for player in self.players):
                return
            for player in self.players:
                for act in (self.hear, self.leave, self.go_on):
                    act(player)
            self.pass_time(self.players[0])
            self.check()
        raise AssertionError(f"never done: {[player.running for player in self.players]}")
