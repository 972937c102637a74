"""Under which names, and in which transactions, a mirror writes its copy."""

from typing import Any

import pytest

from etcdobs import Event, EventType, Keys, KeyValue
from etcdobs.recipes._mirror import Copying


def kv(key: bytes, revision: int = 5, value: bytes = b"v") -> KeyValue:
    return KeyValue(key, value, 1, revision, 1, 7)


def put(key: bytes, revision: int) -> Event:
    return Event(EventType.PUT, kv(key, revision))


def delete(key: bytes, revision: int) -> Event:
    return Event(EventType.DELETE, KeyValue(key, b"", 0, revision, 0, 0))


def written(transaction: Any) -> list[Any]:
    """The keys of a transaction: bytes for what is put, a tuple for what is deleted."""
    operations = transaction.request.success
    return [each.request_put.key or (each.request_delete_range.key,) for each in operations]


@pytest.mark.parametrize(
    ("keys", "prefix", "renamed"),
    [
        (Keys.prefix("/a/"), None, b"/a/k"),
        (Keys.one("/a/k"), None, b"/a/k"),
        (Keys.prefix("/a/"), "", b"k"),
        (Keys.prefix("/a/"), "/b/c/", b"/b/c/k"),
        (Keys.prefix(b"/a"), b"\xff", b"\xff/k"),
        (Keys.all(), "/all", b"/all/a/k"),
    ],
)
def test_what_a_key_is_called(keys: Keys, prefix: Any, renamed: bytes) -> None:
    copying = Copying(keys, prefix, 128)
    assert list(copying.put(kv(b"/a/k"))) == []
    (transaction,) = copying.rest()
    assert written(transaction) == [renamed]
    assert transaction.request.success[0].request_put.lease == 0


@pytest.mark.parametrize("keys", [Keys.one("/a"), Keys.from_key("/a"), Keys.between("/a", "/z")])
def test_only_a_prefix_is_replaced(keys: Keys) -> None:
    with pytest.raises(ValueError, match="replaces a prefix"):
        Copying(keys, "/b", 128)


@pytest.mark.parametrize(("most", "wrong"), [(0, ValueError), ("8", TypeError)])
def test_a_transaction_holds_something(most: Any, wrong: type[Exception]) -> None:
    with pytest.raises(wrong, match="max_txn_ops"):
        Copying(Keys.all(), None, most)


def test_a_revision_is_a_transaction() -> None:
    events = [put(b"a", 5), delete(b"b", 5), put(b"a", 6), delete(b"a", 9)]
    followed = list(Copying(Keys.all(), None, 128).follow(events))
    assert [(revision, list(map(written, transactions))) for revision, transactions in followed] == [
        (5, [[b"a", (b"b",)]]),
        (6, [[b"a"]]),
        (9, [[(b"a",)]]),
    ]


def test_what_is_too_much_for_a_transaction_is_cut() -> None:
    events = [delete(b"%d" % number, 5) for number in range(5)]
    ((_, transactions),) = Copying(Keys.all(), None, 2).follow(events)
    assert list(map(written, transactions)) == [[(b"0",), (b"1",)], [(b"2",), (b"3",)], [(b"4",)]]


def test_large_values_go_in_small_transactions() -> None:
    copying = Copying(Keys.all(), None, 128)
    large = [kv(b"%d" % number, value=bytes(400_000)) for number in range(5)]
    cut = [written(transaction) for each in large for transaction in copying.put(each)]
    assert cut == [[b"0", b"1"], [b"2", b"3"]]
    assert [written(transaction) for transaction in copying.rest()] == [[b"4"]]
    assert list(copying.rest()) == []
