"""Long reads in pages give what one read of the whole would, whatever the keys and whatever is written meanwhile."""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from etcdobs import Child, Keys, KeyValue, _children
from etcdobs._call import CLIENT_DEFAULT, Call
from etcdobs._children import ChildrenCursor
from etcdobs._scan import Pages, ScanCursor
from etcdobs._wire import etcdserverpb as pb
from etcdobs.keys import as_keys


class Store:
    """An etcd of one revision history: answers a Range as etcd does, and lets something be written before each."""

    def __init__(self, keys: Iterable[bytes], interfere: Callable[["Store"], None] = lambda _store: None) -> None:
        self._history = [sorted(set(keys))]
        self._interfere = interfere
        self.requests: list[Any] = []
        self.sent = 0
        # As a server before 3.7 does for each page.
        self.counted = 0

    def write(self, keys: Iterable[bytes]) -> None:
        self._history.append(sorted(set(keys)))

    @property
    def revision(self) -> int:
        return len(self._history)

    def call(self, call: Call[Any]) -> Any:
        self.requests.append(call.request)
        if isinstance(call.request, pb.TxnRequest):
            ranges = [self.range(operation.request_range) for operation in call.request.success]
            reply: Any = pb.TxnResponse(responses=[pb.ResponseOp(response_range=each) for each in ranges])
        else:
            reply = self.range(call.request)
        self._interfere(self)
        return call.decode(reply)

    def range(self, request: pb.RangeRequest) -> pb.RangeResponse:
        revision = request.revision or self.revision
        found = self._in(self._history[revision - 1], Keys(request.key, request.range_end))
        page = [] if request.count_only else found[: request.limit or None]
        self.sent += len(page)
        self.counted += len(found)
        return pb.RangeResponse(
            header=pb.ResponseHeader(revision=self.revision),
            kvs=[{"key": key, "value": b"" if request.keys_only else b"v"} for key in page],
            count=len(found),
            more=not request.count_only and len(page) < len(found),
        )

    @staticmethod
    def _in(keys: list[bytes], wanted: Keys) -> list[bytes]:
        first = bisect_left(keys, wanted.start)
        if wanted.is_single:
            return keys[first : bisect_right(keys, wanted.start)]
        return keys[first:] if wanted.end == b"\0" else keys[first : bisect_left(keys, wanted.end)]


def pages(store: Store, cursor: Pages[Any]) -> list[Any]:
    found: list[Any] = []
    while (call := cursor.request()) is not None:
        found += cursor.receive(store.call(call))
    return found


def scan(store: Store, keys: str | bytes | Keys, page_size: int | None = None, **more: Any) -> list[KeyValue]:
    options: dict[str, Any] = {"revision": 0, "keys_only": False, "serializable": False, "timeout": CLIENT_DEFAULT}
    return pages(store, ScanCursor(keys, page_size=page_size, **options | more))


def children(store: Store, prefix: Any, separator: Any = "/", page: int | None = None) -> list[Child]:
    cursor = ChildrenCursor(prefix, separator=separator, timeout=CLIENT_DEFAULT)
    found: list[Child] = []
    while (call := cursor.request()) is not None:
        if page is not None:
            call.request.limit = page
        found += cursor.receive(store.call(call))
    return found


def listing(keys: Iterable[bytes], prefix: bytes, separator: bytes) -> list[Child]:
    """The entries of a directory, from all of its keys."""
    found: list[Child] = []
    for key in sorted(set(keys)):
        name, mark, _ = key[len(prefix) :].partition(separator) if separator else (key[len(prefix) :], b"", b"")
        entry = Child(name, prefix + name + mark, bool(mark))
        if key.startswith(prefix) and entry not in found:
            found.append(entry)
    return found


def random_keys(draw: random.Random, alphabet: list[bytes], most: int) -> list[bytes]:
    return [b"".join(draw.choices(alphabet, k=draw.randint(1, 5))) for _ in range(draw.randint(0, most))]


BINARY = [b"\0", b"a", b"b", b"/", b"\xfe", b"\xff"]


@pytest.mark.parametrize("seed", range(40))
def test_a_scan_gives_every_key_once_and_in_order(seed: int) -> None:
    draw = random.Random(seed)
    keys = random_keys(draw, BINARY, 40)
    first, second = sorted([b"a", draw.choice(random_keys(draw, BINARY, 3) or [b"b"])])
    ranges = [Keys.all(), Keys.prefix("a"), Keys.prefix(b"\xff"), Keys.from_key("b")]
    if first < second:
        ranges.append(Keys.between(first, second))
    for wanted in ranges:
        for size in (1, 2, 3, 1000):
            found = [kv.key for kv in scan(Store(keys), wanted, size)]
            assert found == sorted(key for key in set(keys) if key in wanted)


def test_a_scan_is_of_one_moment() -> None:
    before = [b"/%d" % number for number in range(100, 130)]

    def interfere(store: Store) -> None:
        store.write([b"/000", *(b"/new%d" % store.revision for _ in range(1)), *before[::2]])

    store = Store(before, interfere)
    assert [kv.key for kv in scan(store, Keys.prefix("/"), 4)] == before
    assert [request.revision for request in store.requests] == [0] + [1] * (len(store.requests) - 1)


def test_a_scan_of_a_revision_stays_at_it_from_the_first_page() -> None:
    store = Store([b"a", b"b", b"c"])
    store.write([b"z"])
    assert [kv.key for kv in scan(store, Keys.all(), 1, revision=1)] == [b"a", b"b", b"c"]
    assert {request.revision for request in store.requests} == {1}


def test_a_scan_of_one_key_is_one_read() -> None:
    store = Store([b"k", b"k2"])
    assert [kv.key for kv in scan(store, "k")] == [b"k"]
    assert len(store.requests) == 1


def test_a_scan_of_nothing_is_empty() -> None:
    assert scan(Store([]), Keys.all()) == []


def test_a_scan_hands_its_options_to_every_page() -> None:
    store = Store([b"a", b"b", b"c"])
    found = scan(store, Keys.all(), 2, keys_only=True, serializable=True)
    assert [kv.value for kv in found] == [b""] * 3
    assert len(store.requests) == 2
    assert all(request.keys_only and request.serializable for request in store.requests)
    assert {request.limit for request in store.requests} == {2}


def test_a_scan_gives_each_page_the_timeout() -> None:
    cursor = ScanCursor("k", page_size=None, revision=0, keys_only=False, serializable=False, timeout=3.0)
    call = cursor.request()
    assert call is not None
    assert call.timeout == 3.0


@pytest.mark.parametrize("size", [0, -1])
def test_a_page_holds_at_least_one_key(size: int) -> None:
    with pytest.raises(ValueError, match="page_size"):
        scan(Store([]), Keys.all(), size)


@pytest.mark.parametrize(
    ("keys", "kind"), [(None, TypeError), (3, TypeError), ("", ValueError)], ids=["None", "int", "empty"]
)
def test_a_scan_of_no_keys_is_refused(keys: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="key"):
        scan(Store([]), as_keys(keys))


# ---- children


def test_a_directory_lists_keys_and_directories() -> None:
    store = Store([b"/a", b"/a/x", b"/a/y/z", b"/b/c/d", b"/c", b"other"])
    assert children(store, "/") == [
        Child(b"a", b"/a", False),
        Child(b"a", b"/a/", True),
        Child(b"b", b"/b/", True),
        Child(b"c", b"/c", False),
    ]


def test_a_name_that_is_both_is_listed_twice_also_across_pages() -> None:
    for page in (1, 2, 3):
        names = [(child.name, child.is_branch) for child in children(Store([b"a", b"a/1", b"a/2"]), "", page=page)]
        assert names == [(b"a", False), (b"a", True)]


def test_empty_names_are_names() -> None:
    assert children(Store([b"/", b"//", b"//x", b"/y"]), "/") == [
        Child(b"", b"/", False),
        Child(b"", b"//", True),
        Child(b"y", b"/y", False),
    ]


def test_a_prefix_need_not_end_with_the_separator() -> None:
    assert children(Store([b"/app", b"/app/x", b"/apple"]), "/app") == [
        Child(b"", b"/app", False),
        Child(b"", b"/app/", True),
        Child(b"le", b"/apple", False),
    ]


def test_without_a_separator_every_key_is_an_entry() -> None:
    assert children(Store([b"/a/b", b"/c"]), "", "", page=1) == [
        Child(b"/a/b", b"/a/b", False),
        Child(b"/c", b"/c", False),
    ]


@pytest.mark.parametrize(
    ("prefix", "separator", "alphabet"),
    [
        (b"", b"/", BINARY),
        (b"a", b"/", BINARY),
        (b"/", b"/", BINARY),
        (b"\xff", b"/", BINARY),
        (b"\xff\xff", b"/", BINARY),
        (b"", b"\xff", BINARY),
        (b"\xff", b"\xff", BINARY),
        (b"", b"\0", BINARY),
        (b"", b"", BINARY),
        (b"a", b"", BINARY),
        (b"", b"::", [b":", b"::", b"a", b"b", b"\xff"]),
        (b"a", b"::", [b":", b"::", b"a", b"b"]),
        (b"", b"\xff\xff", [b"\xff", b"a", b"\0"]),
        ("é".encode(), "→".encode(), ["é".encode(), "→".encode(), b"a", b"\xe2", b"\x86"]),
    ],
)
def test_children_are_those_of_a_naive_listing(prefix: bytes, separator: bytes, alphabet: list[bytes]) -> None:
    draw = random.Random(repr((prefix, separator)))
    for _ in range(60):
        keys = [draw.choice([b"", prefix]) + key for key in random_keys(draw, alphabet, 30)]
        for page in (1, 2, 5, None):
            found = children(Store(keys), prefix, separator, page)
            assert found == listing(keys, prefix, separator), (keys, page)


def test_children_are_of_one_moment() -> None:
    before = [b"/%d/x" % number for number in range(10, 40)]
    store = Store(before, lambda store: store.write([*before[::2], b"/new/%d" % store.revision]))
    assert [child.key for child in children(store, "/", page=3)] == [key[:-1] for key in before]


def test_a_directory_is_listed_without_reading_what_lies_below() -> None:
    keys = [b"/%d/%06d" % (directory, key) for directory in range(3) for key in range(20_000)]
    store = Store(keys)
    assert [child.name for child in children(store, "/")] == [b"0", b"1", b"2"]
    assert store.sent < len(keys) / 3
    assert all(request.keys_only for request in store.requests)


def test_children_take_str_and_bytes_and_nothing_else() -> None:
    store = Store([b"/a"])
    assert children(store, "/") == children(store, b"/", b"/") == [Child(b"a", b"/a", False)]
    for wrong in (None, 3, Keys.prefix("/")):
        with pytest.raises(TypeError, match="prefix must be str or bytes"):
            children(store, wrong)
        with pytest.raises(TypeError, match="separator must be str or bytes"):
            children(store, "/", wrong)


def test_a_listing_may_be_served_by_any_member() -> None:
    for serializable in (False, True):
        call = _children.children("/", serializable=serializable).request()
        assert call is not None
        assert call.request.serializable is serializable
    with pytest.raises(TypeError, match="serializable must be True or False"):
        _children.children("/", serializable=1)  # type: ignore[arg-type]
