"""Which answers an ordering hands out, and how often it asks again, played without a server."""

import pickle
from collections.abc import Generator
from typing import Any, TypeAlias

import pytest

from etcdobs import Get, Put, Txn
from etcdobs._call import Call
from etcdobs._wire import etcdserverpb as pb
from etcdobs.ops import kv
from etcdobs.recipes import StaleReadError
from etcdobs.recipes._ordering import Order

Asking: TypeAlias = Generator[Any, Any, Any]
READS = [kv.get("a"), kv.range("a"), kv.count("a"), kv.do(Get("a")), kv.do(Txn(then=[Get("a")]))]
WRITES = [kv.put("a"), kv.delete("a"), kv.do(Put("a")), kv.do(Txn(then=[Get("a"), Put("a")]))]


def asked(order: Order, call: Call[Any], *revisions: int, cluster: int = 1, endpoints: int = 1) -> int:
    """Answers with these revisions in turn; returns how many were used. Raises what the procedure raises."""
    procedure: Asking = order.keep(call, endpoints)
    step = next(procedure)
    for turn, revision in enumerate(revisions, 1):
        reply: Any = call.rpc.response(header=pb.ResponseHeader(cluster_id=cluster, revision=revision))
        try:
            answer = step.decode(reply)
        except StaleReadError as stale:
            step = procedure.throw(stale)
        else:
            with pytest.raises(StopIteration) as stop:
                procedure.send(answer)
            assert stop.value.value is answer
            return turn
    raise AssertionError(f"it asks for more than {len(revisions)} answers")


@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize(("revisions", "used"), [([5], 1), ([6], 1), ([4, 5], 2), ([4, 3, 8], 3)])
def test_a_read_is_as_late_as_what_was_seen(call: Call[Any], revisions: list[int], used: int) -> None:
    order = Order()
    asked(order, kv.get("other"), 5)
    assert asked(order, call, *revisions) == used


@pytest.mark.parametrize("endpoints", [1, 3])
@pytest.mark.parametrize("call", READS)
def test_a_read_is_given_up_after_five_rounds(call: Call[Any], endpoints: int) -> None:
    order = Order()
    asked(order, kv.put("a"), 5)
    attempts = 1 + 5 * endpoints
    with pytest.raises(StaleReadError, match="5 was seen, the last answer is of 4") as stale:
        asked(order, call, *[4] * attempts, endpoints=endpoints)
    assert (stale.value.seen, stale.value.revision) == (5, 4)
    assert stale.value.method == f"etcdserverpb.KV/{call.rpc.method}"
    with pytest.raises(AssertionError):
        asked(order, call, *[4] * (attempts - 1), endpoints=endpoints)
    assert asked(order, call, 5) == 1


@pytest.mark.parametrize("call", WRITES)
def test_what_writes_is_never_sent_again(call: Call[Any]) -> None:
    order = Order()
    asked(order, kv.get("a"), 5)
    assert asked(order, call, 4) == 1
    assert asked(order, kv.get("a"), 4, 5) == 2


def test_each_cluster_has_revisions_of_its_own() -> None:
    order = Order()
    asked(order, kv.get("a"), 5, cluster=1)
    assert asked(order, kv.get("a"), 2, cluster=2) == 1
    assert asked(order, kv.get("a"), 4, 5, cluster=1) == 2
    assert asked(order, kv.get("a"), 1, 2, cluster=2) == 2


def test_what_comes_meanwhile_does_not_make_an_answer_late() -> None:
    order = Order()
    procedure: Asking = order.keep(kv.get("a"), 1)
    step = next(procedure)
    asked(order, kv.put("a"), 9)
    assert step.decode(pb.RangeResponse(header=pb.ResponseHeader(cluster_id=1, revision=8))) is None


def test_the_error_can_be_pickled() -> None:
    error = pickle.loads(pickle.dumps(StaleReadError(4, 5, method="m", endpoint="e")))
    assert (error.revision, error.seen, error.method, error.endpoint) == (4, 5, "m", "e")
