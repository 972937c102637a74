"""A scan gives every key once whatever the keys, and costs what it returns: in requests, and in keys counted."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etcdobs import Keys
from etcdobs._children import ChildrenCursor, children
from etcdobs._scan import STREAM, scan
from etcdobs._wire import etcdserverpb as pb
from etcdobs.types import KeyValue, RangeResponse, ResponseHeader
from tests.unit.test_scan import Store, listing, pages

ANY = st.binary(min_size=1, max_size=6)
ALIKE = st.text(alphabet="ab/01\xff", min_size=1, max_size=12).map(str.encode)
CLUSTERED = st.builds(lambda prefix, rest: prefix * 5 + rest, st.sampled_from([b"\0", b"a", b"\xff", b"/x"]), ANY)
RANGES = [Keys.all(), Keys.prefix("a"), Keys.prefix(b"\xff"), Keys.from_key(b"/"), Keys.between("/", "b")]


@given(
    keys=st.lists(st.one_of(ANY, ALIKE, CLUSTERED), max_size=120, unique=True),
    page_size=st.one_of(st.none(), st.integers(1, 40)),
    wanted=st.sampled_from(
        [Keys.all(), Keys.prefix("a"), Keys.prefix(b"\xff"), Keys.from_key(b"/"), Keys.between("/", "b")]
    ),
)
def test_any_keys_in_pages_of_any_size(keys: list[bytes], page_size: int | None, wanted: Keys) -> None:
    store = Store(keys)
    found = [kv.key for kv in pages(store, scan(wanted, page_size=page_size))]
    assert found == sorted(key for key in keys if key in wanted)
    least = -(-len(found) // (page_size or 512))
    assert len(store.requests) <= 10 * least + 1


def by_hundreds(draw: random.Random) -> list[bytes]:
    return [b"/%03d/%02d" % (number // 100, number % 100) for number in range(20_000)]


def decimal(draw: random.Random) -> list[bytes]:
    return [b"/app/%08d" % number for number in range(20_000)]


def hexadecimal(draw: random.Random) -> list[bytes]:
    return [b"/app/%032x" % draw.getrandbits(128) for _ in range(20_000)]


def binary(draw: random.Random) -> list[bytes]:
    return [draw.randbytes(16) for _ in range(20_000)]


def skewed(draw: random.Random) -> list[bytes]:
    return [b"/%s/%06d" % (draw.choice([b"a", b"a", b"a", b"m" * 40, b"z" * 3]), n) for n in range(20_000)]


@pytest.mark.parametrize("make", [decimal, hexadecimal, binary, by_hundreds, skewed])
def test_a_scan_costs_what_it_returns(make: Callable[[random.Random], list[bytes]]) -> None:
    keys = set(make(random.Random(1)))
    store = Store(keys)
    assert len(pages(store, scan(Keys.all(), page_size=200))) == len(keys)
    assert len(store.requests) <= 4 * len(keys) / 200
    # By limit alone it would be a hundred halves of all keys.
    assert store.counted <= 8 * len(keys)


def in_directories(draw: random.Random) -> list[bytes]:
    return [b"/%02d/%06d" % (directory, number) for directory in range(97) for number in range(700)]


def far_apart(draw: random.Random) -> list[bytes]:
    return [side * 200 + b"/%032x" % (number << 100) for side in (b"a", b"b") for number in range(20_000)]


@pytest.mark.parametrize(
    ("make", "requests"), [(decimal, 5), (hexadecimal, 6), (binary, 5), (in_directories, 20), (far_apart, 60)]
)
def test_a_scan_has_each_key_counted_twice_and_asks_little_more_than_its_pages(
    make: Callable[[random.Random], list[bytes]], requests: int
) -> None:
    keys = set(make(random.Random(1)))
    store = Store(keys)
    assert len(pages(store, scan(Keys.all()))) == len(keys)
    assert len(store.requests) <= requests
    # Once for the first page, of which nothing is known, and once with the page that it comes in.
    assert store.counted <= 2.8 * len(keys)


def test_a_scan_of_a_huge_directory_among_small_ones() -> None:
    small = [b"/%04d/%08d" % (directory, number) for directory in range(1_000) for number in range(20)]
    store = Store([*small, *(b"/0500-huge/%08d" % number for number in range(60_000))])
    assert len(pages(store, scan(Keys.all()))) == 80_000
    assert len(store.requests) <= 20
    # What is met unforeseen is counted a few times.
    assert store.counted <= 4 * 80_000


def test_keys_that_are_larger_than_any_float() -> None:
    keys = [bytes([200 + side]) * 500 + b"/%05d/x" % number for side in range(3) for number in range(2_000)]
    assert [kv.key for kv in pages(Store(keys), scan(Keys.all(), page_size=100))] == keys
    assert pages(Store(keys), children(b"")) == listing(keys, b"", b"/")
    assert len(pages(Store(keys), children(keys[0][:501]))) == 2_000


def test_a_short_page_leaves_pages_as_large_as_they_were() -> None:
    keys = [b"/a/%06d" % number for number in range(30_000)] + [b"/z/%06d" % number for number in range(30_000)]
    store = Store(keys)
    pages(store, scan(Keys.all()))
    limits = [request.limit for request in store.requests]
    assert limits == sorted(limits)


@pytest.mark.parametrize(("size", "seconds", "grows"), [(10, 0.0, True), (10_000, 0.0, False), (10, 5.0, False)])
def test_a_page_fits_its_bytes_and_the_time_it_took(size: int, seconds: float, grows: bool) -> None:
    cursor = scan(Keys.all())
    first = cursor.request()
    assert first is not None
    kvs = tuple(KeyValue(b"%05d" % number, b"v" * size, 1, 1, 1, 0) for number in range(512))
    header = ResponseHeader(1, 1, 7, 1)
    cursor.receive(RangeResponse(header=header, kvs=kvs, count=1_000_000, more=True), seconds)
    second = cursor.request()
    assert second is not None
    assert (second.request.limit > first.request.limit) is grows


def test_pages_of_a_size_asked_for_stay_as_they_are() -> None:
    store = Store([b"%04d" % number for number in range(500)])
    pages(store, scan(Keys.all(), page_size=50))
    assert {request.limit for request in store.requests} == {50}


def test_no_page_is_sorted_or_filtered() -> None:
    store = Store([b"%04d" % number for number in range(500)])
    pages(store, scan(Keys.all(), page_size=50))
    for request in store.requests:
        fields = {field.name for field, _ in request.ListFields()}
        assert fields <= {"key", "range_end", "limit", "revision"}


# ---- streamed


def test_a_stream_goes_on_behind_the_first_page_at_its_revision_and_a_page_behind_what_it_brought() -> None:
    keys = [b"%04d" % number for number in range(2_000)]
    store = Store(keys)
    cursor = scan(Keys.all())
    first = cursor.request()
    assert first is not None
    assert cursor.stream() is None
    found = list(cursor.receive(store.call(first)))
    rest = cursor.stream()
    assert rest is not None
    assert (rest.rpc, rest.request.limit, rest.request.revision) == (STREAM, 0, 1)
    assert rest.request.key == found[-1].key + b"\0"
    found += cursor.receive_part(rest.decode(pb.RangeResponse(kvs=[{"key": key} for key in keys[512:600]])))
    found += pages(store, cursor)
    assert [kv.key for kv in found] == keys


def test_a_stream_that_brought_nothing_is_the_last() -> None:
    store = Store([b"%04d" % number for number in range(2_000)])
    cursor = scan(Keys.all())
    for streams in (True, False):
        call = cursor.request()
        assert call is not None
        cursor.receive(store.call(call), 1.0)
        assert (cursor.stream() is not None) is streams


def test_the_part_with_a_header_is_the_last() -> None:
    store = Store([b"%04d" % number for number in range(600)])
    cursor = scan(Keys.all())
    call = cursor.request()
    assert call is not None
    cursor.receive(store.call(call))
    rest = cursor.stream()
    assert rest is not None
    cursor.receive_part(rest.decode(pb.RangeResponse(header={"revision": 1}, kvs=[{"key": b"0599"}])))
    assert cursor.request() is None


# ---- directories


def test_a_listing_counts_about_as_many_keys_as_there_are() -> None:
    keys = [b"/app/%02d/%05d" % (directory, number) for directory in range(60) for number in range(1_000)]
    store = Store(keys)
    assert len(pages(store, children("/app/"))) == 60
    assert store.counted <= 4 * len(keys)
    assert len(store.requests) <= 3 * 60


def test_a_listing_of_many_small_directories_takes_few_requests() -> None:
    keys = [b"/app/%05d/%d" % (directory, number) for directory in range(30_000) for number in range(2)]
    store = Store(keys)
    assert len(pages(store, children("/app/"))) == 30_000
    assert store.counted <= 6 * len(keys)
    assert len(store.requests) <= 3 * len(keys) / 5_000


def test_behind_large_directories_many_small_ones_are_read_together() -> None:
    keys = [b"/app/%04d/%05d" % (directory, number) for directory in range(4) for number in range(2_000)]
    keys += [b"/app/%04d/%05d" % (directory, number) for directory in range(4, 700) for number in range(60)]
    store = Store(keys)
    assert len(pages(store, children("/app/"))) == 700
    assert len(store.requests) <= 700 / 4


def test_a_listing_of_large_directories_whose_names_come_in_clusters() -> None:
    stems, ends = (b"auth", b"ca", b"co", b"de", b"log", b"s", b"st"), b"abehilnorstuy"
    names = {stem + bytes([one, other]) for stem in stems for one in ends[::2] for other in ends[::6]}
    store = Store(b"/registry/%s/%06d" % (name, number) for name in names for number in range(700))
    assert len(pages(store, children("/registry/"))) == len(names)
    assert store.counted <= 4 * 700 * len(names)


@given(keys=st.lists(st.one_of(ANY, ALIKE, CLUSTERED), max_size=120, unique=True), size=st.integers(1, 9))
def test_any_directory_in_pages_of_any_size(keys: list[bytes], size: int) -> None:
    cursor = ChildrenCursor("", separator="/", timeout=1, page_size=size)
    assert pages(Store(keys), cursor) == listing(keys, b"", b"/")


@pytest.mark.parametrize("name", [b"%02d", b"%d"])
def test_a_listing_of_large_directories_counts_little_but_what_its_first_page_does(name: bytes) -> None:
    names = sorted(name % directory for directory in range(97))
    keys = [b"/registry/%s/%08d" % (directory, number) for directory in names for number in range(3_000)]
    store = Store(keys)
    assert len(pages(store, children("/registry/"))) == 97
    assert store.counted <= 1.6 * len(keys)
    # Next to nothing of each directory is read.
    assert store.sent <= 97 * 60
    assert len(store.requests) <= 1.3 * 97


def test_a_listing_of_large_directories_with_any_names() -> None:
    draw = random.Random(1)
    names = {bytes(draw.choices(b"abcdefghijklmnopqrstuvwxyz-", k=draw.randint(3, 14))) for _ in range(97)}
    store = Store(b"/registry/%s/%06d" % (name, number) for name in names for number in range(700))
    assert len(pages(store, children("/registry/"))) == len(names)
    assert store.counted <= 3 * 700 * len(names)
    assert len(store.requests) <= 4 * len(names)


def test_a_listing_with_counts_costs_one_count_more() -> None:
    keys = [b"/registry/%02d/%08d" % (directory, number) for directory in range(97) for number in range(700)]
    without, store = Store(keys), Store(keys)
    pages(without, children("/registry/"))
    found = pages(store, children("/registry/", counts=True))
    assert [child.count for child in found] == [700] * 97
    assert store.counted - without.counted <= len(keys)
    assert len(store.requests) - len(without.requests) <= 1


@given(
    keys=st.lists(st.one_of(ANY, ALIKE, CLUSTERED), max_size=120, unique=True),
    size=st.one_of(st.none(), st.integers(1, 9)),
)
def test_the_counts_of_any_directory(keys: list[bytes], size: int | None) -> None:
    cursor = ChildrenCursor("", separator="/", timeout=1, counts=True, page_size=size)
    for child in pages(Store(keys), cursor):
        below = [key for key in keys if key.startswith(child.key)] if child.is_branch else [child.key]
        assert child.count == len(below)
