"""The models behind the key tree's larger half: filters, windows of huge directories, the way to a key, visits."""

import pytest

from etcdobs_explorer.model.approach import LEAST, MOST, approach
from etcdobs_explorer.model.directory import MOST as MOST_HELD
from etcdobs_explorer.model.filter import Filter
from etcdobs_explorer.model.key_tree import DEEPEST, KeyTree, RowKind
from etcdobs_explorer.model.object_table import BATCH, ObjectTable
from etcdobs_explorer.model.records import ChildRecord, EventRecord, Permitted, Valued
from etcdobs_explorer.model.search import MOST_HITS, Query, Search
from etcdobs_explorer.model.visits import Visits, toggled
from tests.explorer.test_key_tree import deleted, load, opened, put, shown


def leaves(*numbers: int) -> list[ChildRecord]:
    return [ChildRecord(b"k%07d" % number, False) for number in numbers]


class TestFilter:
    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("needle", [b"/A/Needle", b"needle/b"]),
            ("Needle", [b"/A/Needle"]),
            ("!needle", [b"/c"]),
            ("/^.a/", [b"/A/Needle"]),
            ("~e$", [b"/A/Needle"]),
            ("!~^/", [b"needle/b"]),
            ("/A", [b"/A/Needle"]),
            ("", [b"/A/Needle", b"needle/b", b"/c"]),
        ],
    )
    def test_text_regex_and_inverse(self, text: str, kept: list[bytes]) -> None:
        assert [key for key in (b"/A/Needle", b"needle/b", b"/c") if Filter(text).keeps(key)] == kept

    def test_a_regex_that_means_nothing_says_so_and_hides_nothing(self) -> None:
        wrong = Filter("~a(")
        assert wrong.error.startswith("no regular expression: missing )")
        assert wrong.keeps(b"x")
        assert not wrong

    def test_bytes_that_are_no_text_are_searched_as_bytes(self) -> None:
        assert Filter("\udcff").keeps(b"a\xffb")
        assert Filter("~\\xff").keeps(b"a\xffb")


class TestWindow:
    def test_what_lies_before_is_said_and_can_be_put_in_front(self) -> None:
        tree = KeyTree()
        tree.began(b"")
        tree.received(b"", leaves(5, 6), fresh=True, start=b"k0000005")
        tree.finished(b"", more=True, total=10)
        assert [row.kind for row in tree.rows] == [RowKind.EARLIER, RowKind.LEAF, RowKind.LEAF, RowKind.MORE]
        tree.apply([put(b"k0000001"), put(b"k0000009")])
        assert len(tree.rows) == 4
        tree.began(b"")
        tree.received(b"", leaves(1, 2), fresh=False, start=b"")
        tree.finished(b"", more=None)
        assert shown(tree)[:4] == ["k0000001", "k0000002", "k0000005", "k0000006"]
        assert tree.rows[4].kind is RowKind.MORE

    def test_it_is_bounded_and_moves_on(self) -> None:
        tree = KeyTree()
        tree.received(b"", leaves(*range(MOST_HELD)), fresh=True)
        tree.received(b"", leaves(*range(MOST_HELD, MOST_HELD + 10)), fresh=False)
        tree.finished(b"", more=True)
        assert len(tree.rows) == MOST_HELD + 2
        assert tree.rows[0].kind is RowKind.EARLIER
        assert tree.rows[1].key == b"k0000010"

    def test_rows_are_found_where_they_stand(self) -> None:
        tree = opened([b"/a/b/c", b"/a/b/d", b"/a/z", b"/e", b"/f/g", b"plain"])
        for index, row in enumerate(tree.rows):
            assert tree.index_of(row.identity) == index
        assert tree.rows[tree.parent_index(3) or 0].key == b"/a/b/"


class TestCounts:
    def test_they_come_with_the_listing_and_follow_the_changes(self) -> None:
        tree = KeyTree()
        tree.received(b"", [ChildRecord(b"a/", True, 2)], fresh=True)
        tree.finished(b"", more=False)
        assert tree.count_below(b"a/") == 2
        tree.apply([put(b"a/new"), EventRecord(False, False, b"a/new", b"", 0, 2), put(b"b/x")])
        assert (tree.count_below(b"a/"), tree.count_below(b"b/")) == (3, 1)
        tree.apply([deleted(b"a/new"), deleted(b"a/x")])
        assert tree.count_below(b"a/") == 1
        assert tree.stirred == {b"a/", b"b/"}


class TestWay:
    def follow(self, tree: KeyTree, keys: list[bytes], key: bytes, *, is_branch: bool = False) -> tuple[bytes, bool]:
        tried: set[bytes] = set()
        for _ in range(50):
            step = tree.step_to(key, is_branch=is_branch, tried=tried)
            if step.row is not None:
                return step.row[0], step.is_there
            assert step.load is not None
            load(tree, keys, step.load)
        raise AssertionError("no end")

    @pytest.mark.parametrize("key", [b"/a/b/c", b"//x", b"a/", b"plain", b"\xff/\xfe", "日本/キー".encode()])
    def test_it_opens_what_is_not_loaded(self, key: bytes) -> None:
        keys = [b"/a/b/c", b"//x", b"a/", b"a/x", b"plain", b"\xff/\xfe", "日本/キー".encode()]
        tree = KeyTree()
        assert self.follow(tree, keys, key) == (key, True)
        assert tree.index_of((key, RowKind.LEAF)) is not None

    def test_to_a_directory_also_by_its_name_without_the_separator(self) -> None:
        assert self.follow(KeyTree(), [b"/a/b/c"], b"/a/b/", is_branch=True) == (b"/a/b/", True)
        assert self.follow(KeyTree(), [b"/a/b/c"], b"/a/b") == (b"/a/b/", True)

    def test_where_there_is_no_such_key_it_ends_before_its_place(self) -> None:
        assert self.follow(KeyTree(), [b"a", b"b", b"d"], b"c") == (b"b", False)

    def test_beyond_the_window_the_part_around_is_wanted_once(self) -> None:
        tree = KeyTree()
        tree.received(b"", leaves(1, 2), fresh=True)
        tree.finished(b"", more=True)
        step = tree.step_to(b"k0000500", is_branch=False, tried=set())
        assert (step.load, step.around) == (b"", b"k0000500")
        assert tree.step_to(b"k0000500", is_branch=False, tried={b""}).is_there is False

    def test_where_a_directory_cannot_be_read_it_ends_at_the_reason(self) -> None:
        tree = KeyTree()
        tree.began(b"")
        tree.failed(b"", b"permission denied")
        assert tree.step_to(b"k", is_branch=False, tried=set()).row == (b"", RowKind.FAILED)
        assert tree.index_of((b"", RowKind.FAILED)) == 0

    def test_too_deep_a_key_has_another_root(self) -> None:
        key = b"a/" * (DEEPEST + 20) + b"x"
        tree = KeyTree()
        while (step := tree.step_to(key, is_branch=False, tried=set())).root is None:
            assert step.load is not None
            load(tree, [key], step.load)
        assert step.root == b"a/" * DEEPEST


class TestApproach:
    @pytest.mark.parametrize(
        ("keys", "at"),
        [
            ([b"/p/k%07d" % n for n in range(100_000)], 50_000),
            ([b"/p/k%07d" % n for n in range(100_000)], 99_999),
            ([b"/p/" + bytes([97 + n % 26, 97 + n // 26 % 26]) * 3000 + b"%05d" % n for n in range(3_000)], 1_500),
            ([b"/p/" + n.to_bytes(4, "big") for n in range(100_000)], 70_000),
        ],
    )
    def test_it_begins_a_little_before_the_key_by_few_counts(self, keys: list[bytes], at: int) -> None:
        keys.sort()
        starts, asked = approach(b"/p/", keys[at]), 0
        try:
            start = next(starts)
            while True:
                asked += 1
                start = starts.send(sum(start <= key < keys[at] for key in keys))
        except StopIteration as found:
            before = sum(bytes(found.value) <= key < keys[at] for key in keys)
        assert LEAST <= before <= MOST
        assert asked <= 40

    def test_a_small_directory_is_read_from_its_beginning(self) -> None:
        starts = approach(b"/p/", b"/p/key")
        asked = [next(starts)]
        end: StopIteration | None = None
        while end is None:
            try:
                asked.append(starts.send(3))
            except StopIteration as stop:
                end = stop
        assert end.value == b""
        assert asked[-1] == b"/p/"


class TestSearch:
    def test_keys_and_values_are_searched_and_the_hits_bounded(self) -> None:
        page = [Valued(b"k%d" % n, b"value") for n in range(MOST_HITS + 5)]
        search = Search().found(Query("alu", values=True).hits(page), len(page))
        assert (len(search.hits), search.left_out, search.seen) == (MOST_HITS, 5, MOST_HITS + 5)
        assert Query("alu").hits(page) == []
        assert Query("!k", values=True).hits(page) == []

    def test_what_cannot_be_searched_for_says_so(self) -> None:
        assert "regular expression" in Query("/(/").problem
        assert Query("").problem
        assert Query("x").problem == ""


class TestVisits:
    def test_back_and_forward(self) -> None:
        visits = Visits()
        for key in (b"a", b"b", b"b", b"c"):
            visits.visit(key, is_branch=False)
        assert visits.move(-1) == (b"b", False)
        assert visits.move(-1) == (b"a", False)
        assert visits.move(-1) is None
        assert visits.move(1) == (b"b", False)
        visits.visit(b"d", is_branch=True)
        assert visits.move(1) is None
        assert visits.move(-1) == (b"b", False)

    def test_bookmarks_are_set_and_taken_away(self) -> None:
        held = [b"b"]
        assert toggled(held, b"a")
        assert held == [b"a", b"b"]
        assert not toggled(held, b"a")


def test_a_directory_that_may_not_be_listed_offers_what_may_be_read() -> None:
    tree = KeyTree()
    tree.began(b"")
    tree.failed(b"", b"permission denied")
    tree.offered(b"", [Permitted(b"/app", b"/apq"), Permitted(b"/team/a/", b"/team/a0"), Permitted(b"one", b"")])
    assert [row.kind for row in tree.rows] == [RowKind.FAILED, RowKind.BRANCH, RowKind.BRANCH, RowKind.LEAF]
    tree.expand(b"/team/a/")
    load(tree, [b"/team/a/x/y", b"/team/a/z"], b"/team/a/")
    tree.expand(b"/app")
    load(tree, [b"/app1/x"], b"/app")
    tree.expand(b"/app1/")
    load(tree, [b"/app1/x"], b"/app1/")
    assert [row.key for row in tree.rows[1:]] == [
        b"/app", b"/app1/", b"/app1/x", b"/team/a/", b"/team/a/x/", b"/team/a/z", b"one",
    ]  # fmt: skip
    assert tree.step_to(b"/team/a/z", is_branch=False, tried=set()).row == (b"/team/a/z", RowKind.LEAF)


class TestObjects:
    POD = b'{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "prod"}}'

    def test_a_directory_is_probed_by_a_few_keys_and_read_in_bounded_batches(self) -> None:
        rows = opened([b"/pods/%03d" % n for n in range(60)]).rows
        objects = ObjectTable()
        probed = objects.wanted(rows, b"/")
        assert len(probed) == 2
        objects.received(probed, [Valued(key, self.POD) for key in probed], b"/")
        assert len(objects.wanted(rows, b"/")) == BATCH
        facts = objects.of(probed[0])
        assert facts is not None
        assert (facts.kind, facts.namespace, facts.name) == (b"Pod", b"prod", b"web")
        objects.changed(probed)
        assert objects.of(probed[0]) is None

    def test_a_directory_without_objects_is_left_alone(self) -> None:
        rows = opened([b"/plain/%03d" % n for n in range(60)]).rows
        objects = ObjectTable()
        probed = objects.wanted(rows, b"/")
        objects.received(probed, [Valued(key, b"text") for key in probed], b"/")
        assert objects.wanted(rows, b"/") == []
