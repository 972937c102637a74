"""What recipes ask for, step by step, played without a server."""

from collections.abc import Generator
from typing import Any, TypeAlias

import pytest

from etcdobs import (
    Event,
    EventType,
    KeyValue,
    LeaseNotFoundError,
    NotLeaderError,
    UnavailableError,
)
from etcdobs._maintain import disarm_all, move_leader
from etcdobs._procedure import UntilDeleted
from etcdobs.recipes import SessionExpiredError
from etcdobs.recipes._queue_of_keys import Candidate
from etcdobs.recipes._succession import Succession
from etcdobs.types import Alarm, AlarmType, PutResponse, RangeResponse, ResponseHeader, TxnResponse

Played: TypeAlias = Generator[Any, Any, Any]


def header(revision: int) -> ResponseHeader:
    return ResponseHeader(1, 1, revision, 1)


def kv(key: bytes, created: int, value: bytes = b"", modified: int = 0) -> KeyValue:
    return KeyValue(key, value, created, modified or created, 1, 0)


def found(*kvs: KeyValue, at: int = 100) -> RangeResponse:
    return RangeResponse(header=header(at), kvs=kvs, count=len(kvs), more=False)


def stood(revision: int, *first: KeyValue) -> TxnResponse:
    own = PutResponse(header=header(revision), prev_kv=None)
    return TxnResponse(header=header(revision), succeeded=True, responses=(own, found(*first)))


def name(step: Any) -> Any:
    return step.rpc.method if hasattr(step, "rpc") else step


def first_step(procedure: Played) -> Any:
    return next(procedure)


def finished(procedure: Played, answer: Any) -> Any:
    with pytest.raises(StopIteration) as stop:
        procedure.send(answer)
    return stop.value.value


def test_the_first_need_not_wait() -> None:
    candidate = Candidate(b"q/", 0xAB)
    procedure: Played = candidate.stand_and_wait()
    assert name(next(procedure)) == "Txn"
    finished(procedure, stood(7, kv(b"q/ab", 7)))
    assert (candidate.key, candidate.revision, candidate.is_first) == (b"q/ab", 7, True)


def test_the_others_wait_for_the_one_right_before_them_only() -> None:
    candidate = Candidate(b"q/", 0xAB)
    procedure: Played = candidate.stand_and_wait()
    next(procedure)
    ahead = procedure.send(stood(9, kv(b"q/1", 3)))
    assert not candidate.is_first
    assert (ahead.request.max_create_revision, ahead.request.limit) == (8, 1)
    assert procedure.send(found(kv(b"q/2", 5), at=20)) == UntilDeleted(b"q/2", 20)
    assert name(procedure.send(None)) == "Range"
    assert procedure.send(found(kv(b"q/1", 3), at=30)) == UntilDeleted(b"q/1", 30)
    procedure.send(None)
    assert procedure.send(found()).request.key == b"q/ab"
    finished(procedure, kv(b"q/ab", 9))
    assert candidate.is_first


@pytest.mark.parametrize("still", [None, kv(b"q/ab", 12)])
def test_who_is_first_with_its_own_key_gone_is_not(still: KeyValue | None) -> None:
    candidate = Candidate(b"q/", 0xAB)
    procedure: Played = candidate.stand_and_wait()
    next(procedure)
    procedure.send(stood(9, kv(b"q/1", 3)))
    procedure.send(found())
    with pytest.raises(SessionExpiredError):
        procedure.send(still)
    assert not candidate.is_first


def test_no_place_without_a_lease() -> None:
    procedure = Candidate(b"q/", 1).stand()
    next(procedure)
    with pytest.raises(SessionExpiredError):
        procedure.throw(LeaseNotFoundError())


def test_leaving_deletes_that_place_and_no_other() -> None:
    candidate = Candidate(b"q/", 1)
    assert finished(candidate.leave(), None) is False
    standing: Played = candidate.stand()
    next(standing)
    (unknown,) = first_step(candidate.leave()).request.compare  # interrupted here: its rank is not known
    assert (unknown.key, unknown.create_revision) == (b"q/1", 0)
    finished(standing, stood(7, kv(b"q/1", 7)))
    (known,) = first_step(candidate.leave()).request.compare
    assert (known.key, known.create_revision) == (b"q/1", 7)


def put(key: bytes, created: int, modified: int, value: bytes) -> Event:
    return Event(EventType.PUT, kv(key, created, value, modified), None)


def deleted(key: bytes, at: int) -> Event:
    return Event(EventType.DELETE, KeyValue(key, b"", 0, at, 0, 0), None)


def test_each_leader_is_seen_however_short_its_time() -> None:
    succession = Succession()
    assert list(succession.read(found(at=10))) == []
    events = [
        put(b"q/1", 11, 11, b"one"),
        put(b"q/2", 12, 12, b"two"),
        put(b"q/3", 13, 13, b"three"),
        put(b"q/2", 12, 14, b"two again"),
        deleted(b"q/1", 15),
        deleted(b"q/2", 16),
        put(b"q/3", 13, 17, b"three again"),
        deleted(b"q/3", 18),
        put(b"q/1", 19, 19, b"four"),
    ]
    assert [kv.value for kv in succession.follow(events)] == [b"one", b"two again", b"three", b"three again", b"four"]
    assert succession.revision == 19


def test_what_happened_together_is_seen_together() -> None:
    """A leader that goes as another comes: nobody led in between who was not to."""
    succession = Succession()
    list(succession.read(found(kv(b"q/1", 1, b"one"), kv(b"q/3", 3, b"three"))))
    together = [deleted(b"q/1", 9), deleted(b"q/3", 9), put(b"q/2", 9, 9, b"two")]
    assert [kv.value for kv in succession.follow(together)] == [b"two"]


def test_the_leader_that_was_seen_before_is_not_told_again() -> None:
    succession = Succession()
    one = kv(b"q/1", 1, b"one")
    assert list(succession.read(found(one))) == [one]
    assert list(succession.read(found(one, kv(b"q/2", 2)))) == []


def test_all_alarms_are_lowered_one_by_one() -> None:
    raised = [Alarm(1, AlarmType.NOSPACE), Alarm(2, AlarmType.CORRUPT)]
    procedure: Played = disarm_all(None, None)
    next(procedure)
    assert procedure.send(raised).request.memberID == 1
    assert procedure.send([raised[0]]).request.memberID == 2
    assert finished(procedure, []) == raised


def test_no_endpoint_is_the_leaders() -> None:
    procedure = move_leader(7, ["a:1", "b:1"], None)
    next(procedure)
    procedure.throw(UnavailableError())
    with pytest.raises(NotLeaderError, match="a:1, b:1"):
        procedure.throw(UnavailableError())
