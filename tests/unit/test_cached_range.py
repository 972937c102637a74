"""The copy of a range is at every revision what the range was, and is proven only by an answer that proves it."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etcdobs import (
    CompactedError,
    Event,
    EventType,
    Keys,
    KeyValue,
    RangeResponse,
    ResponseHeader,
    TxnResponse,
    WatchResponse,
)
from etcdobs.recipes._cached_range import CachedRange, UntilMoved

NAMES = st.sampled_from([b"/a", b"/a/1", b"/a/2", b"/b", b"/c"])


def header(revision: int) -> ResponseHeader:
    return ResponseHeader(1, 2, revision, 3)


def ranged(revision: int, *kvs: KeyValue, more: bool = False, count: int | None = None) -> RangeResponse:
    return RangeResponse(header=header(revision), kvs=kvs, count=len(kvs) if count is None else count, more=more)


def kv(key: bytes, revision: int, value: bytes = b"") -> KeyValue:
    return KeyValue(key, value, revision, revision, 1, 0)


def put(key: bytes, revision: int) -> Event:
    return Event(EventType.PUT, kv(key, revision))


def deleted(key: bytes, revision: int) -> Event:
    return Event(EventType.DELETE, KeyValue(key, b"", 0, revision, 0, 0))


def filled(keys: Keys, answers: Iterable[Any], clock: Callable[[], float] = lambda: 0.0) -> CachedRange:
    held = CachedRange(keys, clock)
    play(held.fill(), answers)
    return held


def play(steps: Any, answers: Iterable[Any]) -> list[Any]:
    """What `steps` asked for, answered in turn."""
    asked = [next(steps)]
    for answer in answers:
        try:
            asked.append(steps.throw(answer) if isinstance(answer, Exception) else steps.send(answer))
        except StopIteration:
            break
    return asked


RANGES = [Keys.prefix("/"), Keys.prefix("/a"), Keys.prefix("/a/"), Keys.between("/a/2", "/c"), Keys(b"/b")]


@given(
    changes=st.lists(st.tuples(NAMES, st.booleans()), max_size=40),
    wanted=st.sampled_from(RANGES),
    limit=st.integers(0, 3),
)
def test_it_is_what_the_events_say(changes: list[tuple[bytes, bool]], wanted: Keys, limit: int) -> None:
    held, truth = filled(Keys.prefix("/"), [ranged(1)]), dict[bytes, KeyValue]()
    for revision, (name, is_put) in enumerate(changes, 2):
        event = put(name, revision) if is_put else deleted(name, revision)
        truth.pop(name, None)
        if is_put:
            truth[name] = event.kv
        held.receive(WatchResponse((event,), revision))
        assert (held.revision, len(held), held.get(name)) == (revision, len(truth), truth.get(name))
    inside = [truth[name] for name in sorted(truth) if name in wanted]
    response = held.range(wanted, limit)
    assert list(response) == (inside[:limit] if limit else inside)
    assert (response.count, response.more) == (len(inside), bool(limit) and len(inside) > limit)


def test_pages_are_of_one_revision() -> None:
    held = CachedRange(Keys.prefix("/"), lambda: 7.0)
    asked = play(held.fill(), [ranged(5, kv(b"/a", 2), more=True), ranged(9, kv(b"/b", 3))])
    assert [call.request.revision for call in asked] == [0, 5]
    assert (held.revision, len(held), held.rebuilds, held.heard_at) == (5, 2, 0, 7.0)


def test_a_read_whose_revision_is_compacted_leaves_nothing_behind() -> None:
    page = ranged(5, kv(b"/a", 2), more=True)
    held = CachedRange(Keys.prefix("/"), lambda: 0.0)
    with pytest.raises(CompactedError):
        play(held.fill(), [page, CompactedError()])
    assert (held.revision, len(held), held.rebuilds) == (0, 0, 0)
    play(held.fill(), [ranged(9, kv(b"/z", 8))])
    assert (held.revision, [each.key for each in held.range(held.keys, 0)]) == (9, [b"/z"])
    play(held.fill(), [ranged(12)])
    assert (held.revision, len(held), held.rebuilds) == (12, 0, 1)


@pytest.mark.parametrize(
    ("cached", "asked", "is_covered"),
    [
        (Keys.prefix("/a/"), Keys.prefix("/a/"), True),
        (Keys.prefix("/a/"), Keys.prefix("/a/b"), True),
        (Keys.prefix("/a/"), Keys.prefix("/a"), False),
        (Keys.prefix("/a/"), Keys(b"/a"), False),
        (Keys.prefix("/a/"), Keys.from_key("/a/"), False),
        (Keys.prefix("/a/"), Keys.all(), False),
        (Keys.all(), Keys.prefix("/a"), True),
        (Keys.all(), Keys.from_key("/a"), True),
        (Keys.from_key("/b"), Keys.prefix("/a"), False),
        (Keys(b"/a"), Keys(b"/a"), True),
        (Keys(b"/a"), Keys.prefix("/a"), False),
    ],
)
def test_what_is_covered(cached: Keys, asked: Keys, is_covered: bool) -> None:
    held = filled(cached, [ranged(1)])
    if is_covered:
        assert held.range(asked, 0).count == 0
    else:
        with pytest.raises(ValueError, match="is not wholly within"):
            held.range(asked, 0)


def proof(revision: int, count: int, *, unchanged: bool = True) -> TxnResponse:
    responses = (ranged(revision, count=count),) if unchanged else ()
    return TxnResponse(header=header(revision), succeeded=unchanged, responses=responses)


def left() -> float | None:
    return None


def test_it_waits_for_the_event_first() -> None:
    held = filled(Keys.prefix("/"), [ranged(5)])
    steps = held.reach(6, left)
    assert next(steps) == UntilMoved(6, 0.05)
    held.receive(WatchResponse((put(b"/a", 6),), 6))
    with pytest.raises(StopIteration):
        steps.send(None)


def test_that_nothing_has_changed_is_proven() -> None:
    held = filled(Keys.prefix("/"), [ranged(5, kv(b"/a", 2))])
    _, call, *_ = play(held.reach(8, left), [None, proof(9, 1)])
    (compare,) = call.request.compare
    assert (compare.key, compare.range_end, compare.mod_revision) == (b"/", b"0", 6)
    assert held.revision == 9
    # Put and deleted again in between: the copy is right as of 9 and must not go back.
    held.receive(WatchResponse((put(b"/b", 6), deleted(b"/b", 7)), 7))
    assert (held.revision, len(held)) == (9, 1)


@pytest.mark.parametrize("answer", [proof(9, 0), proof(9, 2), proof(9, 1, unchanged=False)])
def test_a_change_is_no_proof(answer: TxnResponse) -> None:
    held = filled(Keys.prefix("/"), [ranged(5, kv(b"/a", 2))])
    asked = play(held.reach(8, left), [None, answer])
    assert asked[-1] == UntilMoved(8, 0.1)
    assert held.revision == 5


def test_a_proof_of_what_the_copy_was_is_none_of_what_it_is() -> None:
    held = filled(Keys.prefix("/"), [ranged(5, kv(b"/a", 2))])
    steps = held.reach(8, left)
    next(steps)
    steps.send(None)
    held.receive(WatchResponse((put(b"/b", 6),), 6))
    assert isinstance(steps.send(proof(9, 1)), UntilMoved)
    assert held.revision == 6


def test_the_pauses_between_looks_grow_and_end_with_what_is_left() -> None:
    held = filled(Keys.prefix("/"), [ranged(5)])
    steps, pauses = held.reach(99, left), list[float]()
    step: Any = next(steps)
    for _ in range(7):
        pauses.append(step.seconds)
        steps.send(None)
        step = steps.send(proof(5, 0))
    assert pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    short: Any = next(held.reach(99, lambda: 0.01))
    assert short.seconds == 0.01


def test_the_present_is_asked_for_first() -> None:
    held = filled(Keys.prefix("/"), [ranged(5)])
    (call, *rest) = play(held.refresh(left), [ranged(5)])
    assert (call.request.key, call.request.count_only, rest) == (b"/", True, [])


@settings(max_examples=20)
@given(seconds=st.floats(0, 1e6))
def test_when_the_server_was_heard(seconds: float) -> None:
    now = [0.0]
    held = filled(Keys.prefix("/"), [ranged(5)], lambda: now[0])
    now[0] = seconds
    held.receive(WatchResponse((), 9))
    assert (held.heard_at, held.revision) == (seconds, 9)
