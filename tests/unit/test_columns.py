"""An answer that came by columns is the same as one that came key by key, and what is not whole does not come so."""

import copy
import dataclasses
import pickle
import random
import sys
from collections.abc import Callable
from typing import Any

import pytest

from etcdobs import Get, Keys, KeyValue, RangeResponse, WatchResponse
from etcdobs._inbox import Inbox
from etcdobs._namespace import confine, watch_cursor
from etcdobs._watch import WATCH, Cursor
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire.columns import WORTHWHILE, Columned, KeyColumns, Row
from etcdobs.ops import _decode, kv

MANY = 100
HEADER = {"cluster_id": 1, "member_id": 2, "revision": 300, "raft_term": 4}


def key(number: int, **more: Any) -> dict[str, Any]:
    made = {"key": b"/a/%03d" % number, "value": b"\xff" * 50, "create_revision": 2, "mod_revision": 10 + number // 4}
    return {**made, "version": 3, **more}


def keys(change: Callable[[int], dict[str, Any]] = lambda _: {}) -> list[dict[str, Any]]:
    return [key(number, **change(number)) for number in range(MANY)]


WHOLE = {
    "plain": keys(),
    "leased": keys(lambda _: {"lease": -7}),
    "without values": keys(lambda number: {"value": b"", "key": b"/a/%050d" % number}),
    "one of many bytes": [key(1, value=bytes(WORTHWHILE))],
}
SHORT = {
    "leases": keys(lambda number: {"lease": number % 2}),
    "values": keys(lambda number: {"value": b"v" * 99 if number % 2 else b""}),
    "keys": keys(lambda number: {} if number else {"key": b""}),
    "revisions": keys(lambda _: {"mod_revision": 0}),
}
ANSWERS = [
    *(pytest.param(kvs, True, id=name) for name, kvs in WHOLE.items()),
    *(pytest.param(kvs, False, id=f"some {name} are missing") for name, kvs in SHORT.items()),
    pytest.param([], False, id="none"),
    pytest.param([key(1)], False, id="few bytes"),
]


def answer(kvs: list[dict[str, Any]]) -> pb.RangeResponse:
    return pb.RangeResponse(header=HEADER, kvs=kvs, count=MANY + 1, more=True)


def parsed(kvs: list[dict[str, Any]]) -> Any:
    return Get.rpc.parse(answer(kvs).SerializeToString())


def made(kvs: list[dict[str, Any]]) -> RangeResponse:
    return Get("k").decode(answer(kvs))


def test_a_row_has_the_fields_of_a_key() -> None:
    assert Row._fields == KeyValue._fields


@pytest.mark.parametrize(("kvs", "by_columns"), ANSWERS)
def test_an_answer_is_the_same_either_way(kvs: list[dict[str, Any]], by_columns: bool) -> None:
    assert isinstance(parsed(kvs), Columned) is by_columns
    received, expected = Get("k").decode(parsed(kvs)), made(kvs)
    assert list(received) == list(expected)
    assert (len(received), received[:-1], received[::7]) == (len(kvs), expected[:-1], expected[::7])
    assert received[-1:] == expected[-1:]
    assert received == expected
    assert {type(one) for one in received} <= {KeyValue}


def test_no_key_has_what_is_of_another_whatever_some_lack() -> None:
    draw = random.Random(1)

    def any_keys(count: int) -> list[dict[str, Any]]:
        made = [key(number, lease=number + 1) for number in range(count)]
        for name in ("key", "value", "create_revision", "version", "lease"):
            for number in draw.sample(range(count), draw.choice((0, 0, 0, 1, 2, count))):
                del made[number][name]
        return made

    by_columns = 0
    for _ in range(100):
        kvs, before = any_keys(MANY), any_keys(MANY)
        by_columns += isinstance(parsed(kvs), Columned)
        assert list(Get("k").decode(parsed(kvs))) == list(made(kvs))
        types = draw.choice((range(1), range(1, 2), range(2)))  # puts, deletions, both
        sent = [{"kv": one, "type": draw.choice(types)} for one in kvs]
        for number in draw.sample(range(MANY), draw.choice((0, 1, MANY - 1, MANY))):
            sent[number]["prev_kv"] = before[number]
        answer = WATCH.parse(batch(sent).SerializeToString())
        assert _decode.events(answer.events) == _decode.events(batch(sent).events)
    assert 0 < by_columns < 100


def test_one_key_is_made_alone_and_an_index_beyond_the_last_says_so() -> None:
    received = Get("k").decode(parsed(keys()))
    assert (received[3], received[-1]) == (made(keys())[3], made(keys())[-1])
    for index in (MANY, -MANY - 1):
        with pytest.raises(IndexError):
            received[index]


@pytest.mark.parametrize("kvs", [*WHOLE.values(), *SHORT.values()])
def test_keys_lose_their_namespace_and_one_key_is_read(kvs: list[dict[str, Any]]) -> None:
    inside = confine(kv.range(Keys.all()), b"/a/")
    assert [one.key for one in inside.decode(parsed(kvs))] == [one.key[3:] for one in made(kvs)]
    assert kv.get("k").decode(parsed(kvs)) == made(kvs)[0]
    assert kv.count("k").decode(parsed(kvs)) == MANY + 1


def event(number: int, **more: Any) -> dict[str, Any]:
    return {"kv": key(number), **more}


def deletion(number: int) -> dict[str, Any]:
    return {"type": "DELETE", "kv": {"key": b"/a/%060d" % number, "mod_revision": 10 + number}}


BATCHES = {
    "puts": ([event(number) for number in range(MANY)], True),
    "deletions": ([deletion(number) for number in range(MANY)], True),
    "puts over others": ([event(number, prev_kv=key(number)) for number in range(MANY)], True),
    "both": ([deletion(number) if number % 3 else event(number) for number in range(MANY)], False),
    "some over others": ([event(number, prev_kv=key(1) if number else None) for number in range(MANY)], False),
    "few": ([event(1)], False),
}
KINDS = pytest.mark.parametrize(("events", "by_columns"), BATCHES.values(), ids=BATCHES)
Receive = Callable[..., WatchResponse | None]


def batch(events: list[dict[str, Any]], **more: Any) -> pb.WatchResponse:
    return pb.WatchResponse(header=HEADER, watch_id=5, events=events, **more)


def both(*batches: pb.WatchResponse, **asked: Any) -> tuple[list[WatchResponse | None], list[WatchResponse | None]]:
    """What a cursor makes of the same answers, as they are and by columns."""
    cursors = [watch_cursor(asked.get("namespace", b""), Keys.all(), start_revision=12, prev_kv=True) for _ in "12"]
    as_they_are = [cursors[0].receive(one) for one in batches]
    by_columns = [cursors[1].receive(WATCH.parse(one.SerializeToString())) for one in batches]
    assert cursors[0].next_revision == cursors[1].next_revision
    return as_they_are, by_columns


@KINDS
def test_a_batch_is_the_same_either_way(events: list[dict[str, Any]], by_columns: bool) -> None:
    answer = WATCH.parse(batch(events).SerializeToString())
    assert isinstance(answer, Columned) is by_columns
    assert (answer.watch_id, answer.header.revision, answer.created, answer.fragment) == (5, 300, False, False)
    late = [one for one in events if one["kv"]["mod_revision"] >= 12]
    for sent in (late, events, events[::-1]):  # in order; with some from before the start; out of order
        as_they_are, received = both(batch(sent), batch(sent))
        assert received == as_they_are
    as_they_are, received = both(batch(late, fragment=True), batch(late))
    assert received == as_they_are
    as_they_are, received = both(batch(late), namespace=b"/a/")
    assert received == as_they_are


def test_what_came_before_is_left_out_where_nobody_asked() -> None:
    events, _ = BATCHES["puts over others"]
    received = Cursor(Keys.all(), start_revision=1).receive(WATCH.parse(batch(events).SerializeToString()))
    assert received is not None
    assert {one.prev_kv for one in received.events} == {None}


def received_batch() -> WatchResponse:
    (one,) = both(batch(BATCHES["puts"][0][8:]))[1]
    assert one is not None
    return one


WAYS: list[Callable[[WatchResponse], Any]] = [
    repr,
    hash,
    pickle.dumps,
    copy.deepcopy,
    dataclasses.asdict,
    lambda one: pickle.loads(pickle.dumps(one)),
    lambda one: (one.is_progress, one.revision),
    lambda one: dataclasses.replace(one, revision=1),
]


@pytest.mark.parametrize("way", WAYS)
def test_whichever_way_a_batch_is_read_first_it_is_the_same(way: Callable[[WatchResponse], Any]) -> None:
    one = received_batch()
    expected = WatchResponse(one.events, one.revision)
    again = received_batch()
    assert way(again) == way(expected)
    assert again == expected
    assert again.events is again.events
    with pytest.raises(AttributeError, match="'WatchResponse' object has no attribute 'event'"):
        _ = again.event  # type: ignore[attr-defined]


def test_a_buffer_counts_events_that_are_not_yet_made() -> None:
    inbox, expected = Inbox(2 * MANY), received_batch()
    for one in (received_batch(), WatchResponse(expected.events[:2], 13), received_batch()):
        inbox.put(one)
    revisions = [one.kv.mod_revision for one in expected.events]
    for taken in range(1, 51):
        assert inbox.take_event() == expected.events[taken - 1]
        assert inbox.depth == 2 * len(expected.events) + 2 - taken
        # The last of which nothing is missing.
        assert inbox.revision == max((one for one in revisions[:taken] if one < revisions[taken]), default=0)
    assert inbox.take_batch() == WatchResponse(expected.events[50:], expected.revision)
    assert inbox.take_batch() == WatchResponse(expected.events[:2], 13)
    assert inbox.take_batch() == expected
    assert (inbox.depth, inbox.revision, inbox.has_more) == (0, expected.revision, False)


def test_a_key_that_is_kept_holds_nothing_of_its_answer() -> None:
    answer = parsed(keys())
    columns = answer.kvs
    assert isinstance(columns, KeyColumns)
    alone = sys.getrefcount(columns)
    kept = [next(iter(Get("k").decode(answer))), Get("k").decode(answer)[1], *Get("k").decode(answer).kvs]
    assert sys.getrefcount(columns) == alone
    assert {type(part) for one in kept for part in one} == {bytes, int}
