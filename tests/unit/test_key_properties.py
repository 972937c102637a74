"""Whatever the bytes, a `Keys` holds the keys that its name says, as etcd compares them."""

import copy
import pickle

import pytest
from hypothesis import given

from etcdobs import Keys
from tests.unit.drawn import between, keys, ranges, texts, wanted


def held_by_etcd(asked: Keys, key: bytes) -> bool:
    """etcd's rule for a request's key and range_end."""
    if not asked.end:
        return key == asked.start
    return key >= asked.start and (asked.end == b"\0" or key < asked.end)


@given(prefix=texts, key=keys)
def test_a_prefix_holds_what_begins_with_it(prefix: bytes, key: bytes) -> None:
    assert held_by_etcd(Keys.prefix(prefix), key) is key.startswith(prefix)


@given(first=texts, key=keys)
def test_from_key_holds_what_is_not_before_it(first: bytes, key: bytes) -> None:
    assert held_by_etcd(Keys.from_key(first), key) is (key >= first)


@given(start=texts, end=texts, key=keys)
def test_between_holds_what_lies_in_it_and_refuses_to_be_empty(start: bytes, end: bytes, key: bytes) -> None:
    if (start or b"\0") >= end:
        with pytest.raises(ValueError, match="end"):
            Keys.between(start, end)
    else:
        assert held_by_etcd(Keys.between(start, end), key) is (start <= key < end)


@given(key=keys)
def test_all_holds_every_key(key: bytes) -> None:
    assert held_by_etcd(Keys.all(), key)


@given(asked=wanted, key=keys)
def test_what_a_keys_says_it_holds_is_what_etcd_takes_it_for(asked: Keys, key: bytes) -> None:
    assert (key in asked) is held_by_etcd(asked, key)


@given(outer=texts, inner=texts, key=keys)
def test_a_longer_prefix_holds_no_more(outer: bytes, inner: bytes, key: bytes) -> None:
    if key in Keys.prefix(outer + inner):
        assert key in Keys.prefix(outer)


@given(asked=between)
def test_a_range_ends_before_its_end(asked: Keys) -> None:
    assert asked.end not in asked
    assert asked.start in asked


@given(asked=wanted)
def test_a_keys_is_a_value(asked: Keys) -> None:
    assert pickle.loads(pickle.dumps(asked)) == copy.copy(asked) == asked
    assert hash(copy.copy(asked)) == hash(asked)


@given(asked=ranges)
def test_a_range_is_never_a_single_key(asked: Keys) -> None:
    assert not asked.is_single
    assert asked.start
    assert asked.end


@given(text=texts.map(lambda raw: raw.decode("latin-1")))
def test_str_is_its_utf8(text: str) -> None:
    assert Keys.prefix(text) == Keys.prefix(text.encode())
