"""What is in a Kubernetes Secret is covered wherever a value may be seen: lists, dialogs, lines to copy."""

import base64
import gzip
import json

import cbor2
import pytest
import zstandard

from etcdobs_explorer.demo.kubernetes import mapping, message, metadata, stored
from etcdobs_explorer.model.diff import diff
from etcdobs_explorer.model.inspection import held
from etcdobs_explorer.model.records import EVENT_HEAD, Entry, EventRecord
from etcdobs_explorer.model.secrets import head_of, is_secret, may_be_secret
from etcdobs_explorer.model.value import FORMS, Asked, Hex, decode
from etcdobs_explorer.model.writes import RefusedError, check_editable, create, delete_key, plan_lines, transfer
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import WIDE, explorer

CANARY = b"c0vered-canary"
_OBJECT = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"password": CANARY.decode()}}
_SORTED = dict(sorted({**_OBJECT, "data": {"filler": "x" * 300, "password": CANARY.decode()}}.items()))
_JSON = json.dumps(_OBJECT).encode()
_YAML = b"apiVersion: v1\ndata:\n  password: " + CANARY + b"\nkind: Secret\nmetadata:\n  name: s\n"
_POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
_LIST = {"apiVersion": "v1", "kind": "List", "items": [_POD, _OBJECT]}
_BARE = {name: _OBJECT[name] for name in ("metadata", "data")}  # an API server names the kind of a list's items once
_PROTOBUF = {1: metadata("s", "default", created=1), 2: mapping({"password": CANARY})}
_DEEP = json.dumps({**_OBJECT, "deep": "@"}).replace('"@"', "[" * 900 + "1," * 50_000 + "1" + "]" * 900).encode()
SECRETS = {
    "protobuf": stored("v1", "Secret", _PROTOBUF),
    "protobuf, cut off": stored("v1", "Secret", _PROTOBUF)[:-3],
    "protobuf list": stored("v1", "SecretList", {1: b"", 2: message(_PROTOBUF)}),
    "json": _JSON,
    "json, kind late": json.dumps({**_SORTED, "data": {"password": CANARY.decode(), "filler": "x" * 300}}).encode(),
    "json, led by space": b"\n\t " + _JSON,
    "json, cut off": json.dumps({**_OBJECT, "z": "z" * 300}).encode()[:-20],
    "json, too deep": _DEEP,
    "json, too much": json.dumps({**_OBJECT, "z": [1] * 300_001}).encode(),
    "json lines": _JSON + b"\n" + _JSON,
    "json array": json.dumps([_POD, {**_POD, "filler": "x" * 300}, _OBJECT]).encode(),
    "json list": json.dumps({**_LIST, "filler": "x" * 300}).encode(),
    "json list of secrets": json.dumps({"apiVersion": "v1", "kind": "SecretList", "items": [_BARE]}).encode(),
    "json, byte order mark": b"\xef\xbb\xbf" + _JSON,
    "cbor": b"\xd9\xd9\xf7" + cbor2.dumps(_OBJECT),
    "cbor, untagged": cbor2.dumps(_OBJECT),
    "cbor, with a tag within": b"\xd9\xd9\xf7" + cbor2.dumps({**_OBJECT, "at": cbor2.CBORTag(1, 1_700_000_000)}),
    "cbor array": cbor2.dumps([_POD, _OBJECT]),
    "yaml": _YAML,
    "yaml, quoted": _YAML.replace(b"kind: Secret", b'"kind": "Secret"  # it is'),
    "yaml, windows": _YAML.replace(b"\n", b"\r\n"),
    "yaml of several": b"apiVersion: v1\nkind: Pod\n---\n" + _YAML,
    "yaml list": b"apiVersion: v1\nkind: List\nitems:\n- " + _YAML.strip().replace(b"\n", b"\n  "),
    "yaml array": b"- " + _YAML.strip().replace(b"\n", b"\n  "),
    "yaml, in flow": b"apiVersion: v1\nitems:\n- {kind: Secret, data: {password: " + CANARY + b"}}\n",
    "gzip": gzip.compress(_JSON),
    "gzip of yaml": gzip.compress(_YAML),
    "gzip, three times": gzip.compress(gzip.compress(gzip.compress(_JSON))),
    "zstd": zstandard.compress(_JSON),
    "base64": base64.b64encode(_JSON),
    "base64 of a list": base64.encodebytes(json.dumps(_LIST).encode()),
}
_REFERENCE = {"apiVersion": "v1", "kind": "Secret", "name": "s"}
OTHERS = (
    b'{"a": "Secretly"}',
    b"plain",
    stored("v1", "Pod", {1: metadata("p", "d", created=1)}),
    b'{"apiVersion": "v1", "kind": "Pod", "metadata": {}}',
    b"a: 1\nb: 2\n",
)
NAMING = (
    json.dumps({**_POD, "kind": "Gateway", "certificateRefs": [_REFERENCE]}).encode(),
    json.dumps({"data": {"kind": "Secret"}}).encode(),
    b"apiVersion: v1\nkind: Gateway\nspec:\n  refs:\n  - kind: Secret\n    name: s\n",
    cbor2.dumps({**_POD, "ref": _REFERENCE}),
)
"""What names a Secret, and is none."""
EACH = pytest.mark.parametrize("raw", SECRETS.values(), ids=SECRETS)


def leaks(shown: bytes | str) -> bool:
    """Whether any of a Secret's data is in a text."""
    text = shown.encode() if isinstance(shown, str) else shown
    return any(part in text for part in (CANARY, b"c0vered", base64.b64encode(CANARY)[:8], CANARY.hex().encode()))


@EACH
def test_it_is_told_from_others(raw: bytes) -> None:
    assert is_secret(raw)
    assert may_be_secret(raw)
    assert not any(is_secret(each) or may_be_secret(each) for each in OTHERS)


@pytest.mark.parametrize("raw", NAMING)
def test_what_names_one_is_shown(raw: bytes) -> None:
    assert not is_secret(raw)
    assert not decode(raw).is_secret
    check_editable(raw)


@EACH
def test_heads_show_nothing_of_it(raw: bytes) -> None:
    assert not leaks(head_of(raw))
    cut = raw[:EVENT_HEAD]
    assert not leaks(head_of(cut, is_cut=len(raw) > EVENT_HEAD))


@EACH
def test_every_form_covers_it(raw: bytes) -> None:
    for form in ("", *FORMS):
        decoded = decode(raw, Asked(form))
        assert decoded.is_secret, form
        body = decoded.body
        shown = body.data if isinstance(body, Hex) else b"\n".join(body.lines)
        assert not leaks(shown), form
        assert base64.b64encode(_JSON)[:40] not in shown, form


@EACH
def test_what_was_revealed_can_be_covered_again(raw: bytes) -> None:
    assert all(decode(raw, Asked(form, reveal=True)).is_secret for form in ("", "hex", "text"))


@EACH
def test_differences_cover_it(raw: bytes) -> None:
    found = diff(b"before", raw)
    assert not any(leaks(line.text) for line in found.whole)


@EACH
def test_what_the_log_holds_of_it_is_covered(raw: bytes) -> None:
    event = EventRecord(False, True, b"k", raw[:EVENT_HEAD], len(raw), 5)
    seen = held(event, None, 3)
    assert seen.after is not None
    assert not any(leaks(line.text) for line in diff(seen.before, seen.after).whole)


@EACH
def test_it_is_not_edited(raw: bytes) -> None:
    with pytest.raises(RefusedError):
        check_editable(raw)


@EACH
def test_lines_of_a_plan_cover_it(raw: bytes) -> None:
    entry = Entry(b"k", raw, 1, 2, 1, 0)
    for plan in (transfer(entry, b"to", None, move=True), create(b"k", raw), delete_key(entry)):
        assert not leaks("\n".join(plan_lines(plan)))
        assert base64.b64encode(_JSON)[:40].decode() not in "\n".join(plan_lines(plan))


_ON_SCREEN = ("protobuf", "json", "json list", "json lines", "yaml", "yaml array", "gzip", "base64 of a list")


async def test_no_screen_shows_it() -> None:
    pairs = {b"s/" + name.encode(): SECRETS[name] for name in _ON_SCREEN}
    gateway = FakeGateway(pairs)
    async with explorer(gateway, WIDE) as shown:
        await shown.see("live")
        await shown.press("4", "enter")
        for number, (key, raw) in enumerate(pairs.items(), 1):
            gateway.put(key, raw)
            await shown.see(f"{number} event")
            assert not leaks(shown.text), key
        await shown.press("1", "S", "ctrl+v", *"password", "enter")
        await shown.pilot.pause(0.1)
        assert not leaks(shown.text)
