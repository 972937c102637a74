"""What comes out of a call: frozen values that know a little of themselves."""

import copy
import dataclasses
import pickle
from enum import Enum
from typing import Any

import pytest

from etcdobs import (
    DeleteResponse,
    Event,
    EventType,
    KeyValue,
    PutResponse,
    RangeResponse,
    ResponseHeader,
    TxnResponse,
    WatchResponse,
    types,
)

HEADER = ResponseHeader(cluster_id=1, member_id=2, revision=30, raft_term=4)


def kv(key: bytes, value: bytes = b"", create: int = 1, mod: int = 1) -> KeyValue:
    return KeyValue(key, value, create, mod, 1, 0)


def response(*keys: bytes) -> RangeResponse:
    return RangeResponse(header=HEADER, kvs=tuple(map(kv, keys)), count=10, more=True)


def test_a_value_is_read_as_text_and_as_json() -> None:
    assert kv(b"k", "né".encode()).text == "né"
    assert kv(b"k", b'{"a": [1, null]}').json() == {"a": [1, None]}


def test_a_value_that_is_neither_says_so() -> None:
    binary = kv(b"k", b"\xff\xfe")
    with pytest.raises(UnicodeDecodeError):
        _ = binary.text
    with pytest.raises(ValueError, match="Expecting value"):
        kv(b"k", b"no json").json()


def test_a_range_response_is_a_sequence_of_its_keys() -> None:
    some = response(b"a", b"b", b"c")
    assert len(some) == 3
    assert [one.key for one in some] == [b"a", b"b", b"c"]
    assert some[0].key == b"a"
    assert some[-1].key == b"c"
    assert [one.key for one in some[1:]] == [b"b", b"c"]
    assert kv(b"b") in some
    assert some.index(kv(b"c")) == 2
    assert [one.key for one in reversed(some)] == [b"c", b"b", b"a"]
    with pytest.raises(IndexError):
        _ = some[3]


def test_an_empty_range_response_is_false_and_count_is_etcds() -> None:
    assert not response()
    assert response().count == 10


def test_every_response_tells_its_revision() -> None:
    for one in (
        response(),
        PutResponse(header=HEADER),
        DeleteResponse(header=HEADER, deleted=0),
        TxnResponse(header=HEADER, succeeded=True, responses=()),
    ):
        assert one.revision == one.header.revision == 30


def test_responses_are_frozen_equal_and_survive_pickle_and_copy() -> None:
    some = response(b"a")
    assert some == response(b"a")
    assert some != response(b"b")
    assert pickle.loads(pickle.dumps(some)) == some
    assert copy.deepcopy(some) == some
    with pytest.raises(dataclasses.FrozenInstanceError):
        some.more = False  # type: ignore[misc]


KINDS: list[Any] = [kind for name in types.__all__ if isinstance(kind := getattr(types, name), type)]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_comes_out_can_be_changed(kind: Any) -> None:
    assert issubclass(kind, (tuple, Enum)) or kind.__dataclass_params__.frozen


@pytest.mark.parametrize(
    ("event", "is_create", "is_modify"),
    [
        (Event(EventType.PUT, kv(b"k", create=5, mod=5)), True, False),
        (Event(EventType.PUT, kv(b"k", create=5, mod=7)), False, True),
        (Event(EventType.DELETE, kv(b"k", create=0, mod=7)), False, False),
    ],
)
def test_an_event_says_whether_the_key_was_there_before(event: Event, is_create: bool, is_modify: bool) -> None:
    assert event.is_create is is_create
    assert event.is_modify is is_modify


def test_a_batch_without_events_is_progress() -> None:
    assert WatchResponse((), 5).is_progress
    assert not WatchResponse((Event(EventType.PUT, kv(b"k")),), 5).is_progress


def test_an_answer_to_a_delete_or_a_transaction_is_a_condition() -> None:
    assert DeleteResponse(header=HEADER, deleted=2)
    assert not DeleteResponse(header=HEADER, deleted=0)
    assert TxnResponse(header=HEADER, succeeded=True, responses=())
    assert not TxnResponse(header=HEADER, succeeded=False, responses=())
