"""However it is put together, a transaction asks for its parts in their order, and its answer is read by them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from etcdobs import Compare, Txn
from etcdobs._wire import etcdserverpb as pb
from etcdobs.ops import kv
from etcdobs.ops.operation import Operation
from etcdobs.types import DeleteResponse, PutResponse, RangeResponse, TxnResponse
from tests.unit.drawn import compares, operations, reads, txns, writes

branches = st.lists(operations, max_size=4)
RESPONSES: dict[str, Any] = {
    "request_range": (lambda: pb.ResponseOp(response_range=pb.RangeResponse()), RangeResponse),
    "request_put": (lambda: pb.ResponseOp(response_put=pb.PutResponse()), PutResponse),
    "request_delete_range": (lambda: pb.ResponseOp(response_delete_range=pb.DeleteRangeResponse()), DeleteResponse),
}


@given(when=st.lists(compares, max_size=4), then=branches, otherwise=branches)
def test_the_parts_are_sent_in_their_order(
    when: list[Compare], then: list[Operation], otherwise: list[Operation]
) -> None:
    request: Any = Txn(when, then, otherwise).request
    assert list(request.compare) == [compare.request for compare in when]
    assert [part_of(part) for part in request.success] == [operation.request for operation in then]
    assert [part_of(part) for part in request.failure] == [operation.request for operation in otherwise]


def part_of(part: Any) -> Any:
    return getattr(part, part.WhichOneof("request"))


@given(txn=txns)
def test_it_survives_the_wire(txn: Txn) -> None:
    assert pb.TxnRequest.FromString(txn.request.SerializeToString()) == txn.request


@given(when=st.lists(compares, max_size=3), then=branches, otherwise=branches)
def test_the_same_parts_make_the_same_transaction(
    when: list[Compare], then: list[Operation], otherwise: list[Operation]
) -> None:
    assert Txn(iter(when), iter(then), iter(otherwise)) == Txn(when, then, otherwise)


@given(operation=reads)
def test_what_only_reads_may_be_repeated(operation: Operation) -> None:
    assert operation.is_read
    assert kv.do(operation).repeatable


@given(before=st.lists(reads, max_size=3), write=writes, after=st.lists(reads, max_size=3), depth=st.integers(0, 3))
def test_one_write_anywhere_is_never_repeated(
    before: list[Operation], write: Operation, after: list[Operation], depth: int
) -> None:
    operation: Operation = Txn(otherwise=[*before, write, *after])
    for _ in range(depth):
        operation = Txn(then=[*before, operation])
    assert not operation.is_read
    assert not kv.do(operation).repeatable


@given(txn=txns, succeeded=st.booleans())
def test_the_answer_is_that_of_the_branch_that_ran(txn: Txn, succeeded: bool) -> None:
    response = txn.decode(answer_to(txn.request, succeeded))
    assert response.succeeded is succeeded
    check(response, txn.request, succeeded)


def answer_to(request: Any, succeeded: bool) -> Any:
    """What a server could say, every nested transaction going the same way."""
    branch = request.success if succeeded else request.failure
    return pb.TxnResponse(succeeded=succeeded, responses=[answered(part, succeeded) for part in branch])


def answered(part: Any, succeeded: bool) -> Any:
    if part.WhichOneof("request") == "request_txn":
        return pb.ResponseOp(response_txn=answer_to(part.request_txn, succeeded))
    return RESPONSES[part.WhichOneof("request")][0]()


def check(response: TxnResponse, request: Any, succeeded: bool) -> None:
    branch = request.success if succeeded else request.failure
    assert len(response.responses) == len(branch)
    for answer, part in zip(response.responses, branch, strict=True):
        if isinstance(answer, TxnResponse):
            check(answer, part.request_txn, succeeded)
        else:
            assert type(answer) is RESPONSES[part.WhichOneof("request")][1]
