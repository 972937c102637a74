"""A key's history: what the table knows of it, how its end is explained, and which revisions can be typed."""

import pytest

from etcdobs_explorer.model.changes import Travelled
from etcdobs_explorer.model.directory import Loading
from etcdobs_explorer.model.history import (
    READ_AGAIN,
    HistoryKind,
    HistoryPage,
    HistoryRecord,
    HistoryTable,
    Past,
    ending,
    revision_of,
)
from etcdobs_explorer.model.key_tree import KeyTree
from etcdobs_explorer.model.records import ChildRecord, EventRecord, FailureKind, GatewayError
from etcdobs_explorer.model.secrets import head_of
from etcdobs_explorer.model.state import State

RECORDS = (
    HistoryRecord(30, False, 1, 5, 0, b"again"),
    HistoryRecord(20, True),
    HistoryRecord(12, False, 2, 3, 0x7B, b"two"),
    HistoryRecord(10, False, 1, 3, 0, b"one"),
)


def table(page: HistoryPage, now: float = 100.0) -> HistoryTable:
    made = HistoryTable()
    made.open(b"/k")
    made.began()
    made.received(page, now, fresh=True)
    return made


class TestTable:
    def test_every_revision_has_a_row_and_the_end_has_one(self) -> None:
        rows = table(HistoryPage(RECORDS, 0, more=False)).rows
        kinds = HistoryKind
        assert [row.kind for row in rows] == [kinds.CREATE, kinds.DELETE, kinds.PUT, kinds.CREATE, kinds.END]
        assert [row.is_event for row in rows] == [True, True, True, True, False]

    def test_another_page_continues_the_list(self) -> None:
        held = table(HistoryPage(RECORDS[:2], 0, more=True))
        assert (held.rows[-1].kind, held.rows[-1].text) == (HistoryKind.MORE, "2 shown: Enter loads older ones")
        held.received(HistoryPage(RECORDS[2:], 0, more=False), 101.0, fresh=False)
        assert [row.record.revision for row in held.rows] == [30, 20, 12, 10, 0]
        assert held.rows[-1].kind is HistoryKind.END

    def test_what_was_before_a_revision(self) -> None:
        held = table(HistoryPage(RECORDS, 0, more=False))
        assert held.before(RECORDS[0]) == RECORDS[1]
        assert held.before(RECORDS[3]) is None

    def test_the_mark_is_on_its_row_and_goes_at_the_second_time(self) -> None:
        held = table(HistoryPage(RECORDS, 0, more=False))
        held.mark(12)
        assert [row.record.revision for row in held.rows if row.mark] == [12]
        held.mark(12)
        assert not any(row.mark for row in held.rows)

    def test_the_filter_looks_at_type_revision_and_value(self) -> None:
        held = table(HistoryPage(RECORDS, 0, more=False))
        for text, kept in (("delete", [20]), ("two", [12]), ("30", [30])):
            held.set_filter(text)
            assert [row.record.revision for row in held.rows if row.is_event] == kept
            assert held.rows[-1].kind is HistoryKind.END

    def test_another_key_starts_anew_and_the_same_keeps_what_is_known(self) -> None:
        held = table(HistoryPage(RECORDS, 7, more=False))
        held.mark(12)
        held.open(b"/k")
        assert (held.count, held.marked) == (4, 12)
        held.open(b"/other")
        assert (held.count, held.marked, held.floor, held.loaded) == (0, 0, 0, False)

    def test_a_failed_reading_keeps_what_was_read(self) -> None:
        held = table(HistoryPage(RECORDS, 0, more=False))
        held.failed(GatewayError(FailureKind.OTHER, b"no"))
        assert (held.count, held.reason) == (4, b"no")
        held.received(HistoryPage(RECORDS, 0, more=False), 101.0, fresh=True)
        assert held.reason == b""


class TestWhenToRead:
    def test_again_after_the_key_was_written(self) -> None:
        held = table(HistoryPage(RECORDS, 0, more=False), now=100.0)
        assert not held.due({b"/other": 101.0, b"/k": 99.0})
        assert held.due({b"/k": 101.0})
        held.received(HistoryPage(RECORDS, 0, more=False), 102.0, fresh=True)
        assert not held.due({b"/k": 101.0})

    def test_much_is_not_read_again_by_itself_but_said_to_be_outdated(self) -> None:
        records = [HistoryRecord(revision, False, revision) for revision in range(2 * READ_AGAIN, 0, -1)]
        held = table(HistoryPage(records, 0, more=False), now=100.0)
        assert not held.due({b"/k": 101.0})
        assert held.outdated

    @pytest.mark.parametrize(("kind", "due"), [(FailureKind.UNREACHABLE, True), (FailureKind.DENIED, False)])
    def test_after_a_failure_only_what_may_pass(self, kind: FailureKind, due: bool) -> None:
        held = HistoryTable()
        held.open(b"/k")
        held.failed(GatewayError(kind, b"no"))
        assert held.due({}) is due


@pytest.mark.parametrize(
    ("value", "head"),
    [
        (b"x" * 1000, b"x" * 256),
        (b"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Secret\x12\x06hidden", b"v1 Secret"),
        (b"k8s\0\xff\xff", b""),
        (b'{"kind":"Secret","data":{"password":"aGlkZGVu"}}', b"(a Secret)"),
        (b'{"kind":"ConfigMap"}', b'{"kind":"ConfigMap"}'),
    ],
)
def test_what_a_list_shows_of_a_value(value: bytes, head: bytes) -> None:
    assert head_of(value) == head


@pytest.mark.parametrize(
    ("records", "floor", "partial", "expected"),
    [
        (RECORDS, 0, False, "the beginning: nothing was compacted"),
        (RECORDS[:3], 11, False, "compacted up to 11: 1 older version gone"),
        (RECORDS, 9, False, "compacted up to 9: what was before is gone"),
        (RECORDS[:2], 15, False, "compacted up to 15: what was before is gone"),
        ((), 1_234, False, "compacted up to 1,234: nothing happened to the key since"),
        ((), 0, False, "the key was never there"),
        (RECORDS[:1], 9, True, "created here; whether it was there before was not read"),
    ],
)
def test_the_end_is_explained(records: tuple[HistoryRecord, ...], floor: int, partial: bool, expected: str) -> None:
    assert ending(records, floor, partial=partial).startswith(expected)


class TestRevisions:
    @pytest.mark.parametrize(
        ("text", "found"), [("7", 7), (" 1,200 ", 1200), ("-1", 4999), ("-4999", 1), ("5000", 5000)]
    )
    def test_typed(self, text: str, found: int) -> None:
        assert revision_of(text, 5000) == found

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "no revision"),
            ("abc", "no revision"),
            ("1.5", "no revision"),
            ("--5", "no revision"),
            ("٣", "no revision"),
            ("0", "no revision 0: the first is 1"),
            ("-5000", "no revision 0: the first is 1"),
            ("5001", "5,001 is not there yet: the newest is 5,000"),
        ],
    )
    def test_wrong(self, text: str, reason: str) -> None:
        with pytest.raises(ValueError, match=reason):
            revision_of(text, 5000)


class TestPast:
    def test_the_tree_of_then_has_the_same_directories_open_and_nothing_in_them(self) -> None:
        tree = KeyTree(b"/", b"/app/")
        tree.received(b"/app/", [ChildRecord(b"/app/x/", True)], fresh=True)
        tree.expand(b"/app/x/")
        then = Past().go(7, tree)
        assert (then.root, then.separator) == (b"/app/", b"/")
        assert [directory.prefix for directory in then.expanded()] == [b"/app/", b"/app/x/"]
        assert then.directory(b"/app/").loading is Loading.NOT

    def test_what_happens_now_does_not_reach_it(self) -> None:
        then = Past().go(7, KeyTree())
        then.received(b"", [ChildRecord(b"a", False)], fresh=True)
        then.apply([EventRecord(False, True, b"b", b"", 0, 99), EventRecord(True, False, b"a", b"", 0, 100)])
        assert [row.name for row in then.rows] == [b"a"]

    def test_the_way_back_leads_to_the_tree_that_was_left(self) -> None:
        past, now = Past(), KeyTree()
        then = past.go(9, past.go(7, now))
        assert past.revision == 9
        assert past.leave(then) is now
        assert past.revision == 0

    def test_the_way_back_from_another_part_of_the_keyspace_leads_there(self) -> None:
        past = Past()
        past.go(7, KeyTree())
        back = past.leave(past.tree(b"/", b"/other/"))
        assert back.root == b"/other/"
        assert not isinstance(back, type(past.go(7, back)))

    def test_the_key_looked_at_is_read_again_and_all_open_directories(self) -> None:
        state = State("c")
        state.select(b"/k", is_branch=False)
        Travelled(7).apply(state, 1.0)
        assert (state.selection.key, state.selection.outdated, state.wanted) == (b"/k", True, {b""})
        Travelled(0).apply(state, 2.0)
        assert state.past.revision == 0
