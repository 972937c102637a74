"""Lines of keys: whatever is stored comes back, and a line that is wrong is named."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etcdobs import Keys, KeyValue
from etcdobs._lines import Heading, Reading, ending, heading, heading_of, lines


def kv(key: bytes, value: bytes = b"v") -> KeyValue:
    return KeyValue(key, value, 1, 1, 1, 0)


def read(*texts: str | bytes) -> list[tuple[bytes, bytes]]:
    reading = Reading()
    found = [entry for text in texts if (entry := reading.read(text)) is not None]
    reading.finish()
    return found


WHOLE = Heading(7, Keys.all(), b"", "cdf818194e3a8c32")
BYTES = st.one_of(st.binary(max_size=20), st.text(max_size=20).map(str.encode))


@given(stored=st.lists(st.tuples(BYTES.filter(bool), BYTES), max_size=5))
def test_what_is_written_is_read(stored: list[tuple[bytes, bytes]]) -> None:
    text = heading(WHOLE) + lines(kv(*each) for each in stored) + ending(len(stored))
    assert read(*text.split(b"\n")) == stored
    assert read(*text.decode().split("\n")) == stored


def test_text_is_written_as_it_is_and_other_bytes_in_base64() -> None:
    assert json.loads(lines([kv("/é\n".encode(), b"\xff\0")])) == {"key": "/é\n", "value_base64": "/wA="}


@given(start=BYTES.filter(bool), end=BYTES, namespace=BYTES, leased=st.booleans())
def test_the_first_line_tells_of_what_it_is(start: bytes, end: bytes, namespace: bytes, leased: bool) -> None:
    told = Heading(7, Keys(start, end), namespace, "cdf818194e3a8c32", leased)
    assert heading_of(heading(told)) == told


def test_a_first_line_that_tells_no_cluster_is_one() -> None:
    first = b'{"revision": 7, "start": "a", "end": "b"}\n'
    assert heading_of(first) == Heading(7, Keys(b"a", b"b"), b"", None)
    assert read(first, lines([kv(b"a")]), ending(1)) == [(b"a", b"v")]


@pytest.mark.parametrize("rest", ['"cluster": 5, "namespace": ""', '"cluster": "5"', '"cluster": "5", "namespace": 1'])
def test_a_first_line_that_is_wrong_is_none(rest: str) -> None:
    with pytest.raises(ValueError, match=r"'cluster' must|'namespace"):
        heading_of(f'{{"revision": 7, "start": "a", "end": "b", {rest}}}'.encode())


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("nonsense", "no JSON"),
        ("[1]", "no JSON object"),
        ('{"key": "a"', "no JSON"),
        ('{"key": "a", "value": ""}\u00a0', "no JSON"),
        ("[" * 100_000, "nested too deep"),
        (b'{"key": "\xff", "value": ""}', "neither UTF-8 nor base64"),
        ('{"value": "v"}', "no key"),
        ('{"key": "a"}', "'value' and 'value_base64'"),
        ('{"key": "", "value": "v"}', "the key is empty"),
        ('{"key": "a", "value": 1}', "'value' must be a string, not 1"),
        ('{"key": "a", "value_base64": "a"}', "'value_base64' is no base64"),
        ('{"key": "a", "value_base64": 5}', "'value_base64' is no base64"),
        ('{"key": "a", "value": "v", "value_base64": "YQ=="}', "one of 'value'"),
        ('{"key": "a", "value": "v", "leese": 1}', "unknown: 'leese'"),
        ('{"key": "\\ud800", "value": "v"}', "surrogates"),
    ],
)
def test_a_line_that_is_wrong_is_named(line: Any, wrong: str) -> None:
    reading = Reading()
    reading.read('{"key": "a", "value": ""}')
    reading.read("\n")
    with pytest.raises(ValueError, match=r"^line 3: ") as told:
        reading.read(line)
    assert wrong in str(told.value)


def test_a_byte_order_mark_before_all_is_no_part_of_it() -> None:
    text = '\ufeff{"key": "a", "value": "b"}\n'
    assert read(text) == read(text.encode()) == [(b"a", b"b")]
    with pytest.raises(ValueError, match="line 2: no JSON"):
        read(text, text)


def test_what_is_compressed_is_named() -> None:
    first, _, _ = gzip.compress(b'{"key": "a", "value": "b"}\n').partition(b"\n")
    with pytest.raises(ValueError, match=r"line 1: this is gzip: open it with gzip\.open"):
        read(first)


@pytest.mark.parametrize("line", [{"key": "a", "value": "b"}, None, 5])
def test_what_is_no_line_is_named(line: Any) -> None:
    reading = Reading()
    reading.skip()
    with pytest.raises(TypeError, match=f"^line 2: a line is str or bytes, .* not {type(line).__name__}$"):
        reading.read(line)


def test_half_a_dump_is_no_whole_one() -> None:
    first, entry = heading(WHOLE), lines([kv(b"a")])
    with pytest.raises(ValueError, match="begins in line 1 ends after 1 keys without"):
        read(first, entry)
    with pytest.raises(ValueError, match="line 3: 1 keys came since line 1, and 2 were written"):
        read(first, entry, ending(2))
    with pytest.raises(ValueError, match="line 3: what begins in line 1"):
        read(first, entry, first)
    assert len(read(first, entry, ending(1), first, entry, ending(1))) == 2
