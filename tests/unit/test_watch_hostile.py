"""Whatever a server sends on a stream of watches, in any order and of any size, the cursors deliver or say why not."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from etcdobs._watch import Ask, Batch, Created, Cursor, Ended, Rebuild, WatchStream
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import mvccpb
from etcdobs.errors import EtcdError
from tests.unit.watch_answers import DENIED, KEYS, TOKEN, answer, created, start

EFFECTS = (Ask, Batch, Created, Ended, Rebuild)
int64s = st.one_of(st.integers(-2, 20), st.integers(-(2**63), 2**63 - 1), st.sampled_from([2**63 - 1, -(2**63)]))
ids = st.one_of(st.integers(0, 2), st.integers(0, 2), st.integers(-1, 3), int64s)
seldom = st.sampled_from([False, False, False, True])
key_values = st.builds(
    mvccpb.KeyValue, key=st.binary(max_size=5), value=st.binary(max_size=5), mod_revision=int64s, version=int64s
)
events = st.one_of(
    st.builds(mvccpb.Event),
    st.builds(mvccpb.Event, type=st.sampled_from([0, 1]), kv=key_values, prev_kv=st.none() | key_values),
)
reasons = st.sampled_from(["", DENIED, TOKEN, "rpc error: code = ", "rpc error: code = Nonsense desc = x"]) | st.text()
responses = st.builds(
    pb.WatchResponse,
    header=st.none() | st.builds(pb.ResponseHeader, revision=int64s),
    watch_id=ids,
    created=seldom,
    canceled=seldom,
    compact_revision=st.just(0) | int64s,
    cancel_reason=reasons,
    fragment=seldom,
    events=st.lists(events, max_size=4),
)
starts = st.integers(0, 20)
# A response, or what the client itself does between two of them.
steps = st.lists(responses | st.sampled_from(["create", "cancel", "restart"]), max_size=25)


@settings(deadline=None, max_examples=150)
@given(starts=st.lists(starts, min_size=1, max_size=3), steps=steps)
def test_it_delivers_or_says_what_is_wrong(starts: list[int], steps: list[Any]) -> None:
    watching = Watching()
    for watch_id, first in enumerate(starts):
        watching.create(first)
        watching.stream.receive(created(watch_id))
    for step in steps:
        watching.take(step)
        assert set(watching.stream.cursors()) == watching.open
    for request in watching.stream.restart():
        _check_sendable(request)


class Watching:
    """One stream: the watchers that must be on it, and the newest revision that each was handed."""

    def __init__(self) -> None:
        self.stream = WatchStream()
        self.open: set[Cursor] = set()
        self._newest: dict[Cursor, int] = {}

    def create(self, start: int = 1) -> None:
        cursor = Cursor(KEYS, start)
        self.open.add(cursor)
        self.stream.create(cursor)

    def take(self, step: Any) -> None:
        if step == "create":
            self.create()
        elif step == "restart":
            self.stream.restart()
        elif step == "cancel":
            if self.open:
                self.stream.cancel(cursor := self.stream.cursors()[0])
                self.open.remove(cursor)
        else:
            effects = self.stream.receive(pb.WatchResponse.FromString(step.SerializeToString()))
            assert len(effects) <= 2
            for effect in effects:
                self._check(effect)

    def _check(self, effect: Any) -> None:
        assert isinstance(effect, EFFECTS)
        if isinstance(effect, (Ended, Rebuild)):
            assert isinstance(effect.error, EtcdError)
        if isinstance(effect, Ended):
            self.open.remove(effect.cursor)
        if isinstance(effect, Ask):
            _check_sendable(effect.request)
        if isinstance(effect, Batch) and not effect.response.is_progress:
            revisions = [event.kv.mod_revision for event in effect.response.events]
            assert revisions == sorted(revisions)
            assert effect.response.revision == revisions[-1]
            assert effect.cursor not in self._newest or revisions[0] > self._newest[effect.cursor]
            self._newest[effect.cursor] = effect.response.revision


def _check_sendable(request: pb.WatchRequest) -> None:
    assert pb.WatchRequest.FromString(request.SerializeToString()) == request


def test_a_hundred_thousand_events_of_one_revision_in_parts_are_one_batch() -> None:
    watching = Watching()
    watching.create()
    (made,) = watching.stream.receive(created(0))
    parts = [answer(*[7] * 1_000, fragment=number < 99) for number in range(100)]
    (whole,) = [effect for part in parts for effect in watching.stream.receive(part)]
    assert isinstance(made, Created)
    assert isinstance(whole, Batch)
    assert len(whole.response.events) == 100_000
    assert start(made.cursor.request()) == 8


def test_one_event_of_a_hundred_mebibytes_is_delivered() -> None:
    watching = Watching()
    watching.create()
    watching.stream.receive(created(0))
    large = answer(7)
    large.events[0].kv.value = bytes(100 * 2**20)
    (effect,) = watching.stream.receive(large)
    assert isinstance(effect, Batch)
    assert len(effect.response.events[0].kv.value) == 100 * 2**20


def test_ten_thousand_ids_that_were_never_given_are_each_cancelled_once() -> None:
    stream = WatchStream()
    for expected in (10_000, 0):
        assert sum(len(stream.receive(answer(7, id=id))) for id in range(10_000)) == expected
