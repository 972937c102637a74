"""Whatever order a server answers in, and whenever it breaks: each event once, in order, or an error that says why."""

from collections import deque
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from etcdobs._inbox import Inbox
from etcdobs._watch import Ask, Batch, Created, Cursor, Ended, Pin, Rebuild, WatchStream
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import mvccpb
from etcdobs.errors import CompactedError, EtcdError
from tests.unit.watch_answers import DENIED, KEYS, TOKEN
from tests.unit.watch_server import Server, Watch

small = st.integers(0, 5)
which = st.integers(0, 9)
cuts = st.lists(st.integers(0, 11), max_size=3)


class User:
    """Who holds a watcher: what was handed on, and what may have been skipped."""

    def __init__(self, cursor: Cursor, start: int, *, named: bool) -> None:
        self.cursor = cursor
        self.inbox = Inbox(limit=10_000)
        self.revisions: list[int] = []
        self.expected_from = start
        self.may_skip = not named
        self.created = self.parked = False
        self.error: EtcdError | None = None


class Watching(RuleBasedStateMachine):
    """Some watchers on one stream, a server, and everything that may come between them."""

    def __init__(self) -> None:
        super().__init__()
        self.server = Server()
        self.stream = WatchStream()
        self.stream.endpoint = "a:1"
        self.users: dict[Cursor, User] = {}
        self.is_open = True

    # ---- what users do

    @precondition(lambda self: len(self.users) < 4)
    @rule(back=st.integers(0, 4), named=st.booleans(), progress=st.booleans())
    def watch(self, back: int, named: bool, progress: bool) -> None:
        start = max(1, self.server.revision + 1 - back) if named else self.server.revision + 1
        cursor = Cursor(KEYS, start if named else 0, progress_notify=progress)
        if not named:
            cursor.pin(start - 1)
        self.users[cursor] = User(cursor, start, named=named)
        if self.is_open:
            self.ask(self.stream.create(cursor))
        else:
            self.stream.hold(cursor)

    @rule(at=which)
    def park_or_take_again(self, at: int) -> None:
        user = self.user(at)
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

    @rule(keys=st.integers(1, 4), others=st.integers(0, 2))
    def write(self, keys: int, others: int) -> None:
        self.server.write(keys, others)

    @rule(behind=st.integers(0, 6))
    def compact(self, behind: int) -> None:
        self.server.compacted = max(self.server.compacted, self.server.revision - behind)

    @precondition(lambda self: self.is_open)
    @rule()
    def break_off(self) -> None:
        self.stream.broken()
        self.server.end_stream()
        self.is_open = False
        for user in self.users.values():
            user.may_skip = user.may_skip and not user.created

    @precondition(lambda self: not self.is_open)
    @rule()
    def open_again(self) -> None:
        self.is_open = True
        for request in self.stream.restart():
            self.ask(request)

    # ---- what the server sends

    @precondition(lambda self: self.server.creating)
    @rule()
    def create(self) -> None:
        self.receive(self.server.create())

    @precondition(lambda self: self.server.creating)
    @rule(id=st.sampled_from([-1, 0]), reason=st.sampled_from([DENIED, TOKEN, "mvcc: watcher range is empty"]))
    def refuse(self, id: int, reason: str) -> None:
        self.receive(self.server.refuse(id, reason))

    @precondition(lambda self: self.server.watches)
    @rule(at=which, revisions=st.integers(1, 3), cuts=cuts)
    def send(self, at: int, revisions: int, cuts: list[int]) -> None:
        self.receive(self.server.send(self.one_of(at), revisions, cuts))

    @precondition(lambda self: self.server.watches)
    @rule(at=which)
    def tell_progress(self, at: int) -> None:
        self.receive(self.server.progress(self.one_of(at)))

    @precondition(lambda self: self.server.watches)
    @rule(at=which, back=st.integers(1, 4))
    def restore(self, at: int, back: int) -> None:
        self.server.restored(self.one_of(at), back)

    @precondition(lambda self: self.server.watches)
    @rule(at=which, reason=st.sampled_from(["", TOKEN]))
    def cancel(self, at: int, reason: str) -> None:
        watch = self.one_of(at)
        del self.server.watches[watch.id]
        self.receive(pb.WatchResponse(watch_id=watch.id, canceled=True, cancel_reason=reason))

    def send_all(self, watch: Watch) -> None:
        while watch.id in self.server.watches and (response := self.server.send(watch, 3, [])) is not None:
            self.receive(response)

    def one_of(self, at: int) -> Watch:
        return list(self.server.watches.values())[at % len(self.server.watches)]

    # ---- what a driver does

    def ask(self, request: pb.WatchRequest) -> None:
        self.receive(self.server.take(request))

    def receive(self, response: pb.WatchResponse | None) -> None:
        if response is None:
            return
        pending = deque(self.stream.receive(pb.WatchResponse.FromString(response.SerializeToString())))
        for effect in pending:
            self.apply(effect)

    def apply(self, effect: Any) -> None:
        if isinstance(effect, Batch):
            self.deliver(self.users[effect.cursor], effect)
        elif isinstance(effect, Created):
            self.users[effect.cursor].created = True
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
        if not user.revisions and user.may_skip:
            skipped = [revision for revision in self.server.log if user.expected_from <= revision < min(got)]
            assert max(skipped, default=0) < self.server.compacted
            user.expected_from = min(got)
        user.revisions += got
        user.inbox.put(effect.response)

    def end(self, user: User, error: EtcdError) -> None:
        assert isinstance(error, EtcdError)
        if isinstance(error, CompactedError):
            first = user.revisions[-1] + 1 if user.revisions else user.expected_from
            assert error.compact_revision is not None
            assert error.compact_revision > first
        user.error = error

    # ---- what must hold

    @invariant()
    def nothing_is_lost_doubled_or_out_of_order(self) -> None:
        for user in self.users.values():
            last = user.revisions[-1] if user.revisions else 0
            assert user.revisions == [rev for rev in self.server.log if user.expected_from <= rev <= last]

    def teardown(self) -> None:
        """Once all is well, every watcher that was not told why it ended comes to the end."""
        if self.is_open:
            self.break_off()
        for user in self.users.values():
            if user.parked and user.error is None:
                self.stream.hold(user.cursor)
        self.open_again()
        while self.server.creating:
            self.create()
            for watch in list(self.server.watches.values()):
                self.send_all(watch)
        last = max(self.server.log, default=0)
        for user in self.users.values():
            if user.error is None and last >= max(user.expected_from, self.server.compacted):
                assert user.revisions[-1] == last
        self.nothing_is_lost_doubled_or_out_of_order()


Watching.TestCase.settings = settings(deadline=None, max_examples=150, stateful_step_count=60)
TestWatching = Watching.TestCase
_ = (Pin, given, mvccpb, small)
