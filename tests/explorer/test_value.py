"""Values: which format is recognised, and that what is shown of it is what is stored."""

import base64
import gzip
import json
from collections.abc import Callable

import cbor2
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etcdobs_explorer.model.json_layout import is_too_much
from etcdobs_explorer.model.kubernetes import object_facts
from etcdobs_explorer.model.syntax import Syntax, Token, pieces
from etcdobs_explorer.model.value import FORMS, Asked, Lines, decode, forms, hex_row
from tests.explorer.hostile import HOSTILE

POD = b"k8s\0\n\x09\n\x02v1\x12\x03Pod\x12\x05\x0a\x03abc\x1a\x00\x22\x00"


@pytest.mark.parametrize(
    ("raw", "format"),
    [
        (b"", "empty"),
        (b"hello", "text"),
        ("größe".encode(), "text"),
        (b'{"a": 1}', "JSON"),
        (b" [1, 2]\n", "JSON"),
        (b"{not json", "text"),
        (b"42", "text"),
        (b"a: 1\nb:\n  - c\n", "YAML"),
        (b"---\nkind: Pod\n", "YAML"),
        (b"Dear all: hello\nthis is prose\n", "text"),
        (b"\x00\x01\x02", "binary"),
        (b"\xff\xfe", "binary"),
        (POD, "Kubernetes"),
        (b"k8s:enc:aescbc:v1:key1:\x00\x01", "Kubernetes, encrypted"),
        (gzip.compress(b'{"a": 1}'), "gzip of JSON"),
        (gzip.compress(b"\x00\x01"), "gzip of binary"),
        (b"\x1f\x8b\x08\x00garbage", "gzip, damaged"),
        (zstandard.compress(b"a: 1\nb: 2\n"), "zstd of YAML"),
        (zstandard.compress(b"a" * 100)[:-2], "zstd, damaged"),
        (b'[server]\nname = "x"  # it\nports = [1, 2]\n', "TOML"),
        (b"a = 1\nb = oops oops\n", "text"),
        (base64.b64encode(b'{"a": 1, "b": [2]}'), "base64 of JSON"),
        (base64.urlsafe_b64encode(gzip.compress(b"[1]")), "base64 of gzip of JSON"),
        (base64.b64encode(b"plain words in it"), "base64 of text"),
        (b"0123456789abcdef0123456789abcdef", "text"),
        (b"k8s\0\xff\xff", "Kubernetes, damaged"),
        (b"\xd9\xd9\xf7\xa1\x61a\x01", "CBOR"),
        (b"\xa1\x61a\x01", "binary"),
    ],
)
def test_formats(raw: bytes, format: str) -> None:
    assert decode(raw).format == format


def test_json_is_laid_out_and_nothing_in_it_is_changed() -> None:
    raw = b'{"a":1.0e5,"a":[],"big":12345678901234567890123,"s":"\\u00e9, {}:","n":{"x":[1,{}]}}'
    body = decode(raw).body
    assert isinstance(body, Lines)
    assert body.lines == [
        b"{",
        b'  "a": 1.0e5,',
        b'  "a": [],',
        b'  "big": 12345678901234567890123,',
        b'  "s": "\\u00e9, {}:",',
        b'  "n": {',
        b'    "x": [',
        b"      1,",
        b"      {}",
        b"    ]",
        b"  }",
        b"}",
    ]


def test_large_json_is_shown_as_it_is_stored() -> None:
    raw = json.dumps({"k": ["x" * 500] * 10_000}).encode()
    assert is_too_much(raw)
    decoded = decode(raw)
    assert decoded.format == "JSON, as stored"
    assert isinstance(decoded.body, Lines)
    assert b"".join(decoded.body.lines) == raw


def test_json_that_would_be_mostly_indent_is_shown_as_it_is_stored() -> None:
    raw = b"[" * 300 + b",".join([b"1"] * 200_000) + b"]" * 300
    assert decode(raw).format == "JSON, as stored"


@pytest.mark.parametrize(
    ("raw", "facts"),
    [
        (b"k8s:enc:aescbc:v1:key1:\x00\x01", (b"aescbc v1", b"key1", b"2 B")),
        (b"k8s:enc:kms:v2:vault:\x00", (b"kms v2", b"vault", b"1 B")),
        (b"k8s:enc:kms:v2:vault:\x0a\x02xy\x12\x03id7", (b"kms v2", b"vault", b"id7", b"9 B")),
        (b"k8s:enc:", (b" ", b"", b"0 B")),
    ],
)
def test_an_encrypted_object_names_provider_key_and_size(raw: bytes, facts: tuple[bytes, ...]) -> None:
    assert tuple(fact for _, fact in decode(raw).facts) == facts


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_bomb_is_inflated_up_to_a_bound(compress: Callable[[bytes], bytes]) -> None:
    decoded = decode(compress(b"x" * 50_000_000))
    assert isinstance(decoded.body, Lines)
    assert sum(map(len, decoded.body.lines)) == 4 * 1024 * 1024
    assert decoded.facts[0] == ("inflated", b"first 4.0 MiB")


def test_layers_within_layers_end() -> None:
    raw = b"[1]"
    for _ in range(10):
        raw = gzip.compress(raw)
    assert decode(raw).format == "gzip of gzip of gzip of gzip"


class TestForms:
    @pytest.mark.parametrize(
        ("raw", "offered"),
        [
            (b"", ()),
            (b"hello", ("text", "hex")),
            (b'{"a": 1}', ("json", "text", "hex")),
            (b"a: 1\nb: 2\n", ("yaml", "text", "hex")),
            (b"\x0a\x02hi\x10\x01", ("protobuf", "hex")),
            (b"\x00\x01", ("hex",)),
            (b"\xa1\x61a\x01", ("cbor", "hex")),
            (POD, ("kubernetes", "protobuf", "hex")),
            (base64.b64encode(b"0" * 15), ("base64", "text", "hex")),
        ],
    )
    def test_which_are_offered(self, raw: bytes, offered: tuple[str, ...]) -> None:
        assert forms(raw) == offered

    @pytest.mark.parametrize(
        ("raw", "form", "format"),
        [
            (b'{"a": 1}', "text", "text"),
            (b'{"a": 1}', "hex", "hex"),
            (b'{"a": 1}', "yaml", "YAML"),
            (b"hello", "toml", "TOML"),
            (b"hello", "json", "text"),
            (b"hello", "kubernetes", "text"),
            (b"\x00\x01", "text", "text"),
            (b"\xa1\x61a\x01", "cbor", "CBOR"),
            (b"\x0a\x02hi", "protobuf", "protobuf, inferred"),
            (POD, "protobuf", "protobuf, inferred"),
            (b"hello", "no such form", "text"),
        ],
    )
    def test_a_value_is_read_as_told_or_else_as_what_it_is(self, raw: bytes, form: str, format: str) -> None:
        assert decode(raw, Asked(form)).format == format

    def test_every_form_that_is_offered_can_be_read(self) -> None:
        for raw in (*HOSTILE.values(), POD, gzip.compress(b"[1]"), b"a = 1\nb = 2\n"):
            for form in forms(raw):
                assert decode(raw, Asked(form)).form == form


@settings(deadline=None)
@given(raw=st.binary(max_size=300), form=st.sampled_from(["", *FORMS]))
@example(raw=b"[" * 100_000, form="json")
@example(raw=b"\x9f" * 100_000, form="cbor")
@example(raw=b"\xd9\xd9\xf7" * 1_000, form="")
@example(raw=b"\x5b" + b"\xff" * 8, form="cbor")
@example(raw=b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", form="protobuf")
@example(raw=b'{"a": NaN}', form="json")
@example(raw='{"a": 1}'.encode("utf-16"), form="json")
def test_any_bytes_can_be_read_in_any_form(raw: bytes, form: str) -> None:
    for prefix in (
        b"",
        b"k8s\0",
        b"k8s:enc:",
        b"\x1f\x8b\x08",
        b"\x28\xb5\x2f\xfd",
        b"\xd9\xd9\xf7",
        b"{",
        b"k8s\0\x12",
    ):
        value = prefix + raw
        body = decode(value, Asked(form)).body
        lines = body.lines if isinstance(body, Lines) else [body.data]
        assert all(isinstance(line, bytes) for line in lines)
        assert bool(value) == bool(forms(value))
        object_facts(value)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=8),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
        max_leaves=20,
    )
)
def test_whatever_cbor_says_is_read(value: object) -> None:
    decoded = decode(b"\xd9\xd9\xf7" + cbor2.dumps(value))
    assert decoded.format == "CBOR"


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_values_are_read_somehow(raw: bytes) -> None:
    body = decode(raw).body
    if isinstance(body, Lines):
        for line in body.lines[:100]:
            assert pieces(line, body.syntax)


def test_long_lines_are_cut_between_characters() -> None:
    raw = "漢".encode() * 5_000
    body = decode(raw).body
    assert isinstance(body, Lines)
    assert max(map(len, body.lines)) <= 2048
    assert all(line.decode() for line in body.lines)
    assert b"".join(body.lines) == raw


@pytest.mark.parametrize(
    ("line", "syntax", "tokens"),
    [
        (b'  "a": "b",', Syntax.JSON, [Token.NAME, Token.STRING]),
        (b'  "a": -1.5e3', Syntax.JSON, [Token.NAME, Token.NUMBER]),
        (b"  null", Syntax.JSON, [Token.LITERAL]),
        (b"- name: web # first", Syntax.YAML, [Token.NAME, Token.COMMENT]),
        (b"port: 80", Syntax.YAML, [Token.NAME, Token.NUMBER]),
        (b'"a": 1', Syntax.PLAIN, []),
    ],
)
def test_lines_are_coloured_and_stay_whole(line: bytes, syntax: Syntax, tokens: list[Token]) -> None:
    found = pieces(line, syntax)
    assert "".join(piece.text.plain for piece in found) == line.decode()
    assert [p.token for p in found if p.token not in (Token.TEXT, Token.PUNCTUATION)] == tokens


def test_a_dump_row() -> None:
    assert hex_row(b"0123456789abcdefXY\x00", 0, 16) == (
        "00000000",
        "30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66",
        "0123456789abcdef",
    )
    offset, digits, printable = hex_row(b"0123456789abcdefXY\x00", 1, 16)
    assert (offset, digits.rstrip(), printable) == ("00000010", "58 59 00", "XY.")
    assert len(digits) == 48
