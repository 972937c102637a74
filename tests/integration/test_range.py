"""What a range of keys gives: filters, orders, pages, directories, and answers of many megabytes."""

import pytest

from etcdobs import AsyncClient, Child, CompactedError, Keys, ResponseTooLargeError
from etcdobs.testing import Etcd
from tests.conftest import OpenClient


async def fill(client: AsyncClient, prefix: str, names: str) -> list[int]:
    """Puts a key a name, with its position as the value; the revisions of the puts."""
    return [(await client.put(prefix + name, str(at))).revision for at, name in enumerate(names.split())]


def names(prefix: str, found: object) -> str:
    return " ".join(kv.key.decode().removeprefix(prefix) for kv in found)  # type: ignore[attr-defined]


async def test_a_range_is_in_the_order_of_its_keys(client: AsyncClient, prefix: str) -> None:
    await fill(client, prefix, "c a b")
    found = await client.range(Keys.prefix(prefix))
    assert (names(prefix, found), found.count, found.more) == ("a b c", 3, False)


async def test_a_range_is_a_sequence(client: AsyncClient, prefix: str) -> None:
    await fill(client, prefix, "a b c")
    found = await client.range(Keys.prefix(prefix))
    assert len(found) == 3
    assert found[0] == found.kvs[0] == next(iter(found))
    assert found[1:] == found.kvs[1:]
    assert found[-1] in found


async def test_a_limit_leaves_the_rest_out_and_says_so(client: AsyncClient, prefix: str) -> None:
    await fill(client, prefix, "a b c")
    some = await client.range(Keys.prefix(prefix), limit=2)
    whole = await client.range(Keys.prefix(prefix), limit=3)
    assert (names(prefix, some), some.count, some.more) == ("a b", 3, True)
    assert (names(prefix, whole), whole.count, whole.more) == ("a b c", 3, False)


@pytest.mark.parametrize(
    ("sort_by", "ascending"),
    [
        (None, "a b c"),
        ("key", "a b c"),
        ("version", "c a b"),
        ("create_revision", "b c a"),
        ("mod_revision", "c b a"),
        ("value", "a c b"),
    ],
)
@pytest.mark.parametrize("descending", [False, True])
async def test_a_range_is_sorted(
    client: AsyncClient, prefix: str, sort_by: str | None, ascending: str, descending: bool
) -> None:
    for name, value in (("b", "x"), ("c", "2"), ("b", "y"), ("b", "3"), ("a", "x"), ("a", "1")):
        await client.put(prefix + name, value)
    found = await client.range(
        Keys.prefix(prefix),
        sort_by=sort_by,  # type: ignore[arg-type]
        descending=descending,
    )
    expected = ascending.split()[::-1] if descending else ascending.split()
    assert names(prefix, found) == " ".join(expected)


async def test_sort_by_is_one_of_five(client: AsyncClient, prefix: str) -> None:
    with pytest.raises(ValueError, match="sort_by must be one of key, version"):
        await client.range(prefix, sort_by="lease")  # type: ignore[arg-type]


async def test_keys_only_leaves_the_values_out(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix, "value")
    (kv,) = await client.range(prefix, keys_only=True)
    assert (kv.key, kv.value, kv.version) == (prefix.encode(), b"", 1)


async def test_count_only_leaves_the_keys_out(client: AsyncClient, prefix: str) -> None:
    await fill(client, prefix, "a b c")
    found = await client.range(Keys.prefix(prefix), count_only=True)
    assert (found.count, found.kvs) == (3, ())


async def test_a_range_is_read_as_of_a_revision(client: AsyncClient, prefix: str) -> None:
    first, _ = await fill(client, prefix, "a b")
    assert names(prefix, await client.range(Keys.prefix(prefix), revision=first)) == "a"


async def test_a_range_may_be_serializable(client: AsyncClient, prefix: str) -> None:
    await fill(client, prefix, "a b")
    assert names(prefix, await client.range(Keys.prefix(prefix), serializable=True)) == "a b"


async def test_keys_outside_the_revisions_are_left_out(client: AsyncClient, prefix: str) -> None:
    a, b, c = await fill(client, prefix, "a b c")
    changed = (await client.put(prefix + "a", "again")).revision
    keys = Keys.prefix(prefix)
    assert names(prefix, await client.range(keys, min_mod_revision=c)) == "a c"
    assert names(prefix, await client.range(keys, max_mod_revision=c)) == "b c"
    assert names(prefix, await client.range(keys, min_mod_revision=changed)) == "a"
    assert names(prefix, await client.range(keys, min_create_revision=b)) == "b c"
    assert names(prefix, await client.range(keys, max_create_revision=a)) == "a"


async def test_every_kind_of_keys_is_a_range(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        await fill(client, "", "a b/ b/1 b/2 b0 c")
        kinds = {
            Keys.prefix("b/"): "b/ b/1 b/2",
            Keys.prefix(""): "a b/ b/1 b/2 b0 c",
            Keys.from_key("b/2"): "b/2 b0 c",
            Keys.from_key(""): "a b/ b/1 b/2 b0 c",
            Keys.between("a", "b/1"): "a b/",
            Keys.between("", "b"): "a",
            Keys.all(): "a b/ b/1 b/2 b0 c",
            Keys.one("b0"): "b0",
        }
        assert {keys: names("", await client.range(keys)) for keys in kinds} == kinds


async def test_a_prefix_of_0xff_ends_where_its_keys_end(client: AsyncClient, prefix: str) -> None:
    below = prefix.encode()
    for name in (b"a\xfe", b"a\xff", b"a\xff\xff", b"b"):
        await client.put(below + name)
    found = await client.range(Keys.prefix(below + b"a\xff"))
    assert [kv.key.removeprefix(below) for kv in found] == [b"a\xff", b"a\xff\xff"]


async def test_an_answer_of_six_megabytes_is_read(client: AsyncClient, prefix: str) -> None:
    for name in "abcdef":
        await client.put(prefix + name, name * 1_000_000)
    found = await client.range(Keys.prefix(prefix))
    assert [len(kv.value) for kv in found] == [1_000_000] * 6
    await client.delete(Keys.prefix(prefix))


async def test_an_answer_above_the_client_s_own_limit_is_told(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    async with open_client(etcd_server.endpoint, max_receive_bytes=100_000) as client:
        await client.put(prefix, "x" * 200_000)
        with pytest.raises(ResponseTooLargeError):
            await client.get(prefix)
        await client.delete(prefix)


@pytest.mark.parametrize("page_size", [None, 1, 3, 100])
async def test_scan_reads_all_in_pages(client: AsyncClient, prefix: str, page_size: int | None) -> None:
    await fill(client, prefix, "a b c d e f g")
    found = [kv async for kv in client.scan(Keys.prefix(prefix), page_size=page_size)]
    assert (names(prefix, found), [kv.text for kv in found]) == ("a b c d e f g", list("0123456"))


async def test_scan_reads_one_revision_whatever_is_written_meanwhile(client: AsyncClient, prefix: str) -> None:
    await fill(client, prefix, "a c e")
    found = []
    async for kv in client.scan(Keys.prefix(prefix), page_size=1):
        found.append(kv)
        await fill(client, prefix, "b d e f")
    assert (names(prefix, found), [kv.text for kv in found]) == ("a c e", ["0", "1", "2"])


async def test_scan_may_leave_values_out_and_be_serializable(client: AsyncClient, prefix: str) -> None:
    await fill(client, prefix, "a b")
    found = [kv async for kv in client.scan(Keys.prefix(prefix), keys_only=True, serializable=True)]
    assert [(kv.key.decode()[-1], kv.value) for kv in found] == [("a", b""), ("b", b"")]


async def test_scan_reads_the_past(client: AsyncClient, prefix: str) -> None:
    first, _ = await fill(client, prefix, "a b")
    found = [kv async for kv in client.scan(Keys.prefix(prefix), revision=first)]
    assert names(prefix, found) == "a"


async def test_scan_of_one_key_and_of_none(client: AsyncClient, prefix: str) -> None:
    await fill(client, prefix, "a ab")
    assert names(prefix, [kv async for kv in client.scan(prefix + "a")]) == "a"
    assert [kv async for kv in client.scan(prefix + "x")] == []
    assert [kv async for kv in client.scan(Keys.prefix(prefix + "x"))] == []


async def test_scan_tells_when_its_revision_is_compacted(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        await fill(client, "", "a b c")
        pages = aiter(client.scan(Keys.all(), page_size=1))
        await anext(pages)
        await client.compact((await client.put("d")).revision)
        with pytest.raises(CompactedError):
            await anext(pages)


async def test_children_are_what_lies_directly_below(client: AsyncClient, prefix: str) -> None:
    await fill(client, prefix, "a b/1 b/2/x b c/d/e /f z/")
    found = [child async for child in client.children(prefix)]
    below = prefix.encode()
    assert found == [
        Child(b"", below + b"/", True),
        Child(b"a", below + b"a", False),
        Child(b"b", below + b"b", False),
        Child(b"b", below + b"b/", True),
        Child(b"c", below + b"c/", True),
        Child(b"z", below + b"z/", True),
    ]


async def test_children_below_large_branches(client: AsyncClient, prefix: str) -> None:
    from etcdobs import Put

    for branch in "ab":
        for first in range(0, 1_000, 100):
            puts = (Put(f"{prefix}{branch}/{first + number:04}") for number in range(100))
            await client.txn().then(*puts).commit()
    await client.put(prefix + "c")
    assert [child.name async for child in client.children(prefix)] == [b"a", b"b", b"c"]


async def test_children_with_the_keys_in_them(client: AsyncClient, prefix: str) -> None:
    await client.load(f'{{"key": "{prefix}a/{number}", "value": ""}}' for number in range(700))
    await client.load(f'{{"key": "{prefix}{name}", "value": ""}}' for name in ("b", "b/1", "b/2/3", "c"))
    found = [(child.name, child.is_branch, child.count) async for child in client.children(prefix, counts=True)]
    assert found == [(b"a", True, 700), (b"b", False, 1), (b"b", True, 2), (b"c", False, 1)]
    confined = client.namespaced(prefix).children("", counts=True)
    assert [(child.name, child.is_branch, child.count) async for child in confined] == found
    assert [child.count async for child in client.children(prefix)] == [None] * 4


async def test_children_of_other_separators(client: AsyncClient, prefix: str) -> None:
    await fill(client, prefix, "a.b.c a.d e")
    assert [child.name async for child in client.children(prefix, separator=".")] == [b"a", b"e"]
    assert [child.name async for child in client.children(prefix, separator=b"")] == [b"a.b.c", b"a.d", b"e"]


async def test_children_of_the_root(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        await fill(client, "", "a /b c/d")
        assert [child.key async for child in client.children("")] == [b"/", b"a", b"c/"]
