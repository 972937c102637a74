"""Reading an answer and taking an event make few calls of Python, however many keys: times cannot be asserted."""

import gc
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from etcdobs import Delete, Get, Keys, Put, Txn, WatchResponse
from etcdobs._inbox import Inbox
from etcdobs._load import load
from etcdobs._watch import WATCH, Cursor
from etcdobs._wire import etcdserverpb as pb
from etcdobs.ops import _decode

MANY = 1000


def calls(action: Callable[[], object]) -> int:
    """How many functions of Python it calls."""
    seen = -1  # the action itself

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal seen
        seen += event == "call"

    gc.disable()  # some that are told of a collection are written in Python
    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
        gc.enable()
    return seen


def kvs(first: int = 1) -> list[dict[str, Any]]:
    return [{"key": b"%05d" % n, "value": b"v", "mod_revision": n} for n in range(first, first + MANY)]


def consume(items: Iterator[Any]) -> None:
    for _ in items:
        pass


def test_an_answer_that_nobody_looks_at_costs_the_same_however_large() -> None:
    get, small, large = Get("k"), pb.RangeResponse(), pb.RangeResponse(kvs=kvs())
    assert calls(lambda: get.decode(large)) == calls(lambda: get.decode(small)) < 10


def test_reading_keys_makes_no_call_for_each() -> None:
    response = Get("k").decode(pb.RangeResponse(kvs=kvs()))
    assert calls(lambda: consume((kv.key, kv.value) for kv in response)) < MANY + 10  # those of the generator here
    assert calls(lambda: response.kvs) < 10


def test_reading_what_came_by_columns_makes_no_call_for_each() -> None:
    get, data = Get("k"), pb.RangeResponse(kvs=kvs()).SerializeToString()
    assert calls(lambda: get.rpc.parse(data)) < 10
    response = get.decode(get.rpc.parse(data))
    assert calls(lambda: consume(iter(response))) < 10
    assert calls(lambda: response.kvs) < 10


def test_one_of_many_keys_is_made_alone() -> None:
    response = Get("k").decode(pb.RangeResponse(kvs=kvs()))
    assert calls(lambda: response[MANY // 2]) < 5
    assert calls(lambda: response[-1]) < 5
    assert calls(lambda: len(response)) < 5


def test_what_was_deleted_and_answers_in_a_transaction_make_no_call_for_each_key() -> None:
    delete, deleted = Delete("k"), pb.DeleteRangeResponse(prev_kvs=kvs())
    assert calls(lambda: delete.decode(deleted)) < 10
    answer = pb.TxnResponse(succeeded=True, responses=[{"response_range": {"kvs": kvs()}}])
    txn = Txn(then=[Get("k")])
    assert calls(lambda: txn.decode(answer)) < 20


def test_a_transaction_makes_one_call_for_each_part_and_none_for_an_answer_that_nobody_looks_at() -> None:
    puts = [Put(b"%05d" % n, b"v") for n in range(MANY)]
    assert calls(lambda: Txn(then=puts)) < MANY + 10
    txn = Txn(then=puts)
    answer = pb.TxnResponse(succeeded=True, responses=[{"response_put": {}} for _ in puts])
    assert calls(lambda: txn.decode(answer)) < 10
    assert len(txn.decode(answer).responses) == MANY


def test_a_put_that_is_left_its_options_looks_into_none() -> None:
    assert calls(lambda: Put(b"k", b"v")) <= 5


def test_a_line_becomes_a_put_in_few_calls() -> None:
    lines = [f'{{"key": "{n}", "value": "v"}}\n'.encode() for n in range(MANY)]
    loading = load(lines, max_ops=MANY)
    loading.begin(lines)
    assert calls(loading.next) < 9 * MANY
    settled = load(lines, max_ops=MANY)
    settled.begin(lines)
    entries = settled.next()
    assert calls(lambda: settled.call(entries)) < MANY + 10
    assert calls(lambda: settled.settled(entries)) < 10


def test_events_are_made_without_a_call_for_each() -> None:
    events = pb.WatchResponse(events=[{"kv": kv} for kv in kvs()]).events
    assert calls(lambda: _decode.events(events)) <= 2
    cursor, response = Cursor(Keys.all(), start_revision=1), pb.WatchResponse(events=[{"kv": kv} for kv in kvs()])
    assert calls(lambda: cursor.receive(response)) < 10


def received(events: list[dict[str, Any]]) -> WatchResponse:
    data = pb.WatchResponse(events=events).SerializeToString()
    batch = Cursor(Keys.all(), start_revision=1).receive(WATCH.parse(data))
    assert batch is not None
    return batch


def test_events_that_came_by_columns_are_not_made_before_they_are_taken() -> None:
    many, inbox = [{"kv": kv} for kv in kvs()], Inbox(2 * MANY)
    assert calls(lambda: received(many)) < 30
    before = len(gc.get_objects())
    batch = received(many)
    inbox.put(batch)
    # What nobody has taken is no work for the garbage collector.
    assert len(gc.get_objects()) - before < MANY // 10
    assert inbox.take_event() is not None
    assert calls(lambda: consume(inbox.at_hand)) <= 1
    assert (inbox.depth, inbox.revision) == (0, MANY)
    assert calls(lambda: batch.events) < 10


def test_an_event_leaves_the_inbox_with_no_call_and_a_batch_with_few() -> None:
    inbox = Inbox(2 * MANY)
    batch = Cursor(Keys.all(), start_revision=1).receive(pb.WatchResponse(events=[{"kv": kv} for kv in kvs()]))
    assert batch is not None
    inbox.put(batch)
    assert inbox.take_event() is not None
    assert calls(lambda: list(inbox.at_hand)) == 0
    assert (inbox.depth, inbox.revision) == (0, MANY)
    assert calls(lambda: inbox.put(batch)) == 1
    assert calls(inbox.take_batch) < 10
