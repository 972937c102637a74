"""What is in a Kubernetes Secret is covered wherever a value may be seen: lists, dialogs, lines to copy."""

import base64
import gzip
import json

import pytest

from etcdobs_explorer.demo.kubernetes import mapping, metadata, stored
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
SECRETS = {
    "protobuf": stored("v1", "Secret", {1: metadata("s", "default", created=1), 2: mapping({"password": CANARY})}),
    "json": _JSON,
    "json, kind late": json.dumps({**_SORTED, "data": {"password": CANARY.decode(), "filler": "x" * 300}}).encode(),
    "json, led by space": b"\n\t " + _JSON,
    "yaml": _YAML,
    "gzip": gzip.compress(_JSON),
    "base64": base64.b64encode(_JSON),
}
OTHERS = (
    b'{"a": "Secretly"}',
    b"plain",
    stored("v1", "Pod", {1: metadata("p", "d", created=1)}),
    b'{"apiVersion": "v1", "kind": "Pod", "metadata": {}}',
    b"a: 1\nb: 2\n",
)
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


@EACH
def test_heads_show_nothing_of_it(raw: bytes) -> None:
    assert not leaks(head_of(raw))
    cut = raw[:EVENT_HEAD]
    assert not leaks(head_of(cut, is_cut=len(raw) > EVENT_HEAD))


@EACH
@pytest.mark.parametrize("form", ["", *FORMS])
def test_every_form_covers_it(raw: bytes, form: str) -> None:
    body = decode(raw, Asked(form)).body
    shown = body.data if isinstance(body, Hex) else b"\n".join(body.lines)
    assert not leaks(shown)
    assert base64.b64encode(_JSON)[:40] not in shown


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


async def test_no_screen_shows_it() -> None:
    pairs = {b"s/" + name.encode(): raw for name, raw in SECRETS.items()}
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
