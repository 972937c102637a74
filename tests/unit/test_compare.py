"""Every compare is the message that etcd understands by it, and none has a truth value."""

import operator
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from etcdobs import Compare, EmptyKeyError, Keys, Txn
from etcdobs._wire import etcdserverpb as pb
from etcdobs.ops.compare import Comparand

OPERATORS = [
    (operator.eq, pb.Compare.EQUAL),
    (operator.ne, pb.Compare.NOT_EQUAL),
    (operator.lt, pb.Compare.LESS),
    (operator.gt, pb.Compare.GREATER),
]
TARGETS: list[tuple[Callable[[Any], Comparand], int, str]] = [
    (Compare.value, pb.Compare.VALUE, "value"),
    (Compare.version, pb.Compare.VERSION, "version"),
    (Compare.create_revision, pb.Compare.CREATE, "create_revision"),
    (Compare.mod_revision, pb.Compare.MOD, "mod_revision"),
    (Compare.lease, pb.Compare.LEASE, "lease"),
]
NUMBERS = [make for make, _, field in TARGETS if field != "value"]


@pytest.mark.parametrize(("compare", "result"), OPERATORS, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize(
    ("make", "target", "field"), TARGETS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_operator_of_every_target_reaches_its_field(
    make: Callable[[Any], Comparand], target: int, field: str, compare: Any, result: int
) -> None:
    operand: Any = b"v" if field == "value" else 7
    request = compare(make("k"), operand).request
    assert (request.key, request.range_end) == (b"k", b"")
    assert (request.target, request.result) == (target, result)
    assert request.WhichOneof("target_union") == field
    assert getattr(request, field) == operand


def test_zero_and_nothing_are_operands_too() -> None:
    assert (Compare.version("k") == 0).request.WhichOneof("target_union") == "version"
    assert (Compare.value("k") == "").request.WhichOneof("target_union") == "value"


def test_a_value_is_compared_as_bytes() -> None:
    assert (Compare.value("k") == "é").request.value == b"\xc3\xa9"
    assert (Compare.value("k") > b"\xff").request.value == b"\xff"


def test_a_lease_may_be_what_grant_returned() -> None:
    assert (Compare.lease("k") == SimpleNamespace(id=77)).request.lease == 77


def test_the_sides_may_be_swapped() -> None:
    swapped: Any = 3 < Compare.version("k")  # noqa: SIM300  # the point of it
    assert swapped.request.result == pb.Compare.GREATER
    assert swapped.request.version == 3


def test_a_range_compares_every_key_in_it() -> None:
    request = (Compare.mod_revision(Keys.prefix("/a/")) < 5).request
    assert (request.key, request.range_end) == (b"/a/", b"/a0")


def test_exists_and_missing_are_about_the_creation() -> None:
    exists, missing = Compare.exists("k").request, Compare.missing("k").request
    assert exists == (Compare.create_revision("k") > 0).request
    assert missing == (Compare.create_revision("k") == 0).request
    assert Compare.missing(Keys.prefix("/a/")).request.range_end == b"/a0"


@pytest.mark.parametrize("make", NUMBERS)
@pytest.mark.parametrize("wrong", ["3", 3.0, True, None, b"3"])
def test_a_number_is_compared_with_ints_only(make: Callable[[Any], Comparand], wrong: Any) -> None:
    with pytest.raises(TypeError, match=f"must be an int, not {type(wrong).__name__}"):
        _ = make("k") == wrong


@pytest.mark.parametrize("make", NUMBERS)
@pytest.mark.parametrize("wrong", [-1, 1 << 63])
def test_a_number_fits_etcds(make: Callable[[Any], Comparand], wrong: int) -> None:
    with pytest.raises(ValueError, match="2\\*\\*63 - 1"):
        _ = make("k") < wrong


@pytest.mark.parametrize("wrong", [3, None, ["v"]])
def test_a_value_is_compared_with_str_and_bytes_only(wrong: Any) -> None:
    with pytest.raises(TypeError, match="value must be str or bytes"):
        _ = Compare.value("k") != wrong


@pytest.mark.parametrize("make", [make for make, *_ in TARGETS] + [Compare.exists, Compare.missing])
def test_a_compare_is_about_a_key(make: Callable[[Any], Any]) -> None:
    with pytest.raises(EmptyKeyError):
        make("")
    with pytest.raises(TypeError, match="not int"):
        make(3)


def test_etcd_has_no_other_operators() -> None:
    for compare in (operator.le, operator.ge):
        with pytest.raises(TypeError, match=r"only == != < >; of whole numbers: Compare\.version"):
            compare(Compare.version("k"), 3)


def test_a_compare_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match="no truth value"):
        bool(Compare.version("k") == 3)
    version: Any = Compare.version("k")
    with pytest.raises(TypeError, match="no truth value"):
        _ = 1 < version < 3


def test_half_a_compare_says_what_is_missing() -> None:
    with pytest.raises(TypeError, match=r"Compare\.version\(\.\.\.\) is half a compare"):
        bool(Compare.version("k"))
    with pytest.raises(TypeError, match="not Comparand"):
        Txn(when=[Compare.version("k")])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="unhashable"):
        hash(Compare.version("k"))


def test_a_compare_shows_its_key_and_no_value() -> None:
    shown = repr(Compare.value("k") == "canary")
    assert shown == "<Compare value of b'k' equal>"
