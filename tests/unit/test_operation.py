"""An operation is the message that etcd understands by it; what cannot be right is refused when it is made."""

from types import SimpleNamespace
from typing import Any

import pytest

from etcdobs import (
    Compare,
    Delete,
    DeleteResponse,
    EmptyKeyError,
    Get,
    Keys,
    Put,
    PutResponse,
    RangeResponse,
    Txn,
    TxnResponse,
)
from etcdobs._wire import etcdserverpb as pb
from etcdobs.ops.operation import Operation


def set_fields(message: Any) -> dict[str, Any]:
    return {field.name: value for field, value in message.ListFields()}


# ---- Get


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("limit", 5),
        ("revision", 6),
        ("serializable", True),
        ("keys_only", True),
        ("count_only", True),
        ("min_mod_revision", 7),
        ("max_mod_revision", 8),
        ("min_create_revision", 9),
        ("max_create_revision", 10),
    ],
)
def test_a_range_option_reaches_its_field_and_no_other(option: str, value: Any) -> None:
    options: dict[str, Any] = {option: value}
    assert set_fields(Get("k", **options).request) == {"key": b"k", option: value}


def test_a_get_of_one_key_is_the_key() -> None:
    assert set_fields(Get("k").request) == {"key": b"k"}


def test_a_get_of_a_range_has_both_bounds() -> None:
    assert set_fields(Get(Keys.prefix("/a/")).request) == {"key": b"/a/", "range_end": b"/a0"}
    assert set_fields(Get(Keys.all()).request) == {"key": b"\0", "range_end": b"\0"}


@pytest.mark.parametrize(
    ("sort_by", "target"),
    [
        ("version", pb.RangeRequest.VERSION),
        ("create_revision", pb.RangeRequest.CREATE),
        ("mod_revision", pb.RangeRequest.MOD),
        ("value", pb.RangeRequest.VALUE),
    ],
)
def test_a_sort_reaches_target_and_order(sort_by: Any, target: int) -> None:
    up, down = Get("k", sort_by=sort_by).request, Get("k", sort_by=sort_by, descending=True).request
    assert (up.sort_target, up.sort_order) == (target, pb.RangeRequest.ASCEND)
    assert (down.sort_target, down.sort_order) == (target, pb.RangeRequest.DESCEND)


@pytest.mark.parametrize("sort_by", ["key", None])
def test_the_order_that_etcd_keeps_anyway_is_not_asked_for(sort_by: Any) -> None:
    request = Get("k", sort_by=sort_by).request
    assert (request.sort_target, request.sort_order) == (pb.RangeRequest.KEY, pb.RangeRequest.NONE)
    request = Get("k", sort_by=sort_by, descending=True).request
    assert (request.sort_target, request.sort_order) == (pb.RangeRequest.KEY, pb.RangeRequest.DESCEND)


@pytest.mark.parametrize("sort_by", ["KEY", "lease", "", "mod"])
def test_a_sort_that_etcd_does_not_know_is_refused(sort_by: Any) -> None:
    with pytest.raises(ValueError, match="sort_by must be one of key, version, create_revision, mod_revision, value"):
        Get("k", sort_by=sort_by)


NUMBERS = [
    "limit",
    "revision",
    "min_mod_revision",
    "max_mod_revision",
    "min_create_revision",
    "max_create_revision",
]


@pytest.mark.parametrize("option", NUMBERS)
def test_a_range_number_that_is_none_is_refused_by_name(option: str) -> None:
    for wrong in ("1", 1.0, True, None):
        options: dict[str, Any] = {option: wrong}
        with pytest.raises(TypeError, match=f"{option} must be an int"):
            Get("k", **options)
    for wrong in (-1, 1 << 63):
        options = {option: wrong}
        with pytest.raises(ValueError, match=option):
            Get("k", **options)


# ---- Put and Delete


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ({}, {}),
        ({"value": "v"}, {"value": b"v"}),
        ({"value": b"\xff"}, {"value": b"\xff"}),
        ({"lease": 7}, {"lease": 7}),
        ({"lease": SimpleNamespace(id=8)}, {"lease": 8}),
        ({"prev_kv": True}, {"prev_kv": True}),
        ({"ignore_value": True}, {"ignore_value": True}),
        ({"ignore_value": True, "lease": 7}, {"ignore_value": True, "lease": 7}),
        ({"ignore_lease": True, "value": "v"}, {"ignore_lease": True, "value": b"v"}),
    ],
    ids=str,
)
def test_a_put_option_reaches_its_field_and_no_other(options: dict[str, Any], fields: dict[str, Any]) -> None:
    assert set_fields(Put("k", **options).request) == {"key": b"k"} | fields


def test_what_is_to_be_ignored_must_not_be_given() -> None:
    with pytest.raises(ValueError, match="ignore_value=True exclude each other"):
        Put("k", "v", ignore_value=True)
    with pytest.raises(ValueError, match="ignore_lease=True exclude each other"):
        Put("k", "v", lease=7, ignore_lease=True)


@pytest.mark.parametrize("lease", ["7", None, 7.0, True, object(), SimpleNamespace(id="7")])
def test_a_lease_is_an_id_or_has_one(lease: Any) -> None:
    with pytest.raises(TypeError, match="lease must be an int"):
        Put("k", lease=lease)


def test_a_put_is_of_one_key() -> None:
    with pytest.raises(TypeError, match="one key is wanted"):
        Put(Keys.prefix("k"), "v")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="value must be str or bytes, not int"):
        Put("k", 3)  # type: ignore[arg-type]


def test_a_delete_is_of_one_key_or_a_range() -> None:
    assert set_fields(Delete("k").request) == {"key": b"k"}
    assert set_fields(Delete(Keys.from_key("k"), prev_kv=True).request) == {
        "key": b"k",
        "range_end": b"\0",
        "prev_kv": True,
    }


@pytest.mark.parametrize("make", [Get, Put, Delete])
def test_an_empty_key_is_refused(make: Any) -> None:
    with pytest.raises(EmptyKeyError):
        make("")


# ---- Txn


def test_a_transaction_holds_its_parts_in_order() -> None:
    txn = Txn(
        when=[Compare.version("a") == 1, Compare.missing("b")],
        then=[Put("a", "1"), Get(Keys.all()), Delete("c")],
        otherwise=[Get("a")],
    )
    assert [compare.key for compare in txn.request.compare] == [b"a", b"b"]
    assert [one.WhichOneof("request") for one in txn.request.success] == [
        "request_put",
        "request_range",
        "request_delete_range",
    ]
    assert [one.WhichOneof("request") for one in txn.request.failure] == ["request_range"]
    assert txn.request.success[0].request_put == Put("a", "1").request


def test_transactions_nest() -> None:
    inner = Txn(when=[Compare.exists("a")], then=[Txn(then=[Put("deep")])])
    request = Txn(otherwise=[inner]).request
    nested = request.failure[0].request_txn
    assert nested == inner.request
    assert nested.success[0].request_txn.success[0].request_put.key == b"deep"


def test_the_parts_may_come_from_any_iterable() -> None:
    assert len(Txn(then=(Put(f"{number}") for number in range(3))).request.success) == 3


@pytest.mark.parametrize(
    ("part", "given", "words"),
    [
        ("when", [Put("k")], "when takes Compare values, not Put"),
        ("when", [True], "when takes Compare values, not bool"),
        ("when", Compare.exists("k"), "when must be a sequence of Compare, not one alone"),
        ("then", [Compare.exists("k")], "then takes Operation values, not Compare"),
        ("then", ["put"], "then takes Operation values, not str"),
        ("then", [Put], "then takes Operation values, not type"),
        ("then", Put("k"), "then must be a sequence of Operation, not one alone"),
        ("otherwise", [None], "otherwise takes Operation values, not NoneType"),
        ("otherwise", Txn(), "otherwise must be a sequence of Operation, not one alone"),
    ],
)
def test_a_wrong_part_of_a_transaction_is_named(part: str, given: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        Txn(**{part: given})


@pytest.mark.parametrize("succeeded", [True, False])
def test_a_transaction_decodes_the_branch_that_ran(succeeded: bool) -> None:
    txn = Txn(then=[Put("a"), Delete("b"), Txn(then=[Get("c")])], otherwise=[Get("a")])
    header = pb.ResponseHeader(revision=9, member_id=2)
    inner = pb.TxnResponse(succeeded=True, responses=[pb.ResponseOp(response_range=pb.RangeResponse(count=5))])
    if succeeded:
        responses = [
            pb.ResponseOp(response_put=pb.PutResponse()),
            pb.ResponseOp(response_delete_range=pb.DeleteRangeResponse(deleted=3)),
            pb.ResponseOp(response_txn=inner),
        ]
        expected = [PutResponse, DeleteResponse, TxnResponse]
    else:
        responses = [pb.ResponseOp(response_range=pb.RangeResponse(count=4))]
        expected = [RangeResponse]
    response = txn.decode(pb.TxnResponse(header=header, succeeded=succeeded, responses=responses))
    assert (response.succeeded, response.revision) == (succeeded, 9)
    assert [type(one) for one in response.responses] == expected
    last = response.responses[-1]
    counted = last.responses[0] if isinstance(last, TxnResponse) else last
    assert isinstance(counted, RangeResponse)
    assert counted.count == (5 if succeeded else 4)


# ---- values


def test_only_what_reads_is_a_read() -> None:
    reading = [Get("a"), Txn(), Txn(then=[Get("a")]), Txn(then=[Txn(otherwise=[Get("a")])])]
    writing = [
        Put("a"),
        Delete("a"),
        Txn(then=[Put("a")]),
        Txn(otherwise=[Delete("a")]),
        Txn(then=[Txn([], [Put("a")])]),
    ]
    assert all(operation.is_read for operation in reading)
    assert not any(operation.is_read for operation in writing)


def test_operations_are_equal_by_what_they_ask() -> None:
    assert Put("k", "v") == Put(b"k", b"v")
    assert Put("k", "v") != Put("k", "w")
    assert Get("k") != Delete("k")
    assert Txn(then=[Put("k")]) == Txn(then=[Put("k")])
    with pytest.raises(TypeError, match="unhashable"):
        hash(Put("k"))


@pytest.mark.parametrize(
    ("operation", "shown"),
    [
        (Get("k"), "<Get b'k'>"),
        (Delete(Keys.prefix("/a/")), "<Delete b'/a/' to b'/a0'>"),
        (Put("k", "canary"), "<Put b'k'>"),
        (Txn(then=[Put("k", "canary")]), "<Txn when 0 then 1 otherwise 0>"),
    ],
)
def test_an_operation_shows_its_keys_and_no_value(operation: Operation, shown: str) -> None:
    assert repr(operation) == shown
