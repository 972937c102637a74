"""What is drawn: hostile data stays data, in HTML and in a terminal; secrets stay masked; much is windowed."""

import base64
import gzip
import json
import re
from html.parser import HTMLParser

import pytest
import zstandard

from etcdobs import Event, EventType, KeyValue, Member, RangeResponse, ResponseHeader
from etcdobs_explorer.notebook.as_html import html
from etcdobs_explorer.notebook.as_text import plain
from etcdobs_explorer.notebook.blocks import Bar, Block, Folded, Heading, Lines, Node, Note, Table, Tone, Toned, Tree
from etcdobs_explorer.notebook.limits import Limits
from etcdobs_explorer.notebook.masked import without_secrets
from etcdobs_explorer.notebook.results import cluster
from etcdobs_explorer.notebook.results.keys import KeyRange
from etcdobs_explorer.notebook.results.past import Changed, Difference, History
from etcdobs_explorer.notebook.results.result import Framed
from etcdobs_explorer.notebook.results.tree import Branch, KeyTree
from tests.explorer.hostile import HOSTILE

HEADER = ResponseHeader(1, 2, 30, 4)
ATTACKS = {
    **HOSTILE,
    "script": b"<script>alert(1)</script>",
    "attribute": b'" onmouseover="alert(1)" x="',
    "entity": b"&lt;b&gt; &#60;",
    "comment": b"--><img src=x onerror=alert(1)>",
    "closing": b"</td></table></div><h1>x",
    "json markup": b'{"<img src=x onerror=alert(1)>": "</summary><b>\\u001b]2;x\\u0007\\u202e"}',
}
TAGS = {"div", "style", "table", "thead", "tbody", "tr", "th", "td", "span", "details", "summary", "pre", "i"}
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


class Page(HTMLParser):
    """Reads HTML as a browser does, and keeps what matters."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words = ""
        self._in_style = False
        self.depth = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._in_style = tag == "style"
        self.depth += 1

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        self.words += "" if self._in_style else data


def kv(key: bytes, value: bytes, number: int = 1) -> KeyValue:
    return KeyValue(key, value, number, number, 1, 0)


def found(*kvs: KeyValue, limits: Limits | None = None) -> KeyRange:
    response = RangeResponse(header=HEADER, kvs=kvs, count=len(kvs), more=False)
    return KeyRange(response, limits or Limits())


def check_harmless(markup: str, text: str) -> Page:
    page = Page(markup)
    assert page.tags <= TAGS
    assert page.attributes <= {"class", "style", "open"}
    assert page.depth == 0
    assert not UNSAFE.search(page.words)
    assert not UNSAFE.search(text)
    return page


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("form", ["auto", "text", "hex"])
def test_hostile_keys_and_values_stay_data(name: str, form: str) -> None:
    raw = ATTACKS[name]
    limits = Limits(form=form)  # type: ignore[arg-type]
    many, one = found(kv(raw, raw), kv(b"/x", raw), limits=limits), found(kv(raw, raw), limits=limits)
    for result in (many, one):
        check_harmless(result.html(), repr(result))


@pytest.mark.parametrize("name", ATTACKS)
def test_hostile_data_in_every_other_result(name: str) -> None:
    raw = ATTACKS[name]
    text = json.loads(json.dumps(raw.decode("utf-8", "surrogateescape")))
    events = [Event(EventType.PUT, kv(raw, raw, 3), kv(raw, b"before", 2)), Event(EventType.DELETE, kv(raw, b"", 4))]
    results: list[Framed] = [
        History(raw, events, Limits()),
        Difference((1, 2), [Changed(raw, kv(raw, b"a"), kv(raw, raw)), Changed(b"x", None, kv(b"x", raw))], Limits()),
        Difference((1, 2), [Changed(raw, kv(raw, b"a"), kv(raw, raw))], Limits()),
        KeyTree(
            Branch(b"", b"", True, 1, (Branch(raw, raw, True, 1, (Branch(raw, raw, False),), is_read=True),)),
            Limits(),
            separator=raw,
        ),
        cluster.members([Member(1, text, (text,), (text,), False)], Limits()),
        cluster.names([text], Limits(), "user"),
    ]
    for result in results:
        check_harmless(result.html(), repr(result))


def test_every_block_is_drawn_both_ways() -> None:
    blocks: list[Block] = [
        Heading("<head>"),
        Table(["a", "b"], [["<x>", 1], [None, Toned("y", Tone.BAD)]], frozenset({"b"})),
        Tree([Node(("n",), (Node(("leaf",)),), is_open=True)]),
        Lines([(Tone.ADDED, b"new"), (Tone.REMOVED, b"old"), (Tone.PLAIN, b"")]),
        Note(["said", Bar(0.5, "half"), Folded("short", (Note(("deep",)),))]),
    ]
    page = check_harmless(str(html(blocks)), plain(blocks))
    assert "<head>" in page.words
    assert plain(blocks).split("\n") == [
        "<head>",
        "a    b",
        "<x>  1",
        "     y",
        "└── n",
        "    └── leaf",
        "+ new",
        "- old",
        "",
        "said · █████░░░░░ half · short",
    ]


def test_wide_characters_keep_the_columns() -> None:
    text = repr(found(kv("日本".encode(), b"a"), kv(b"abcd", b"b")))
    assert text.split("\n")[1:3] == ["日本  a        1        1", "abcd  b        1        1"]


# -- much --------------------------------------------------------------------------------------------------------


def test_a_large_range_is_windowed_and_says_so() -> None:
    kvs = [kv(b"/k/%06d" % number, b"v") for number in range(50_000)]
    result = found(*kvs)
    markup, text = result.html(), repr(result)
    assert len(markup) < 20_000
    assert "the first 20 of 50,000 keys" in Page(markup).words
    assert "the first 20 of 50,000 keys" in text
    assert "/k/000019" in text
    assert "/k/000020" not in text


def test_a_large_value_is_cut_and_says_so() -> None:
    result = found(kv(b"/k", b"x" * 1_500_000), limits=Limits(max_bytes=1000))
    assert len(result.html()) < 10_000
    assert "the first 1000 B of 1.4 MiB" in repr(result)


def test_large_json_folds_and_stops() -> None:
    result = found(kv(b"/k", json.dumps({f"n{number}": {"x": [1, 2]} for number in range(100)}).encode()))
    page = check_harmless(result.html(), repr(result))
    assert "n99" in page.words
    huge = found(kv(b"/k", json.dumps(list(range(5000))).encode()), limits=Limits(max_bytes=0))
    assert "4,500 more" in Page(huge._repr_html_()).words


def test_numbers_are_shown_as_they_are_stored() -> None:
    stored = b'{"n": 123456789012345678901234567890, "f": 1.10, "n": 2, "e": 1E5}'
    words = Page(found(kv(b"/k", stored)).html()).words
    for number in ("123456789012345678901234567890", "1.10", "n: 2", "1E5"):
        assert number in words


# -- secrets -----------------------------------------------------------------------------------------------------

SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {
        "name": "db",
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": '{"data":{"password":"aHVudGVyMg=="}}'},
    },
    "data": {"password": "aHVudGVyMg=="},
    "stringData": {"plain": "hunter2"},
}
SECRETS = {
    "json": json.dumps(SECRET).encode(),
    "laid out": json.dumps(SECRET, indent=2).encode(),
    "list": json.dumps({"kind": "SecretList", "items": [{"data": {"p": "aHVudGVyMg=="}}]}).encode(),
    "mixed list": json.dumps({"kind": "List", "items": [SECRET, {"kind": "Pod"}]}).encode(),
    "array": json.dumps([{"kind": "Pod"}, SECRET]).encode(),
    "yaml": b"apiVersion: v1\nkind: Secret\ndata:\n  password: aHVudGVyMg==\nstringData: {plain: hunter2}\n",
    "protobuf": b"k8s\x00\x0a\x0c\x0a\x02v1\x12\x06Secret\x12\x0faHVudGVyMg==abc\x1a\x00\x22\x00",
    "gzip": gzip.compress(json.dumps(SECRET).encode()),
    "zstd": zstandard.ZstdCompressor().compress(json.dumps(SECRET).encode()),
    "base64": base64.b64encode(json.dumps(SECRET).encode()),
    "gzip of yaml": gzip.compress(b"apiVersion: v1\nkind: Secret\ndata:\n  password: aHVudGVyMg==\n"),
}


@pytest.mark.parametrize("name", SECRETS)
def test_secret_data_is_masked_everywhere(name: str) -> None:
    raw = SECRETS[name]
    limits = Limits(form="auto")
    old, new = kv(b"/s", raw), kv(b"/s", raw.replace(b"aHVudGVyMg", b"aHVudGVyMx"), 2)
    results: list[Framed] = [
        found(old),
        found(old, kv(b"/t", b"x")),
        found(old, limits=Limits(form="text")),
        found(old, limits=Limits(form="hex")),
        History(b"/s", [Event(EventType.PUT, new, old)], limits),
        Difference((1, 2), [Changed(b"/s", old, new)], limits),
    ]
    for result in results:
        for shown in (result.html(), repr(result), repr(result.columns())):
            assert "aHVudGVyM" not in shown
            assert "hunter2" not in shown
            assert raw[-20:].hex(" ") not in shown
            assert name != "base64" or raw[100:140].decode() not in shown


def test_secrets_are_revealed_on_request_only() -> None:
    result = found(kv(b"/s", SECRETS["json"]), limits=Limits(reveal_secrets=True))
    assert "hunter2" in result.html()
    assert "hunter2" in repr(found(kv(b"/s", SECRETS["json"])).columns(reveal=True))
    assert found(kv(b"/s", SECRETS["json"]))[0].value == SECRETS["json"]


@pytest.mark.parametrize("raw", [b'{"kind": "Pod", "data": {"a": "b"}}', b"Secret", b"kind: ConfigMap", b'{"Secret": '])
def test_what_is_no_secret_is_as_it_was(raw: bytes) -> None:
    assert without_secrets(raw) is raw
