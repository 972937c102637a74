"""What a run of an STM function asks, and on what condition it writes, by isolation level."""

from typing import Any

import pytest

from etcdobs import KeyValue
from etcdobs._wire import etcdserverpb as pb
from etcdobs.recipes.stm import first_attempt
from etcdobs.types import RangeResponse, ResponseHeader, TxnResponse

LEVELS: list[Any] = ["serializable_snapshot", "serializable", "repeatable_reads", "read_committed"]


def found(key: bytes, revision: int, *, at: int) -> RangeResponse:
    kvs = (KeyValue(key, b"v", 1, revision, 1, 0),) if revision else ()
    return RangeResponse(header=ResponseHeader(1, 1, at, 1), kvs=kvs, count=len(kvs), more=False)


def conditions(attempt: Any) -> list[tuple[bytes, str, int]]:
    request = attempt.commit().request
    names = {pb.Compare.EQUAL: "==", pb.Compare.LESS: "<"}
    return [(each.key, names[each.result], each.mod_revision) for each in request.compare]


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("serializable_snapshot", [(b"a", "==", 5), (b"none", "==", 0), (b"w", "<", 11)]),
        ("serializable", [(b"a", "==", 5), (b"none", "==", 0)]),
        ("repeatable_reads", [(b"a", "==", 5), (b"none", "==", 0)]),
        ("read_committed", []),
    ],
)
def test_on_what_condition_it_commits(level: Any, expected: list[tuple[bytes, str, int]]) -> None:
    attempt = first_attempt(level)
    attempt.learn(b"a", found(b"a", 5, at=10))
    attempt.learn(b"none", found(b"none", 0, at=12))
    attempt.put(b"a", b"1", 0)
    attempt.put(b"w", b"1", 0)
    assert conditions(attempt) == expected


@pytest.mark.parametrize(("level", "revision"), zip(LEVELS, [10, 10, 0, 0], strict=True))
def test_later_reads_are_of_the_first_ones_moment(level: Any, revision: int) -> None:
    attempt = first_attempt(level)
    assert attempt.ask(b"a").request.revision == 0
    attempt.learn(b"a", found(b"a", 5, at=10))
    assert attempt.ask(b"b").request.revision == revision


@pytest.mark.parametrize("level", LEVELS)
def test_a_write_alone_has_no_condition(level: Any) -> None:
    attempt = first_attempt(level)
    attempt.put(b"a", b"1", 0)
    assert conditions(attempt) == []


@pytest.mark.parametrize("level", LEVELS[:2])
def test_the_next_run_need_not_ask_what_the_failed_commit_read(level: Any) -> None:
    attempt = first_attempt(level)
    attempt.learn(b"a", found(b"a", 5, at=10))
    reads = (found(b"a", 15, at=20),)
    again = attempt.again(TxnResponse(header=ResponseHeader(1, 1, 20, 1), succeeded=False, responses=reads))
    assert again.seen(b"a")
    assert not again.seen(b"b")
    assert again.ask(b"b").request.revision == 20
    assert again.mod_revision(b"a") == 15


def test_repeatable_reads_asks_again() -> None:
    attempt = first_attempt("repeatable_reads")
    attempt.learn(b"a", found(b"a", 5, at=10))
    reads = (found(b"a", 15, at=20),)
    again = attempt.again(TxnResponse(header=ResponseHeader(1, 1, 20, 1), succeeded=False, responses=reads))
    assert not again.seen(b"a")
    assert again.ask(b"a").request.revision == 0


def test_the_last_write_of_a_key_counts() -> None:
    attempt = first_attempt("serializable")
    attempt.put(b"a", b"1", 0)
    attempt.delete(b"a")
    attempt.delete(b"b")
    attempt.put(b"b", b"2", 0)
    kinds = [each.WhichOneof("request") for each in attempt.commit().request.success]
    assert sorted(kinds) == ["request_delete_range", "request_put"]
    assert (attempt.own(b"a"), attempt.own(b"b"), attempt.own(b"c")) == (b"", b"2", None)
