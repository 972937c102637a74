"""A `Keys` holds the keys it says, and the bounds that etcd understands by them."""

import copy
import pickle
import random
from typing import Any

import pytest

from etcdobs import EmptyKeyError, InvalidArgumentError, Keys
from etcdobs.keys import as_key, as_keys, as_value

END_OF_ALL = b"\0"


@pytest.mark.parametrize(
    ("prefix", "start", "end"),
    [
        ("/app/", b"/app/", b"/app0"),
        ("a", b"a", b"b"),
        (b"a\xff", b"a\xff", b"b"),
        (b"a\xff\xff", b"a\xff\xff", b"b"),
        (b"\xfe", b"\xfe", b"\xff"),
        (b"\xff", b"\xff", END_OF_ALL),
        (b"\xff\xff", b"\xff\xff", END_OF_ALL),
        (b"a\0", b"a\0", b"a\1"),
        ("", b"\0", END_OF_ALL),
        ("ключ", "ключ".encode(), "ключ".encode()[:-1] + b"\x88"),
    ],
)
def test_a_prefix_ends_where_the_first_other_key_begins(prefix: str | bytes, start: bytes, end: bytes) -> None:
    assert Keys.prefix(prefix) == Keys(start, end)


def test_a_prefix_holds_exactly_the_keys_that_begin_with_it() -> None:
    draw = random.Random(20240607)
    alphabet = [0x00, 0x01, 0x61, 0x62, 0xFE, 0xFF]

    def word(least: int) -> bytes:
        return bytes(draw.choices(alphabet, k=draw.randint(least, 4)))

    for _ in range(5000):
        prefix, key = word(0), word(1)
        assert (key in Keys.prefix(prefix)) == key.startswith(prefix), (prefix, key)


def test_from_key_holds_the_key_and_all_after_it() -> None:
    keys = Keys.from_key("m")
    assert keys == Keys(b"m", END_OF_ALL)
    assert "m" in keys
    assert b"\xff\xff" in keys
    assert "l\xff" not in keys


def test_from_the_empty_key_is_from_the_first() -> None:
    assert Keys.from_key("") == Keys.all() == Keys(b"\0", END_OF_ALL)


def test_between_leaves_its_end_out() -> None:
    keys = Keys.between("/a", "/b")
    assert keys == Keys(b"/a", b"/b")
    assert "/a" in keys
    assert b"/a\xff" in keys
    assert "/b" not in keys


def test_between_with_an_empty_start_begins_at_the_first_key() -> None:
    assert Keys.between("", "b") == Keys(b"\0", b"b")


@pytest.mark.parametrize(("start", "end"), [("b", "a"), ("a", "a"), ("a", b"\0"), ("", b"\0")])
def test_between_bounds_that_hold_no_key_are_refused(start: str, end: str | bytes) -> None:
    with pytest.raises(ValueError, match="does not sort after"):
        Keys.between(start, end)


def test_between_without_an_end_says_what_to_use() -> None:
    with pytest.raises(ValueError, match="from_key"):
        Keys.between("a", "")


def test_one_key_is_single_and_holds_only_itself() -> None:
    keys = Keys.one("k")
    assert keys.is_single
    assert "k" in keys
    assert b"k\0" not in keys
    assert not Keys.prefix("k").is_single


def test_what_is_no_key_is_in_no_keys() -> None:
    assert 3 not in Keys.all()
    assert "" not in Keys.all()


@pytest.mark.parametrize("make", [as_key, as_keys, Keys.one])
def test_an_empty_key_is_refused_as_etcd_and_as_python_do(make: Any) -> None:
    for empty in ("", b""):
        with pytest.raises(EmptyKeyError) as caught:
            make(empty)
        assert isinstance(caught.value, ValueError)
        assert isinstance(caught.value, InvalidArgumentError)


def test_a_range_without_a_start_is_refused_where_it_is_used() -> None:
    with pytest.raises(EmptyKeyError):
        as_keys(Keys(b"", b"b"))


@pytest.mark.parametrize("wrong", [None, 3, 1.5, ["a"], object()])
def test_what_is_neither_str_nor_bytes_is_a_type_error_that_names_the_type(wrong: Any) -> None:
    for make in (as_key, as_keys, as_value, Keys.prefix, Keys.from_key):
        with pytest.raises(TypeError, match=type(wrong).__name__):
            make(wrong)


def test_a_keys_takes_bytes_only() -> None:
    with pytest.raises(TypeError, match="start must be bytes, not str"):
        Keys("a")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="end must be bytes, not int"):
        Keys(b"a", 3)  # type: ignore[arg-type]


def test_a_range_is_no_single_key() -> None:
    with pytest.raises(TypeError, match="one key is wanted"):
        as_key(Keys.prefix("a"))


def test_str_is_utf8_and_bytes_stay_as_they_are() -> None:
    assert as_key("é") == b"\xc3\xa9"
    assert as_key(b"\xff\0") == b"\xff\0"
    assert as_key(bytearray(b"k")) == b"k"
    assert as_value("") == b""
    assert as_keys("k") == Keys(b"k")


def test_a_keys_is_a_value() -> None:
    keys = Keys.prefix("/a/")
    assert len({keys, Keys.prefix(b"/a/")}) == 1
    assert pickle.loads(pickle.dumps(keys)) == keys
    assert copy.deepcopy(keys) == keys


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer_of_bytes_is_a_key_and_a_value(kind: Any) -> None:
    given = kind(b"k")
    assert as_keys(given) == Keys(as_key(given)) == Keys.one("k")
    assert as_value(given) == b"k"
    assert given in Keys.prefix("k")
