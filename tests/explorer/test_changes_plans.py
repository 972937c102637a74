"""Plans, protection and drafts: writes as data, before anything is sent."""

import pytest

from etcdobs_explorer.model.records import Entry, FailureKind, GatewayError
from etcdobs_explorer.model.writes import (
    Application,
    Committed,
    Conflict,
    Delete,
    Deletion,
    Ending,
    Guard,
    Kind,
    Protection,
    Put,
    RefusedError,
    Span,
    Transfer,
    create,
    delete_key,
    edit,
    plan_lines,
    restore,
    transfer,
)
from etcdobs_explorer.model.writes.draft import DraftError, check_json, draft, typed
from etcdobs_explorer.model.writes.many import UNDO_BYTES
from etcdobs_explorer.model.writes.operations import MOST_BYTES, MOST_OPERATIONS


def entry(key: bytes = b"/k", value: bytes = b"old", mod: int = 7, lease: int = 0) -> Entry:
    return Entry(key, value, 5, mod, 3, lease)


class TestOneKey:
    def test_an_edit_is_on_the_revision_seen_and_keeps_the_lease(self) -> None:
        plan = edit(entry(lease=99), b"new")
        (chunk,) = plan.chunks
        assert chunk.guards == (Guard(b"/k", 7),)
        assert chunk.operations == (Put(b"/k", b"new", ignore_lease=True),)
        assert plan.values == (b"old", b"new")
        assert plan.typed == ()

    def test_unchanged_text_writes_nothing(self) -> None:
        assert edit(entry(), b"old").is_empty
        assert restore(entry(), b"/k", b"old").is_empty

    @pytest.mark.parametrize("value", [b"k8s\0\x0a\x04", b"k8s:enc:aescbc:v1:key1:xx"])
    def test_a_kubernetes_object_is_never_edited_but_copied_raw(self, value: bytes) -> None:
        with pytest.raises(RefusedError, match="Kubernetes"):
            edit(entry(value=value), b"new")
        plan = transfer(entry(value=value), b"/copy", None, move=False)
        assert plan.chunks[0].operations == (Put(b"/copy", value, 0),)

    def test_a_new_key_must_not_be_there(self) -> None:
        assert create(b"/k", b"v").chunks[0].guards == (Guard(b"/k", 0),)
        with pytest.raises(RefusedError, match="key is wanted"):
            create(b"", b"v")

    def test_a_rename_is_one_transaction_with_the_lease(self) -> None:
        (chunk,) = transfer(entry(lease=9), b"/to", None, move=True).chunks
        assert chunk.guards == (Guard(b"/k", 7), Guard(b"/to", 0))
        assert chunk.operations == (Put(b"/to", b"old", 9), Delete(b"/k"))

    def test_a_target_that_exists_is_guarded_and_said(self) -> None:
        plan = transfer(entry(), b"/to", entry(b"/to", b"theirs", 8), move=False)
        assert Guard(b"/to", 8) in plan.chunks[0].guards
        assert plan.warnings == ("the target exists and is overwritten",)
        assert plan.values == (b"theirs", b"old")

    def test_a_target_that_is_the_key_itself(self) -> None:
        with pytest.raises(RefusedError, match="itself"):
            transfer(entry(), b"/k", None, move=True)


def deletion(*entries: Entry, prefix: bytes = b"/t/a1", revision: int = 50) -> Deletion:
    planner = Deletion(prefix, b"/")
    for each in entries:
        planner.take(each)
    return planner


class TestDirectories:
    def test_a_directory_is_its_prefix_with_the_separator(self) -> None:
        plan = deletion(entry(b"/t/a1/x"), entry(b"/t/a1/y")).plan(50)
        assert plan.spans == (Span(b"/t/a1/", b"/t/a10"),)
        assert b"/t/a10/x" not in plan.subject
        assert b"/t/a1" not in plan.subject
        assert b"/t/a1/x" in plan.subject
        assert plan_lines(plan) == ["etcdctl del --prefix /t/a1/"]

    def test_what_confirms_it_is_the_count_or_the_prefix(self) -> None:
        assert deletion(entry(b"/t/a1/x"), entry(b"/t/a1/y")).plan(50).typed == (b"2", b"/t/a1/")

    @pytest.mark.parametrize(("prefix", "separator"), [(b"", b"/"), (b"/a", b"")])
    def test_what_is_no_directory(self, prefix: bytes, separator: bytes) -> None:
        with pytest.raises(RefusedError):
            Deletion(prefix, separator)

    def test_chunks_are_bounded_and_cover_the_whole_range(self) -> None:
        plan = deletion(*(entry(b"/t/a1/%05d" % number) for number in range(2_500))).plan(50)
        assert [chunk.keys for chunk in plan.chunks] == [1000, 1000, 500]
        ranges = [operation for chunk in plan.chunks for operation in chunk.operations]
        assert ranges == [
            Delete(b"/t/a1/", b"/t/a1/01000"),
            Delete(b"/t/a1/01000", b"/t/a1/02000"),
            Delete(b"/t/a1/02000", b"/t/a10"),
        ]
        assert [chunk.guards for chunk in plan.chunks] == [
            (Guard(each.key, 50, each.end),) for each in ranges if isinstance(each, Delete)
        ]
        assert plan.keys == 2_500
        assert len(plan.sample) == 200

    def test_large_values_make_more_chunks(self) -> None:
        value = b"x" * 400_000
        plan = deletion(*(entry(b"/t/a1/%d" % number, value) for number in range(5))).plan(50)
        assert [chunk.keys for chunk in plan.chunks] == [2, 2, 1]

    def test_too_much_to_be_undone_is_said(self) -> None:
        planner = deletion(entry(b"/t/a1/x", b"x" * UNDO_BYTES))
        assert not planner.holds_values
        plan = planner.plan(50)
        assert not plan.undoable
        assert not plan.chunks[0].keep
        assert plan.warnings == ("this is too much to be undone",)

    def test_an_empty_directory_is_an_empty_plan(self) -> None:
        assert deletion().plan(50).is_empty

    def test_a_copy_keeps_leases_and_guards_both_ends(self) -> None:
        planner = Transfer(b"/a/", b"/b", b"/", move=False)
        planner.there(entry(b"/b/x", mod=40))
        planner.take(entry(b"/a/x", mod=7, lease=9))
        planner.take(entry(b"/a/y", mod=8))
        plan = planner.plan(50)
        (chunk,) = plan.chunks
        assert chunk.guards == (Guard(b"/a/x", 7), Guard(b"/b/x", 40), Guard(b"/a/y", 8), Guard(b"/b/y", 0))
        assert chunk.operations == (Put(b"/b/x", b"old", 9), Put(b"/b/y", b"old", 0))
        assert plan.warnings == ("1 key of the target exists and is overwritten",)
        assert plan.spans == (Span(b"/b/", b"/b0"),)

    def test_chunks_of_a_rename_fit_into_a_transaction(self) -> None:
        planner = Transfer(b"/a/", b"/b/", b"/", move=True)
        for number in range(200):
            planner.take(entry(b"/a/%03d" % number))
        planner.take(entry(b"/a/big", b"x" * (MOST_BYTES + 1)))
        plan = planner.plan(50)
        assert sum(chunk.keys for chunk in plan.chunks) == plan.keys == 201
        assert all(max(len(chunk.guards), len(chunk.operations)) <= MOST_OPERATIONS for chunk in plan.chunks)
        assert [chunk.keys for chunk in plan.chunks][-1] == 1

    @pytest.mark.parametrize(("source", "target"), [(b"/a/", b"/a/b/"), (b"/a/b/", b"/a/"), (b"/a/", b"/a")])
    def test_one_directory_within_the_other(self, source: bytes, target: bytes) -> None:
        with pytest.raises(RefusedError, match="within"):
            Transfer(source, target, b"/", move=True)


class TestProtection:
    @pytest.mark.parametrize(
        "span",
        [
            Span(b"/prod/x"),
            Span(b"/prod/"),
            Span(b"/", b"0"),
            Span(b"\0", b"\0"),
            Span(b"/a", b"/z"),
            Span(b"/prod/x", b"/prod/y"),
            Span(b"/p", b"/prod/a"),
        ],
        ids=repr,
    )
    def test_what_overlaps_is_refused(self, span: Span) -> None:
        with pytest.raises(RefusedError, match="/prod/ is protected"):
            Protection(protected=(b"/prod/", b"/zoo/")).check([span])

    @pytest.mark.parametrize("span", [Span(b"/prod"), Span(b"/prod0"), Span(b"/a", b"/prod/"), Span(b"/prod0", b"\0")])
    def test_what_does_not_is_not(self, span: Span) -> None:
        Protection(protected=(b"/prod/",)).check([span])

    def test_read_only_refuses_everything(self) -> None:
        for spans in ([Span(b"/k")], []):
            with pytest.raises(RefusedError, match="read-only"):
                Protection(read_only=True).check(spans)

    def test_an_empty_prefix_protects_all(self) -> None:
        with pytest.raises(RefusedError, match="every key"):
            Protection(protected=(b"",)).check([Span(b"k")])

    def test_a_plan_is_refused_before_its_first_chunk(self) -> None:
        plan = transfer(entry(), b"/prod/x", None, move=True)
        with pytest.raises(RefusedError) as refusal:
            Application(plan, Protection(protected=(b"/prod/",)))
        assert refusal.value.kind is FailureKind.REFUSED


class TestApplication:
    def application(self) -> Application:
        return Application(deletion(*(entry(b"/t/a1/%05d" % number) for number in range(2_500))).plan(50))

    def test_all_of_it(self) -> None:
        running = self.application()
        for revision, missing in ((60, 0), (61, 3), (62, 0)):
            chunk = running.chunk
            assert chunk is not None
            running.answered(Committed(chunk, revision, (), chunk.keys - missing))
        assert running.chunk is None
        report = running.report
        assert report.ending is Ending.DONE
        assert report.lines == ("2,497 of 2,500 keys written, at revisions 60 to 62", "3 keys had gone before")

    def test_a_conflict_in_the_middle(self) -> None:
        running = self.application()
        chunk = running.chunk
        assert chunk is not None
        running.answered(Committed(chunk, 60, (), 1000))
        running.answered(Conflict(((b"/t/a1/01500", None),)))
        assert running.chunk is None
        assert running.report.lines == (
            "1,000 of 2,500 keys written, at revision 60",
            "transaction 2 of 3, 1,000 keys: not applied",
            "1 transaction of 500 keys not sent",
        )

    def test_an_unknown_outcome_is_said_as_such(self) -> None:
        running = self.application()
        running.failed(GatewayError(FailureKind.OUTCOME_UNKNOWN, b"connection reset"))
        assert running.report.ending is Ending.UNKNOWN
        assert "it may or may not have been applied" in running.report.lines[1]
        assert running.report.lines[2] == "2 transactions of 1,500 keys not sent"

    def test_stopped(self) -> None:
        running = self.application()
        chunk = running.chunk
        assert chunk is not None
        running.answered(Committed(chunk, 60, (), 1000))
        running.stop()
        assert running.chunk is None
        assert running.report.ending is Ending.STOPPED
        assert running.report.lines[1] == "2 transactions of 1,500 keys not sent"

    def test_what_ended_is_not_stopped(self) -> None:
        plan = delete_key(entry())
        running = Application(plan)
        running.answered(Committed(plan.chunks[0], 60, (), 1))
        running.stop()
        assert running.report.ending is Ending.DONE
        assert running.report.plan.kind is Kind.DELETE


class TestDrafts:
    @pytest.mark.parametrize(
        "value",
        [
            b"",
            b"plain",
            b"two\nlines\n",
            b"\ttab\n\n",
            "漢字 Größe 😀".encode(),
            b"\xff\x00\x1b]2;x\x07",
            b"a\\b\x00\\x41\n\\",
            b"crlf\r\nline",
            "bidi \u202e mark".encode(),
            b"back\\slash",
            bytes(range(256)),
        ],
        ids=repr,
    )
    def test_what_is_not_touched_is_not_changed(self, value: bytes) -> None:
        made = draft(value)
        assert made.read(made.text) == value
        assert all(char.isprintable() or char in "\n\t" for char in made.text)

    def test_text_is_text_and_bytes_are_escapes(self) -> None:
        assert draft(b"back\\slash\n") == draft(b"back\\slash\n").__class__("back\\slash\n", False)
        assert draft(b"\x00a\\").text == "\\x00a\\\\"

    def test_bytes_can_be_typed(self) -> None:
        assert draft(b"\0").read("\\xFF\\n\\\\x") == b"\xff\n\\x"

    def test_an_escape_that_means_nothing(self) -> None:
        with pytest.raises(DraftError, match="line 2, column 3"):
            draft(b"\0").read("ok\nxx\\q")

    def test_what_is_pasted_is_inert(self) -> None:
        assert typed("a\x1b[31m\nb") == "a\\x1b[31m\nb"

    def test_json_stays_json(self) -> None:
        check_json(b'{"a": 1}', b'{"a": [2]}')
        with pytest.raises(DraftError, match=r"line 2, column 8: no JSON") as error:
            check_json(b'{"a": 1}', b'{\n  "a": }')
        assert error.value.line == 2

    @pytest.mark.parametrize("before", [b"text", b"{{ template }}", b"{broken", b"7"])
    def test_what_was_no_json_object_may_be_anything(self, before: bytes) -> None:
        check_json(before, b"{ not json")
