"""What goes together in one transaction, and who is told what, played without a server."""

from typing import Any

import pytest

from etcdobs import (
    DeadlineExceededError,
    EmptyKeyError,
    EtcdError,
    NoSpaceError,
    PermissionDeniedError,
    RequestTooLargeError,
    ResponseTooLargeError,
    TooManyOpsError,
    UnavailableError,
)
from etcdobs._batch import MAX_BYTES, MAX_UNDER_WAY, Batching
from etcdobs._batch_entry import DeleteEntry, Entry, GetEntry, PutEntry, transaction
from etcdobs._wire import etcdserverpb as pb


def put(key: str, value: str | bytes = "") -> PutEntry:
    return PutEntry(key, value, 0, False)


def asked(*entries: Entry[Any], max_ops: int = 128) -> Batching:
    batching = Batching(max_ops)
    for entry in entries:
        batching.add(entry)
    return batching


def keys(entries: Any) -> list[bytes]:
    return [entry.key for entry in entries]


def test_what_waits_goes_together_and_in_order() -> None:
    batching = asked(put("a"), put("b"), DeleteEntry("c", False))
    assert keys(batching.next()) == [b"a", b"b", b"c"]
    assert batching.next() == ()
    assert not batching.is_idle


def test_reads_and_writes_go_apart_and_at_once() -> None:
    batching = asked(put("a"), GetEntry("b"), put("c"), GetEntry("d"))
    assert sorted(map(keys, (batching.next(), batching.next()))) == [[b"a", b"c"], [b"b", b"d"]]


def test_the_rest_waits_for_the_answer() -> None:
    batching = asked(put("a"))
    first = batching.next()
    batching.add(put("b"))
    assert batching.next() == ()
    batching.settled(first)
    assert keys(batching.next()) == [b"b"]


def test_a_full_one_does_not_wait() -> None:
    batching = asked(*(put(str(number)) for number in range(2 * MAX_UNDER_WAY + 1)), max_ops=2)
    sent = [batching.next() for _ in range(MAX_UNDER_WAY)]
    assert [len(entries) for entries in sent] == [2] * MAX_UNDER_WAY
    assert batching.next() == ()
    batching.settled(sent[0])
    assert batching.next() == ()
    for entries in sent[1:]:
        batching.settled(entries)
    assert len(batching.next()) == 1


def test_what_is_given_up_was_not_sent_and_what_is_under_way_comes_back() -> None:
    batching = asked(put("a", "1"))
    first, alone = batching.next(), GetEntry("b")
    assert batching.alone(alone)
    waiting = [GetEntry("c"), put("d"), put("a", "2"), GetEntry("a"), put("d", "2")]
    for entry in waiting:
        batching.add(entry)
    assert sorted(map(id, batching.give_up())) == sorted(map(id, waiting))
    batching.settled(first)
    assert batching.back(alone)
    assert batching.is_idle
    assert batching.give_up() == []


def test_a_transaction_is_bounded_in_bytes() -> None:
    third = b"x" * (MAX_BYTES // 3)
    batching = asked(put("a", third), put("b", third), put("c", third), put("d", third * 4), put("e"))
    assert keys(batching.next()) == [b"a", b"b"]
    assert keys(batching.next()) == [b"c"]
    assert keys(batching.next()) == [b"d"]


def test_a_key_is_written_once_in_a_transaction_and_in_order() -> None:
    batching = asked(put("a", "1"), put("a", "2"), GetEntry("a"), put("b"), DeleteEntry("a", False))
    first = batching.next()
    assert keys(first) == [b"a", b"b"]
    assert batching.next() == ()
    batching.settled(first)
    second = batching.next()
    assert [entry.value for entry in second if isinstance(entry, PutEntry)] == [b"2"]
    assert batching.next() == ()
    batching.settled(second)
    read, deleted = batching.next(), batching.next()
    assert isinstance(read[0], GetEntry)
    assert isinstance(deleted[0], DeleteEntry)
    batching.settled(read)
    batching.settled(deleted)
    assert batching.is_idle


def test_who_waits_no_more_is_not_sent() -> None:
    gone, behind = put("a", "1"), put("a", "2")
    batching = asked(gone, behind, put("b"))
    gone.dropped = True
    first = batching.next()
    assert keys(first) == [b"b"]
    batching.settled(first)
    assert batching.next() == [behind]


def test_all_that_are_left_may_have_gone() -> None:
    gone = GetEntry("a")
    batching = asked(gone)
    gone.dropped = True
    assert batching.next() == ()
    assert batching.is_idle


@pytest.mark.parametrize("error", [PermissionDeniedError(), ResponseTooLargeError("Received message larger than max")])
def test_the_one_to_blame_is_found(error: EtcdError) -> None:
    entries = [GetEntry(str(number)) for number in range(8)]
    batching, told, sent = asked(*entries), [], 0
    while batch := batching.next():
        sent += 1
        if entries[5] in batch:
            told += batching.refused(batch, error)
        else:
            batching.settled(batch)
    assert [entry for entry, _ in told] == [entries[5]]
    assert type(told[0][1]) is type(error)
    assert sent == 7
    assert batching.is_idle


def test_a_server_that_takes_fewer_operations_is_believed() -> None:
    batching = asked(*(put(str(number)) for number in range(8)))
    assert batching.refused(batching.next(), TooManyOpsError()) == []
    halves = [batching.next(), batching.next()]
    assert list(map(len, halves)) == [4, 4]
    for half in halves:
        batching.settled(half)
    for number in range(8):
        batching.add(put(str(number)))
    assert len(batching.next()) == 4


def test_a_server_that_takes_less_is_believed() -> None:
    batching = asked(*(put(str(number), "x" * 1000) for number in range(8)))
    assert batching.refused(batching.next(), RequestTooLargeError()) == []
    for half in (batching.next(), batching.next()):
        batching.settled(half)
    for number in range(8):
        batching.add(put(str(number), "x" * 1000))
    assert len(batching.next()) == 4


@pytest.mark.parametrize("error", [NoSpaceError(), UnavailableError("gone", outcome_unknown=True)])
def test_what_is_nobodys_fault_is_told_to_all(error: EtcdError) -> None:
    entries = [put("a"), put("b")]
    batching = asked(*entries)
    told = batching.refused(batching.next(), error)
    assert [entry for entry, _ in told] == entries
    assert len({id(own) for _, own in told}) == 2
    for _, own in told:
        assert str(own) == str(error)
    assert batching.is_idle


def test_a_mutation_whose_outcome_is_unknown_is_not_sent_again() -> None:
    batching = asked(put("a"), put("b"))
    told = batching.refused(batching.next(), ResponseTooLargeError(outcome_unknown=True))
    assert len(told) == 2
    assert all(own.outcome_unknown for _, own in told)


def test_whoever_is_out_of_time_is_told_what_is_known() -> None:
    written, read, waiting = put("a"), GetEntry("b"), put("a")
    batching = asked(written, read, waiting)
    assert batching.next()
    assert batching.next()
    errors = [entry.expired() for entry in (written, read, waiting)]
    assert all(isinstance(error, DeadlineExceededError) for error in errors)
    assert [error.outcome_unknown for error in errors] == [True, False, False]


def test_a_transaction_as_a_call() -> None:
    one, two = PutEntry("a", "v", 7, True), put("b")
    one.deadline, two.deadline = 12.0, 15.0
    call = transaction([one, two], 10.0)
    assert call.rpc.method == "Txn"
    assert (call.mutates, call.repeatable, call.timeout) == (True, False, 5.0)
    operations = [operation.request_put for operation in call.request.success]
    assert [(each.key, each.value, each.lease, each.prev_kv) for each in operations] == [
        (b"a", b"v", 7, True),
        (b"b", b"", 0, False),
    ]


def test_one_who_waits_for_ever_is_waited_for() -> None:
    one, two = GetEntry("a"), GetEntry("b")
    one.deadline = 12.0
    call = transaction([one, two], 10.0)
    assert (call.mutates, call.timeout) == (False, None)


def test_each_gets_its_own_result() -> None:
    reply = pb.TxnResponse(header=pb.ResponseHeader(revision=9, cluster_id=1, member_id=2, raft_term=3))
    found = reply.responses.add().response_range
    found.kvs.add(key=b"a", value=b"v")
    reply.responses.add().response_range.SetInParent()
    first, second = transaction([GetEntry("a"), GetEntry("b")], 0).decode(reply)
    assert (first.value, second) == (b"v", None)
    written = pb.TxnResponse(header=reply.header)
    written.responses.add().response_put.SetInParent()
    written.responses.add().response_delete_range.deleted = 1
    done, deleted = transaction([put("a"), DeleteEntry("b", False)], 0).decode(written)
    assert (done.revision, done.header.member_id, done.prev_kv) == (9, 2, None)
    assert (deleted.revision, deleted.deleted) == (9, 1)


def test_wrong_arguments() -> None:
    with pytest.raises(EmptyKeyError):
        GetEntry("")
    with pytest.raises(TypeError, match="value must be"):
        PutEntry("k", 1, 0, False)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="prev_kv must be"):
        PutEntry("k", "", 0, 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="max_ops must be from 1"):
        Batching(0)
