"""How the endpoints of a target are stored, and what reads and changes of them mean."""

import json
from typing import Any

import pytest

from etcdobs import Event, EventType, KeyValue
from etcdobs.recipes import Endpoint
from etcdobs.recipes._naming import Present, Target, decode, encode
from etcdobs.types import RangeResponse, ResponseHeader

ONE, TWO = Endpoint("10.0.0.1:80"), Endpoint("10.0.0.2:80", {"weight": 2})


def kv(name: bytes, value: Endpoint | bytes, revision: int = 1) -> KeyValue:
    stored = encode(value) if isinstance(value, Endpoint) else value
    return KeyValue(b"svc/" + name, stored, 1, revision, 1, 0)


def read(*kvs: KeyValue, at: int) -> RangeResponse:
    return RangeResponse(header=ResponseHeader(1, 1, at, 1), kvs=kvs, count=len(kvs), more=False)


def put(name: bytes, value: Endpoint | bytes, revision: int) -> Event:
    return Event(EventType.PUT, kv(name, value, revision))


def delete(name: bytes, revision: int) -> Event:
    return Event(EventType.DELETE, KeyValue(b"svc/" + name, b"", 0, revision, 0, 0))


def test_what_is_stored() -> None:
    assert encode(Endpoint("127.0.0.1", "metadata1")) == b'{"Op":0,"Addr":"127.0.0.1","Metadata":"metadata1"}'
    assert encode(ONE) == b'{"Op":0,"Addr":"10.0.0.1:80","Metadata":null}'


@pytest.mark.parametrize("metadata", [None, "é<&>", 1, 2.5, True, [1, {"a": None}], {}])
def test_what_is_stored_is_read_again(metadata: Any) -> None:
    assert decode(encode(Endpoint("a:1", metadata))) == Endpoint("a:1", metadata)


@pytest.mark.parametrize(
    "value",
    [b"", b"nonsense", b"[]", b"null", b"1", b"{}", b'{"Addr":""}', b'{"Addr":1}', b"\xff", b"[" * 100_000],
)
def test_what_is_no_endpoint_is_passed_over(value: bytes) -> None:
    assert decode(value) is None


def test_fields_that_are_not_known_do_no_harm() -> None:
    assert decode(json.dumps({"Addr": "a:1", "Later": 1}).encode()) == Endpoint("a:1")


@pytest.mark.parametrize("metadata", [object(), b"bytes", float("nan"), {1, 2}, "\ud800"])
def test_metadata_is_json(metadata: Any) -> None:
    with pytest.raises(ValueError, match="metadata must be what JSON can hold"):
        encode(Endpoint("a:1", metadata))


@pytest.mark.parametrize(("addr", "wrong"), [("", ValueError), (None, TypeError), (b"a:1", TypeError)])
def test_an_endpoint_has_an_address(addr: Any, wrong: type[Exception]) -> None:
    with pytest.raises(wrong, match="addr"):
        Endpoint(addr)


@pytest.mark.parametrize(("target", "wrong"), [("", ValueError), ("svc/", ValueError), (None, TypeError)])
def test_a_target_has_a_name(target: Any, wrong: type[Exception]) -> None:
    with pytest.raises(wrong, match="target"):
        Target(target)


@pytest.mark.parametrize(
    ("changes", "wrong", "message"),
    [
        ({"": ONE}, ValueError, "name is empty"),
        ({1: ONE}, TypeError, "name must be str or bytes"),
        ({"a": "10.0.0.1:80"}, TypeError, "is an Endpoint, not str"),
        ([("a", ONE)], TypeError, "must map names"),
    ],
)
def test_changes_are_checked_before_anything_is_sent(changes: Any, wrong: type[Exception], message: str) -> None:
    with pytest.raises(wrong, match=message):
        Target("svc").update(changes, 0)


def test_reads_and_changes_are_put_together() -> None:
    present = Present(Target("svc"))
    assert present.read(read(kv(b"a", ONE), kv(b"bad", b"?"), at=7)) == {b"a": ONE}
    events = [put(b"b", ONE, 8), delete(b"a", 8), put(b"bad", b"?", 9), put(b"b", TWO, 10)]
    assert list(present.follow(events)) == [{b"b": ONE, b"a": None}, {b"b": TWO}]
    assert present.endpoints == {b"b": TWO}
    assert present.revision == 10


def test_a_gap_is_bridged_by_what_it_changed() -> None:
    present = Present(Target("svc"))
    present.read(read(kv(b"same", ONE), kv(b"gone", ONE), kv(b"moved", ONE), at=7))
    assert present.read(read(kv(b"same", ONE), kv(b"moved", TWO), kv(b"new", TWO), at=90)) == {
        b"gone": None,
        b"moved": TWO,
        b"new": TWO,
    }
    assert present.read(read(kv(b"same", ONE), kv(b"moved", TWO), kv(b"new", TWO), at=95)) == {}
    assert present.revision == 95
