"""The words of a line: etcdctl's quoting, JSON as it is typed, and names of the notebook."""

from types import SimpleNamespace

import pytest

from etcdobs_explorer.notebook.words import LineError, Word, split


def words(line: str, **names: object) -> list[bytes]:
    return [word.text for word in split(line, names)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("get /a --prefix", [b"get", b"/a", b"--prefix"]),
        ("  put\t/a   b  ", [b"put", b"/a", b"b"]),
        ("", []),
        ("put /a 'two words'", [b"put", b"/a", b"two words"]),
        ("""put /a 'say "hi" \\n'""", [b"put", b"/a", b'say "hi" \\n']),
        (r'put /a "say \"hi\" \n"', [b"put", b"/a", b'say "hi" \n']),
        (r'put "\xff\x00" "\u00e9\101"', [b"put", b"\xff\x00", "éA".encode()]),
        ("put /a ''", [b"put", b"/a", b""]),
        ("put /a it's", [b"put", b"/a", b"it's"]),
        ("get --user='root:a b' /a", [b"get", b"--user=root:a b", b"/a"]),
        ("put /ä 日本", [b"put", "/ä".encode(), "日本".encode()]),
    ],
)
def test_words_are_as_etcdctl_reads_them(line: str, expected: list[bytes]) -> None:
    assert words(line) == expected


@pytest.mark.parametrize(
    "json",
    [
        '{"a": 1}',
        '{"a":  1.0, "b": [1,  2, {"c": null}]}',
        '[1, 2, "x y"]',
        '{"a": "it\'s \\"quoted\\" \\n"}',
        '{"$ref": "#/x", "n": "{name}", "m": "$name"}',
        '{"big": 123456789012345678901234567890, "e": 1E+2}',
        '{"a": "\\ud800", "u": "é"}',
        "{}",
        "[]",
    ],
)
def test_json_is_kept_as_it_is_typed(json: str) -> None:
    assert words(f"put /k {json}", name="X", ref="Y") == [b"put", b"/k", json.encode()]
    assert words(f"put /k {json} --prev-kv")[2:] == [json.encode(), b"--prev-kv"]
    assert words(f"put /k '{json}'" if "'" not in json else f"put /k {json}")[2] == json.encode()


def test_what_only_begins_like_json_is_words() -> None:
    assert words("put /k {a: 1}") == [b"put", b"/k", b"{a:", b"1}"]
    assert words("put /k [1]x") == [b"put", b"/k", b"[1]x"]


def test_deep_json_is_no_trouble() -> None:
    assert words("put /k " + "[" * 100_000)[2] == b"[" * 100_000


def test_simple_names_are_put_in() -> None:
    assert words("get {key} $key ${key}/x /a/{key}", key="/k") == [b"get", b"/k", b"/k", b"/k/x", b"/a//k"]
    assert words('put "{key}"', key="two words") == [b"put", b"two words"]
    assert words("put /k '{key}'", key="x") == [b"put", b"/k", b"{key}"]


def test_what_is_no_name_of_the_notebook_stays() -> None:
    assert words("get {nope} $nope $1 {a.b} {a[0]} {1}", a=1) == [
        b"get",
        b"{nope}",
        b"$nope",
        b"$1",
        b"{a.b}",
        b"{a[0]}",
        b"{1}",
    ]


@pytest.mark.parametrize(
    ("value", "typed"),
    [
        (b"\xff\x00", b"\xff\x00"),
        (bytearray(b"x"), b"x"),
        ("é", "é".encode()),
        (42, b"42"),
        (True, b"True"),
        ({"a": [1, "é"]}, '{"a": [1, "é"]}'.encode()),
        (SimpleNamespace(id=0x7B, ttl=60), b"7b"),
    ],
)
def test_values_of_the_notebook_are_typed_as_they_would_be(value: object, typed: bytes) -> None:
    assert words("put {value}", value=value) == [b"put", typed]


def test_a_value_is_one_word_and_never_an_option() -> None:
    (_, word) = split("get {key}", {"key": "--prefix /b"})
    assert word == Word(b"--prefix /b", given="--prefix /b", start=4, literal=0)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("put /k 'open", "the closing ' is missing"),
        ('put /k "open', 'the closing " is missing'),
        ("put /k 'a'b", "a blank is wanted"),
        (r'put /k "\q"', r"unknown escape \\q"),
        ("put {bad}", "no JSON"),
    ],
)
def test_what_is_wrong_is_said(line: str, message: str) -> None:
    with pytest.raises(LineError, match=message):
        split(line, {"bad": {"x": object()}})
