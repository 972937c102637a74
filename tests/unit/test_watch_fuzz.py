"""Whatever order a server answers in, and whenever it breaks: each event once, in order, or an error that says why."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from etcdobs._watch import Ask, Batch, Created, Cursor, Ended, Rebuild, WatchStream
from etcdobs._wire import etcdserverpb as pb
from etcdobs.errors import CompactedError, EtcdError
from tests.unit.watch_answers import DENIED, KEYS, TOKEN, canceled
from tests.unit.watch_server import Server, Watch

REFUSALS = [DENIED, TOKEN, "mvcc: watcher range is empty"]


@dataclass(frozen=True)
class Draw:
    """What one step is made of: each takes of it what it needs."""

    at: int = 0
    number: int = 0
    either: bool = False
    other: bool = False
    sizes: tuple[int, ...] | list[int] = ()
    cuts: list[int] = field(default_factory=list[int])


NOTHING = Draw()


class User:
    """Who holds a watcher: what was handed on, and what may have been skipped."""

    def __init__(self, cursor: Cursor, start: int, *, named: bool) -> None:
        self.cursor = cursor
        self.revisions: list[int] = []
        self.expected_from = start
        self.may_skip = not named
        self.created_at: int | None = None
        self.parked = False
        self.error: EtcdError | None = None


class Watching:
    """Some watchers on one stream, a server, and everything that may come between them."""

    def __init__(self) -> None:
        self.server = Server()
        self.stream = WatchStream()
        self.stream.endpoint = "a:1"
        self.users: dict[Cursor, User] = {}
        self.by_id: dict[int, User] = {}
        self.is_open = True

    # ---- what users do

    def watch(self, draw: Draw) -> None:
        if len(self.users) >= 4:
            return
        back, named, progress = draw.number, draw.either, draw.other
        start = max(1, self.server.revision + 1 - back) if named else self.server.revision + 1
        cursor = Cursor(KEYS, start if named else 0, progress_notify=progress)
        if not named:
            cursor.pin(start - 1)
        self.users[cursor] = User(cursor, start, named=named)
        if self.is_open:
            self.ask(self.stream.create(cursor))
        else:
            self.stream.hold(cursor)

    def park_or_take_again(self, draw: Draw) -> None:
        user = self.user(draw.at)
        if user is None or not user.revisions:
            return
        if not user.parked:
            request = self.stream.cancel(user.cursor)
            if request is not None and self.is_open:
                self.ask(request)
        elif self.is_open:
            self.ask(self.stream.create(user.cursor))
        else:
            self.stream.hold(user.cursor)
        user.parked = not user.parked

    def user(self, at: int) -> User | None:
        living = [user for user in self.users.values() if user.error is None]
        return living[at % len(living)] if living else None

    # ---- what happens to the server and the connection

    def write(self, draw: Draw) -> None:
        for keys in draw.sizes:
            self.server.write(keys, draw.number % 3)

    def compact(self, draw: Draw) -> None:
        self.server.compacted = max(self.server.compacted, self.server.revision - draw.number)

    def break_off(self, _: Draw = NOTHING) -> None:
        if not self.is_open:
            return
        self.stream.broken()
        self.server.end_stream()
        self.by_id.clear()
        self.is_open = False
        for user in self.users.values():
            user.may_skip = user.may_skip and user.created_at is None

    def open_again(self, draw: Draw = NOTHING) -> None:
        if self.is_open:
            return
        self.is_open = True
        for request in self.stream.restart():
            self.ask(request)
        if draw.either:
            self.create_all()

    # ---- what the server sends

    def create_all(self, _: Draw = NOTHING) -> None:
        while self.server.creating:
            self.receive(self.server.create())

    def refuse(self, draw: Draw) -> None:
        if self.server.creating:
            self.receive(self.server.refuse(-1 if draw.either else 0, REFUSALS[draw.number % len(REFUSALS)]))

    def send(self, draw: Draw) -> None:
        watch = self.one_of(draw.at)
        for _ in range(1 + draw.number % 4):
            if watch is not None and watch.id in self.server.watches:
                sent = self.server.send(watch, 1 + draw.number % 3, draw.cuts, backwards=draw.either and draw.other)
                self.receive(sent)

    def tell_progress(self, draw: Draw) -> None:
        watch = self.one_of(draw.at)
        if watch is not None:
            self.receive(self.server.progress(watch))

    def tell_progress_too_early(self, draw: Draw) -> None:
        """On the same stream it may tell what is yet to come; on another nobody would ask for that again."""
        watch = self.one_of(draw.at)
        if watch is not None:
            self.receive(self.server.false_progress(watch))
            self.send_all(watch)

    def restore(self, draw: Draw) -> None:
        watch = self.one_of(draw.at)
        if watch is not None:
            self.server.restored(watch, 1 + draw.number)

    def cancel(self, draw: Draw) -> None:
        watch = self.one_of(draw.at)
        if watch is not None:
            del self.server.watches[watch.id]
            self.receive(canceled(watch.id, cancel_reason=TOKEN if draw.either else ""))

    def send_all(self, watch: Watch) -> None:
        while watch.id in self.server.watches and (response := self.server.send(watch, 3, [])) is not None:
            self.receive(response)

    def one_of(self, at: int) -> Watch | None:
        watches = list(self.server.watches.values())
        return watches[at % len(watches)] if watches else None

    # ---- what a driver does

    def ask(self, request: pb.WatchRequest) -> None:
        self.receive(self.server.take(request))

    def receive(self, response: pb.WatchResponse | None) -> None:
        if response is None:
            return
        self.skip(response)
        for effect in self.stream.receive(pb.WatchResponse.FromString(response.SerializeToString())):
            self.apply(effect, response)

    def skip(self, response: pb.WatchResponse) -> None:
        """A compaction may take from one who named no start, and has seen nothing, what came before the creation."""
        user = self.by_id.get(response.watch_id)
        if user is None or user.created_at is None or not user.may_skip or user.revisions:
            return
        if response.compact_revision <= user.created_at + 1:
            user.expected_from = max(user.expected_from, response.compact_revision)

    def apply(self, effect: Any, response: pb.WatchResponse) -> None:
        if isinstance(effect, Batch):
            self.deliver(self.users[effect.cursor], effect)
        elif isinstance(effect, Created):
            user = self.by_id[response.watch_id] = self.users[effect.cursor]
            user.created_at = user.created_at or response.header.revision
        elif isinstance(effect, Ended):
            self.end(self.users[effect.cursor], effect.error)
        elif isinstance(effect, Ask):
            self.ask(effect.request)
        else:
            assert isinstance(effect, Rebuild)
            self.break_off()

    def deliver(self, user: User, effect: Batch) -> None:
        got: dict[int, list[bytes]] = {}
        for event in effect.response.events:
            got.setdefault(event.kv.mod_revision, []).append(event.kv.key)
        whole = {revision: [event.kv.key for event in self.server.log[revision]] for revision in got}
        assert got == whole
        assert list(got) == sorted(got)
        user.revisions += got

    def end(self, user: User, error: EtcdError) -> None:
        assert isinstance(error, EtcdError)
        if isinstance(error, CompactedError):
            first = user.revisions[-1] + 1 if user.revisions else user.expected_from
            assert error.compact_revision is not None
            assert error.compact_revision > first
        user.error = error

    # ---- what must hold

    def nothing_is_lost_doubled_or_out_of_order(self) -> None:
        for user in self.users.values():
            last = user.revisions[-1] if user.revisions else 0
            assert user.revisions == [rev for rev in self.server.log if user.expected_from <= rev <= last]

    def settle(self) -> None:
        """Once all is well, every watcher that was not told why it ended comes to the end."""
        if self.is_open:
            self.break_off()
        for user in self.users.values():
            if user.parked and user.error is None:
                self.stream.hold(user.cursor)
        self.open_again()
        while self.server.creating:
            self.create_all()
            for watch in list(self.server.watches.values()):
                self.send_all(watch)
        last = max(self.server.log, default=0)
        for user in self.users.values():
            if user.error is None and last >= max(user.expected_from, self.server.compacted):
                assert user.revisions[-1] == last
        self.nothing_is_lost_doubled_or_out_of_order()


STEPS: dict[str, int] = {
    "watch": 2,
    "park_or_take_again": 2,
    "write": 5,
    "compact": 2,
    "break_off": 2,
    "open_again": 3,
    "create_all": 4,
    "refuse": 1,
    "send": 8,
    "tell_progress": 3,
    "tell_progress_too_early": 1,
    "restore": 1,
    "cancel": 1,
}
steps = st.lists(
    st.tuples(
        st.sampled_from([name for name, weight in STEPS.items() for _ in range(weight)]),
        st.builds(
            Draw,
            at=st.integers(0, 3),
            number=st.integers(0, 5),
            either=st.booleans(),
            other=st.booleans(),
            sizes=st.lists(st.integers(1, 4), min_size=1, max_size=4),
            cuts=st.lists(st.integers(1, 11), max_size=3),
        ),
    ),
    min_size=30,
    max_size=60,
)


@settings(deadline=None, max_examples=120)
@given(steps=steps)
def test_each_event_comes_once_and_in_order_or_it_is_said_why_not(steps: list[tuple[str, Draw]]) -> None:
    watching = Watching()
    for name, draw in steps:
        getattr(watching, name)(draw)
        watching.nothing_is_lost_doubled_or_out_of_order()
    watching.settle()
