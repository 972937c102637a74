"""What somebody who meets `%etcd` for the first time runs into: summaries, frames of differences, hints, slips."""

import json

import pytest

from etcdobs import KeyValue
from etcdobs_explorer.notebook.as_text import plain
from etcdobs_explorer.notebook.limits import Limits
from etcdobs_explorer.notebook.results.past import Changed, Difference, changed
from etcdobs_explorer.notebook.results.tree import Branch, KeyTree
from tests.notebook.kernel import Kernel

pytestmark = pytest.mark.timeout(120)


def folder(name: bytes, *children: Branch, is_read: bool = True) -> Branch:
    return Branch(name, name + b"/", True, 1, children, is_read=is_read)


def summary(before: bytes | None, after: bytes | None) -> str:
    return plain(Difference((1, 2), [Changed(b"/k", kv(before), kv(after))] * 2, Limits()).blocks())


def kv(value: bytes | None) -> KeyValue | None:
    return None if value is None else KeyValue(b"/k", value, 1, 2, 1, 0)


def test_the_branches_of_a_tree_meet_where_more_is_left_out() -> None:
    root = folder(b"", *(folder(b"d%d" % at, Branch(b"k", b"d/k", False)) for at in range(3)))
    lines = plain(KeyTree(root, Limits(displaylimit=2), separator=b"/").blocks()).split("\n")
    assert [line[:4] for line in lines[:-1]] == ["├── ", "│   ", "├── ", "│   ", "└── "]
    assert "1 more" in lines[-2]


def test_what_a_tree_did_not_read_is_said_once() -> None:
    root = folder(b"", folder(b"a", is_read=False), folder(b"b", is_read=False))
    text = plain(KeyTree(root, Limits(), separator=b"/").blocks())
    assert text.count("--depth") == 1
    assert len(text.split("\n")) == 3


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (b"5s", b"30s", "5s → 30s"),
        (b"v" * 100, b"w", "+1 -1 lines"),
        (b'{"a": 7, "b": {"c": "x"}}', b'{"a": 0, "b": {"c": "x"}}', "a: 7 → 0"),
        (b'{"a": {"b": 1}, "c": 2}', b'{"a": {"b": 2}}', "a.b: 1 → 2, c: 2 → -"),
        (b'{"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}', b'{"a": 2, "b": 2, "c": 2, "d": 2, "e": 2}', "2 more"),
        (b'{"a": null}', b"{}", "a: null → -"),
        (b'{"a": 1}', b'{"a": true}', "a: 1 → true"),
        (b"[1]", b"[2]", "[1] → [2]"),
        (b"\xff", b"\xfe", "\\xff"),
    ],
)
def test_what_changed_is_read_without_opening_it(before: bytes, after: bytes, said: str) -> None:
    if before == b"\xff":
        assert "→" not in summary(before, after).split("change")[1].split("\n")[1].replace("2 → 2", "")
    else:
        assert said in summary(before, after)


def test_a_value_that_is_gone_is_named() -> None:
    assert "5s → -" in summary(b"5s", None)


def test_a_summary_of_a_secret_tells_nothing() -> None:
    secret = '{"kind": "Secret", "apiVersion": "v1", "data": {"p": "%s"}}'
    cell = changed((secret % "aGk=").encode(), (secret % "aG8=").encode(), Limits())
    assert "aG" not in repr(cell)
    other = secret.replace("v1", "v2")
    cell = changed((secret % "aGk=").encode(), (other % "aG8=").encode(), Limits())
    assert "apiVersion" in repr(cell)
    assert "aG" not in repr(cell)


def test_a_difference_opens_json_on_both_sides() -> None:
    changes = [Changed(b"/k", kv(b'{"n": 1}'), kv(b'{"n": 2, "m": "x"}')), Changed(b"/l", None, kv(b'{"n": 3}'))]
    frame = Difference((1, 2), changes, Limits()).to_polars(json=True)
    assert frame["before.n"].to_list() == [1, None]
    assert frame["after.n"].to_list() == [2, 3]
    assert frame["after.m"].to_list() == ["x", None]


def test_an_option_that_a_frame_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError, match="jsn"):
        Difference((1, 2), [], Limits()).to_pandas(jsn=True)


def test_frames_hold_nothing_that_a_terminal_acts_on() -> None:
    value = b"\x1b[31m\xe2\x80\xae\xc2\x9b\x00\xff\tok\n"
    opened = json.dumps({"f\x1b": "\u202e\x07"}).encode()
    frame = Difference((1, 2), [Changed(b"/k\x1b", kv(value), kv(opened))], Limits()).to_pandas(json=True)
    assert frame["before"][0] == "\\x1b[31m\\u202e\\u009b\\x00\\xff\tok\n"
    assert frame["after.f\\x1b"][0] == "\\u202e\\x07"
    assert frame["key"][0] == "/k\\x1b"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("GET /a", "did you mean get?"),
        ("get /a --print-value-only", "x[0].value"),
        ("get /a --hex", "--as hex"),
        ("get /a --rev 999999999", "the cluster is at revision"),
        ("diff --rev 999999998 --rev 999999999", "the cluster is at revision"),
        ('put /a {"b": 1', "JSON"),
        ("get /a # why", "quote what holds blanks"),
        ("endpoint health --cluster", "endpoint status --cluster"),
    ],
)
def test_slips_are_told_what_would_be_right(notebook: Kernel, line: str, said: str) -> None:
    cell = notebook.run(f"%etcd {line}")
    assert said in cell.stderr
    assert cell.stderr.count("\n") == 1
    assert not cell.traceback


def test_a_future_watch_claims_no_revision(notebook: Kernel) -> None:
    cell = notebook.ok("%etcd watch /none --for 0.5s --rev 99999999")
    assert "after 0.5s · 0 events" in cell.text
    assert "9999999" not in cell.text


def test_values_within_others_are_one_line_each(notebook: Kernel, prefix: str) -> None:
    notebook.ok(f'%etcd put {prefix}/a {{"x": 1}}')
    notebook.ok(f"r = %etcd get {prefix}/a")
    assert "\n" not in notebook.ok("[r[0]]").text
    assert "KeyValue(" in notebook.ok("(r[0], 1)").text
    assert "x: 1" in notebook.ok("r[0]").text


def test_a_setting_that_is_refused_is_named_when_the_extension_is_loaded(notebook: Kernel) -> None:
    notebook.run("%config EtcdMagic.displaylimit = -1")
    cell = notebook.run("%reload_ext etcdobs")
    try:
        assert not cell.traceback
        assert cell.stderr.startswith("UsageError: The value of the 'displaylimit'")
        assert cell.stderr.count("\n") == 1
    finally:
        righted = "del get_ipython().config.EtcdMagic.displaylimit"
        assert righted in cell.stderr
        notebook.ok(righted + "\n%load_ext etcdobs")
    assert not notebook.run("%etcd get /x").stderr


def test_a_watch_that_ended_is_no_error_of_metrics(notebook: Kernel) -> None:
    notebook.ok("%etcd watch /none --for 0.2s")
    notebook.ok("m = %etcd metrics\nframe = m.to_pandas()")
    assert notebook.ok("int(frame[frame.method == 'Watch'].errors.sum())").text == "0"
