"""How two values differ: what the lines say, that they are true, and that no value makes it slow."""

import time
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etcdobs_explorer.model.diff import MOST_LINES, Diff, DiffLine, diff

LINES = st.lists(st.sampled_from([b"a", b"b", b"c", b"dd", b""]), max_size=30)
UNIQUE = st.lists(st.integers(0, 40).map(b"line %d".__mod__), max_size=40)


def said(found: Diff) -> list[str]:
    return [f"{line.kind}{line.text.decode()}" for line in found.lines]


def side(found: Diff, kind: str) -> list[bytes]:
    return [line.text for line in found.whole if line.kind in (" ", kind)]


class TestText:
    def test_a_changed_line(self) -> None:
        assert said(diff(b"one\ntwo\nthree", b"one\n2\nthree")) == ["@@@ -1,3 +1,3 @@", " one", "-two", "+2", " three"]

    def test_only_three_lines_around_a_change_are_shown(self) -> None:
        before = b"\n".join(b"%d" % number for number in range(100))
        after = before.replace(b"\n50\n", b"\n50\nnew\n")
        assert said(diff(before, after)) == ["@@@ -49,6 +49,7 @@", " 48", " 49", " 50", "+new", " 51", " 52", " 53"]
        assert len(diff(before, after).whole) == 101

    def test_two_changes_far_apart_have_a_head_each(self) -> None:
        before = [b"%d" % number for number in range(100)]
        after = [b"x" if number in (10, 90) else line for number, line in enumerate(before)]
        found = diff(b"\n".join(before), b"\n".join(after))
        assert [line.kind for line in found.lines].count("@") == 2
        assert (found.added, found.removed) == (2, 2)

    def test_two_changes_close_together_share_a_head(self) -> None:
        before = [b"%d" % number for number in range(20)]
        after = [b"x" if number in (8, 14) else line for number, line in enumerate(before)]
        assert [line.kind for line in diff(b"\n".join(before), b"\n".join(after)).lines].count("@") == 1

    @given(LINES, LINES)
    @settings(max_examples=200, deadline=None)
    def test_each_side_is_in_it_whole(self, before: list[bytes], after: list[bytes]) -> None:
        before, after = [b"start", *before, b"end"], [b"start", *after, b"end"]
        found = diff(b"\n".join(before), b"\n".join(after))
        assert (side(found, "-"), side(found, "+")) == (before, after)

    @given(UNIQUE, UNIQUE)
    @settings(max_examples=200, deadline=None)
    def test_the_compact_form_has_the_same_changes(self, before: list[bytes], after: list[bytes]) -> None:
        found = diff(b"\n".join([b"start", *before]), b"\n".join([b"start", *after]))
        changed = [line for line in found.lines if line.kind in "-+"]
        assert changed == [line for line in found.whole if line.kind in "-+"]
        assert [line.kind for line in changed].count("+") == found.added

    @given(st.lists(st.sampled_from([b"a", b"b"]), max_size=12), st.lists(st.sampled_from([b"a", b"b"]), max_size=12))
    @settings(max_examples=200, deadline=None)
    def test_where_no_line_is_unique_it_is_the_shortest(self, before: list[bytes], after: list[bytes]) -> None:
        before, after = [b"a", b"a", b"b", b"b", *before], [b"a", b"a", b"b", b"b", *after]
        found = diff(b"\n".join(before), b"\n".join(after))
        assert found.added + found.removed == len(before) + len(after) - 2 * common(before, after)


def common(a: list[bytes], b: list[bytes]) -> int:
    """The length of the longest common subsequence, by the book."""
    row = [0] * (len(b) + 1)
    for left in a:
        last, row = row, [0]
        for j, right in enumerate(b):
            row.append(last[j] + 1 if left == right else max(last[j + 1], row[j]))
    return row[-1]


class TestForms:
    def test_json_is_laid_out_first(self) -> None:
        found = diff(b'{"a":1,"b":[1,2]}', b'{"a":1,"b":[1,3]}')
        assert found.form == "JSON"
        assert [line.text.strip() for line in found.lines if line.kind in "-+"] == [b"2", b"3"]

    def test_json_laid_out_otherwise_differs_in_its_bytes_only(self) -> None:
        found = diff(b'{"a":1}', b'{"a": 1}')
        assert found.form == "hex"
        assert found.note == "the same as JSON, not in its bytes"
        assert found.removed

    def test_bytes_are_rows_of_hex(self) -> None:
        before = b"\x00" * 64
        after = before[:20] + b"\xff" + before[21:]
        found = diff(before, after)
        assert found.form == "hex"
        assert [line.kind for line in found.lines] == ["@", " ", "-", "+", " ", " "]
        assert b"00000010" in found.lines[2].text

    def test_text_against_bytes_is_rows_of_hex(self) -> None:
        assert diff(b"text", b"\x00\x01").form == "hex"

    @pytest.mark.parametrize(
        ("before", "after", "kinds", "note"),
        [
            (None, b"one", "@+", ""),
            (b"one", None, "@-", ""),
            (None, b"", "", "created with an empty value"),
            (b"", None, "", "deleted; the value was empty"),
            (None, None, "", "there is no value on either side"),
            (b"", b"", "", "the values are the same"),
            (b"same", b"same", "", "the values are the same"),
            (b"", b"x", "@+", ""),
            (b"\x00", None, "@-", ""),
        ],
    )
    def test_what_is_not_there(self, before: bytes | None, after: bytes | None, kinds: str, note: str) -> None:
        found = diff(before, after)
        assert ("".join(line.kind for line in found.lines), found.note) == (kinds, note)

    @pytest.mark.parametrize(
        "other",
        [None, b"\0", b'{"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "s"}, "data": {"p": "Yg=="}}'],
    )
    def test_nothing_of_a_secret_is_shown(self, other: bytes | None) -> None:
        secret = b'{"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "s"}, "data": {"p": "YQ=="}}'
        for found in (diff(secret, other), diff(other, secret)):
            assert (len(found.lines), found.note) == (0, "a Secret is covered: the values differ")
        assert diff(secret, secret).note == "a Secret is covered: the values are the same"

    def test_lines_are_bytes_whatever_they_hold(self) -> None:
        found = diff(b"[/x]\x1b]2;t\x07", b"[/y]\x1b]2;t\x07")
        assert DiffLine("-", b"[/x]\x1b]2;t\x07") in found.lines

    @given(st.binary(max_size=200), st.binary(max_size=200))
    @settings(max_examples=100, deadline=None)
    def test_other_bytes_are_never_shown_as_the_same(self, before: bytes, after: bytes) -> None:
        found = diff(before, after)
        assert found.is_empty is (before == after)
        kinds = [kind for kind, _ in groupby(line.kind for line in found.lines)]
        assert kinds[:1] == ([] if before == after else ["@"])


def scattered(lines: list[bytes]) -> list[bytes]:
    return [b"%s changed" % line if number % 7 == 0 else line for number, line in enumerate(lines)]


MIB = 1024 * 1024
LARGE = {
    "one line": (b"x" * (3 * MIB // 2), b"y" * (3 * MIB // 2)),
    "two alternating lines": (b"a\nb\n" * (3 * MIB // 8), b"b\nb\na\n" * (MIB // 4)),
    "empty lines": (b"\n" * (3 * MIB // 2), b"x\n" + b"\n" * MIB),
    "nothing in common": (
        b"\n".join(b"before %d" % n for n in range(100_000)),
        b"\n".join(b"after %d" % n for n in range(100_000)),
    ),
    "many changes": (
        b"\n".join(b"%d of many" % n for n in range(60_000)),
        b"\n".join(scattered([b"%d of many" % n for n in range(60_000)])),
    ),
    "the other way round": (
        b"\n".join(b"line %d" % n for n in range(60_000)),
        b"\n".join(b"line %d" % n for n in reversed(range(60_000))),
    ),
    "JSON": (b"[" + b",".join([b'{"n": 1}'] * 150_000) + b"]", b"[" + b",".join([b'{"n": 2}'] * 150_000) + b"]"),
    "bytes": (bytes(range(256)) * 6144, bytes(range(255, -1, -1)) * 6144),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_value_takes_bounded_time(name: str) -> None:
    before, after = LARGE[name]
    began = time.process_time()
    found = diff(before, after)
    assert len(found.lines) <= 2 * MOST_LINES * 2
    assert time.process_time() - began < 4.0
    assert not found.is_empty


def test_what_is_not_compared_is_said() -> None:
    before, after = LARGE["nothing in common"]
    assert diff(before, after).note == "only the first 50,000 lines are compared"
    assert diff(*LARGE["bytes"]).note == "only the first 781 KiB are compared"


def test_a_difference_beyond_the_cap_is_not_called_none() -> None:
    lines = b"same\n" * 60_000
    found = diff(lines + b"a", lines + b"b")
    assert found.is_empty
    assert found.note == "only the first 50,000 lines are compared"
