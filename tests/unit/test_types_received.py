"""What was received is as what was made by hand: keys are made when they are looked at, and hold nothing else."""

import copy
import dataclasses
import gc
import pickle
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from typing import Any

import pytest

from etcdobs import (
    Delete,
    Get,
    Keys,
    KeyValue,
    Put,
    PutResponse,
    RangeResponse,
    ResponseHeader,
    Txn,
    TxnResponse,
)
from etcdobs._watch import Cursor
from etcdobs._wire import etcdserverpb as pb

KVS: list[dict[str, Any]] = [
    {"key": b"\0%d" % n, "value": b"\xff" * n, "create_revision": n, "mod_revision": n + 5, "version": 2, "lease": n}
    for n in range(1, 6)
]
HEADER = {"cluster_id": 1, "member_id": 2, "revision": 30, "raft_term": 4}
MADE = RangeResponse(
    header=ResponseHeader(1, 2, 30, 4),
    kvs=tuple(KeyValue(b"\0%d" % n, b"\xff" * n, n, n + 5, 2, n) for n in range(1, 6)),
    count=9,
    more=True,
)


def received() -> RangeResponse:
    message = pb.RangeResponse(header=HEADER, kvs=KVS, count=9, more=True)
    return Get("k").decode(pb.RangeResponse.FromString(message.SerializeToString()))


WAYS: list[Callable[[RangeResponse], Any]] = [
    len,
    list,
    repr,
    hash,
    bool,
    pickle.dumps,
    dataclasses.asdict,
    attrgetter("kvs", "count", "more", "revision", "header"),
    lambda response: list(reversed(response)),
    lambda response: (response[0], response[-1], response[1:3], response[::-2], response[7:]),
    lambda response: (response.index(MADE[2]), MADE[3] in response, MADE[3]._replace(lease=9) in response),
    lambda response: dataclasses.replace(response, more=False),
    lambda response: response == MADE,
    lambda response: response != dataclasses.replace(MADE, kvs=MADE.kvs[1:]),
]


@pytest.mark.parametrize("way", WAYS)
def test_whichever_way_it_is_read_first_it_is_the_same(way: Callable[[RangeResponse], Any]) -> None:
    response = received()
    assert way(response) == way(MADE)
    assert way(response) == way(MADE)  # and again, whatever is kept by now
    assert response == MADE


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda response: pickle.loads(pickle.dumps(response))])
def test_a_copy_is_equal_and_whole(copied: Callable[[RangeResponse], RangeResponse]) -> None:
    assert copied(received()) == MADE
    assert list(copied(received())) == list(MADE)
    assert copied(copied(received()))[1] == MADE[1]


TXN_WAYS: list[Callable[[TxnResponse], Any]] = [
    repr,
    hash,
    bool,
    copy.copy,
    copy.deepcopy,
    dataclasses.asdict,
    attrgetter("responses", "succeeded", "revision"),
    lambda response: dataclasses.replace(response, succeeded=False),
    lambda response: pickle.loads(pickle.dumps(response)),
]


def answered() -> TxnResponse:
    parts: list[Any] = [{"response_range": {"header": HEADER, "kvs": KVS, "count": 9, "more": True}}]
    parts.append({"response_put": {"header": HEADER}})
    answer = pb.TxnResponse(header=HEADER, succeeded=True, responses=parts)
    return Txn(then=[Get("k"), Put("k")]).decode(pb.TxnResponse.FromString(answer.SerializeToString()))


@pytest.mark.parametrize("way", TXN_WAYS)
def test_whichever_way_a_transaction_is_read_first_it_is_the_same(way: Callable[[TxnResponse], Any]) -> None:
    made = TxnResponse(header=MADE.header, succeeded=True, responses=(MADE, PutResponse(header=MADE.header)))
    response = answered()
    assert way(response) == way(made)
    assert response == made
    assert response.responses is response.responses


def test_an_answer_of_other_parts_than_were_asked_for_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="1 operations ran, and 0 were answered"):
        Txn(then=[Get("k")]).decode(pb.TxnResponse(succeeded=True))


def test_an_index_beyond_the_last_and_a_name_that_is_none_say_so() -> None:
    response = received()
    with pytest.raises(IndexError):
        response[5]
    with pytest.raises(AttributeError, match="'RangeResponse' object has no attribute 'keys'"):
        _ = response.keys  # type: ignore[attr-defined]
    with pytest.raises(dataclasses.FrozenInstanceError):
        response.kvs = ()  # type: ignore[misc]


def test_iterations_are_apart_from_each_other_and_from_kvs() -> None:
    response = received()
    first, second = iter(response), iter(response)
    assert [next(first), next(first), next(second)] == [MADE[0], MADE[1], MADE[0]]
    assert response.kvs is response.kvs
    assert list(first) == list(MADE[2:])
    assert list(second) == list(MADE[1:])


def test_threads_that_look_at_once_see_the_same() -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in range(50):
            response = received()
            seen = list(pool.map(lambda n, one=response: one.kvs if n % 2 else tuple(one), range(8)))
            assert all(kvs == MADE.kvs for kvs in seen)


def held(kept: object) -> set[type]:
    """The types of all that an object keeps alive, classes left out."""
    known: dict[int, object] = {}
    left = deque([kept])
    while left:
        item = left.popleft()
        if id(item) not in known and not isinstance(item, type):
            known[id(item)] = item
            left.extend(gc.get_referents(item))
    return {type(item) for item in known.values()}


def test_a_key_that_is_kept_holds_nothing_but_itself() -> None:
    batch = Cursor(Keys.all(), start_revision=1, prev_kv=True).receive(
        pb.WatchResponse(events=[{"kv": kv, "prev_kv": kv} for kv in KVS])
    )
    assert batch is not None
    put = Put("k").decode(pb.PutResponse(header=HEADER, prev_kv=KVS[0]))
    deleted = Delete("k").decode(pb.DeleteRangeResponse(header=HEADER, deleted=5, prev_kvs=KVS))
    answer = pb.TxnResponse(header=HEADER, succeeded=True, responses=[{"response_range": {"kvs": KVS}}])
    (read,) = Txn(then=[Get("k")]).decode(answer).responses
    assert isinstance(read, RangeResponse)
    response = received()
    keys = [response[0], response[1:][0], next(iter(response)), response.kvs[0], read[0], put.prev_kv]
    keys += [*deleted.prev_kvs, batch.events[0].kv, batch.events[0].prev_kv]
    for kv in keys:
        assert held(kv) == {KeyValue, bytes, int}
        assert kv is not None
        assert type(kv.key) is type(kv.value) is bytes


def test_an_answer_lets_the_message_go_once_all_keys_are_kept() -> None:
    response = received()
    _ = response.kvs
    assert held(response) == {RangeResponse, ResponseHeader, tuple, KeyValue, bytes, int, bool, type(None)}


def test_keys_that_came_in_are_as_those_that_were_made() -> None:
    one, made = received()[2], MADE[2]
    assert (one, hash(one), repr(one), type(one)) == (made, hash(made), repr(made), KeyValue)
    for again in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert again == made
        assert type(again) is KeyValue
    assert one._replace(key=b"k").key == b"k"
    with pytest.raises(AttributeError):
        one.key = b""  # type: ignore[misc]
