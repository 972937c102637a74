"""Values: which format is recognised, and that what is shown of it is what is stored."""

import gzip
import json

import pytest

from etcdobs_explorer.model.syntax import Syntax, Token, pieces
from etcdobs_explorer.model.value import PRETTY_BYTES, Hex, Lines, decode, hex_row
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
    raw = json.dumps({"k": ["x" * 50] * 10_000}).encode()
    assert len(raw) > PRETTY_BYTES
    decoded = decode(raw)
    assert decoded.format == "JSON, as stored"
    assert isinstance(decoded.body, Lines)
    assert b"".join(decoded.body.lines) == raw


def test_a_kubernetes_object_names_its_type() -> None:
    decoded = decode(POD)
    assert decoded.facts == (("apiVersion", b"v1"), ("kind", b"Pod"), ("object", b"5 B"))
    assert decoded.body == Hex(b"\x0a\x03abc")


def test_an_encrypted_object_names_its_key() -> None:
    assert decode(b"k8s:enc:kms:v2:vault:\x00").facts == (("provider", b"kms:v2:vault"),)


def test_a_gzip_bomb_is_inflated_up_to_a_bound() -> None:
    decoded = decode(gzip.compress(b"x" * 50_000_000))
    assert isinstance(decoded.body, Lines)
    assert sum(map(len, decoded.body.lines)) < 1_000_000
    assert decoded.facts[0] == ("inflated", b"first 256 KiB")


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
