"""The key tree: what is visible, in which order, and what changes on the server do to it."""

import random
from collections.abc import Iterable

from etcdobs_explorer.model.key_tree import KeyTree, RowKind
from etcdobs_explorer.model.records import ChildRecord, EventRecord


def put(key: bytes) -> EventRecord:
    return EventRecord(False, True, key, b"", 0, 1)


def deleted(key: bytes) -> EventRecord:
    return EventRecord(True, False, key, b"", 0, 1)


def children(keys: Iterable[bytes], prefix: bytes, separator: bytes = b"/") -> list[ChildRecord]:
    found = set()
    for key in keys:
        if key.startswith(prefix):
            cut = key.find(separator, len(prefix)) if separator else -1
            found.add(ChildRecord(key, False) if cut < 0 else ChildRecord(key[: cut + len(separator)], True))
    return sorted(found)


def load(tree: KeyTree, keys: Iterable[bytes], prefix: bytes) -> None:
    tree.began(prefix)
    tree.received(prefix, children(keys, prefix, tree.separator), fresh=True)
    tree.finished(prefix, more=False)


def opened(keys: Iterable[bytes], separator: bytes = b"/") -> KeyTree:
    """A tree of these keys with every directory open."""
    held = list(keys)
    tree = KeyTree(separator)
    load(tree, held, b"")
    open_all(tree, held)
    return tree


def open_all(tree: KeyTree, keys: Iterable[bytes]) -> None:
    """Open every directory, new ones too."""
    at = 0
    while at < len(tree.rows):
        row = tree.rows[at]
        if row.kind is RowKind.BRANCH and tree.expand(row.key):
            load(tree, keys, row.key)
        at += 1


def shown(tree: KeyTree) -> list[str]:
    return ["  " * row.depth + row.name.decode() + ("/" if row.kind is RowKind.BRANCH else "") for row in tree.rows]


def test_directories_open_in_place() -> None:
    assert shown(opened([b"/a/x", b"/a/y", b"/b", b"plain"])) == ["/", "  a/", "    x", "    y", "  b", "plain"]


def test_a_name_is_key_and_directory_at_once() -> None:
    assert shown(opened([b"/t/a", b"/t/a/child"])) == ["/", "  t/", "    a", "    a/", "      child"]


def test_empty_segments_and_a_key_that_ends_with_the_separator_have_rows() -> None:
    tree = opened([b"a//b", b"a/", b"a//"])
    assert [(row.kind, row.key) for row in tree.rows] == [
        (RowKind.BRANCH, b"a/"),
        (RowKind.LEAF, b"a/"),
        (RowKind.BRANCH, b"a//"),
        (RowKind.LEAF, b"a//"),
        (RowKind.LEAF, b"a//b"),
    ]


def test_without_a_separator_the_list_is_flat() -> None:
    assert shown(opened([b"/a/b", b"/a/c"], b"")) == ["/a/b", "/a/c"]


def test_a_separator_may_be_any_bytes() -> None:
    tree = opened([b"a\0b", b"a\0c"], b"\0")
    assert [row.name for row in tree.rows] == [b"a", b"b", b"c"]


def test_a_directory_that_was_closed_opens_again_without_loading() -> None:
    tree = opened([b"/a/x"])
    tree.collapse(b"/")
    assert shown(tree) == ["/"]
    assert tree.expand(b"/") is False
    assert shown(tree) == ["/", "  a/", "    x"]


def test_a_new_key_appears_in_order_with_the_directories_above_it() -> None:
    tree = opened([b"/a/x"])
    tree.apply([put(b"/a/b"), put(b"/new/deep/key"), put(b"top")])
    assert shown(tree) == ["/", "  a/", "    b", "    x", "  new/", "top"]


def test_a_deleted_key_takes_the_directories_that_it_leaves_empty_with_it() -> None:
    tree = opened([b"/a/b/x", b"/c"])
    assert tree.apply([deleted(b"/a/b/x")]) == set()
    assert shown(tree) == ["/", "  c"]


def test_whether_a_closed_directory_is_empty_is_not_guessed() -> None:
    tree = KeyTree()
    load(tree, [b"a/x"], b"")
    assert tree.apply([deleted(b"a/x")]) == {b"a/"}
    assert shown(tree) == ["a/"]
    tree.vanished(b"a/")
    assert tree.rows == []


def test_what_happens_while_a_directory_is_read_is_not_undone_by_the_older_read() -> None:
    tree = opened([b"/a", b"/b"])
    tree.began(b"/")
    tree.apply([put(b"/new"), deleted(b"/b")])
    tree.received(b"/", children([b"/a", b"/b"], b"/"), fresh=True)
    tree.finished(b"/", more=False)
    assert shown(tree) == ["/", "  a", "  new"]


def test_beyond_the_cap_there_is_a_row_for_more_and_no_gap() -> None:
    tree = KeyTree()
    tree.began(b"")
    tree.received(b"", children([b"a", b"b"], b""), fresh=True)
    tree.finished(b"", more=True, total=10)
    tree.apply([put(b"aa"), put(b"z")])
    assert [row.kind for row in tree.rows] == [RowKind.LEAF] * 3 + [RowKind.MORE]
    tree.received(b"", children([b"c", b"z"], b""), fresh=False)
    tree.finished(b"", more=False)
    assert shown(tree) == ["a", "aa", "b", "c", "z"]


def test_a_filter_keeps_the_way_to_what_it_finds_and_opens_closed_directories() -> None:
    tree = opened([b"/a/needle", b"/a/hay", b"/b/hay", b"other"])
    tree.collapse(b"/a/")
    tree.set_filter("needle")
    assert shown(tree) == ["/", "  a/", "    needle"]
    tree.set_filter("!hay")
    assert shown(tree) == ["/", "  a/", "    needle", "  b/", "other"]
    tree.set_filter("")
    assert shown(tree) == ["/", "  a/", "  b/", "    hay", "other"]


def test_a_failed_load_says_why_in_its_place() -> None:
    tree = KeyTree()
    tree.began(b"")
    tree.failed(b"", b"permission denied")
    assert [(row.kind, row.name) for row in tree.rows] == [(RowKind.FAILED, b"permission denied")]


def test_live_changes_end_in_the_same_tree_as_a_fresh_read() -> None:
    dice = random.Random(7)
    names = [b"a", b"b", b"", b"c/d", b"a/b", b"a//x", b"c/", b"/", b"a/b/c"]
    keys = {dice.choice(names) + b"/" + dice.choice(names) for _ in range(10)}
    tree = opened(keys)
    for _ in range(400):
        key = dice.choice(names) + b"/" + dice.choice(names)
        if key in keys:
            keys.discard(key)
            unsure = tree.apply([deleted(key)])
        else:
            keys.add(key)
            unsure = tree.apply([put(key)])
        for prefix in unsure:
            if not any(other.startswith(prefix) for other in keys):
                tree.vanished(prefix)
        open_all(tree, keys)
        assert sorted(row.key for row in tree.rows if row.kind is RowKind.LEAF) == sorted(keys)
