"""A call is a value, and the numbers in it are checked before anything is sent."""

from typing import Any

import pytest

from etcdobs._call import CLIENT_DEFAULT, checked_int, checked_timeout
from etcdobs.ops import kv


@pytest.mark.parametrize("timeout", [CLIENT_DEFAULT, None, 1, 0.001, 1e9])
def test_a_timeout_that_can_be_kept_is_taken_as_it_is(timeout: Any) -> None:
    assert checked_timeout(timeout) is timeout


@pytest.mark.parametrize("timeout", [0, -1, 0.0, float("inf"), float("-inf"), float("nan")])
def test_a_timeout_that_is_no_time_is_refused(timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout must be above 0 seconds and finite"):
        checked_timeout(timeout)


@pytest.mark.parametrize("timeout", ["1", b"1", True, [1], object()])
def test_a_timeout_that_is_no_number_is_refused(timeout: Any) -> None:
    with pytest.raises(TypeError, match=f"timeout must be seconds or None, not {type(timeout).__name__}"):
        checked_timeout(timeout)


@pytest.mark.parametrize("number", [0, 1, (1 << 63) - 1])
def test_an_int64_is_taken(number: int) -> None:
    assert checked_int("n", number) == number


@pytest.mark.parametrize(("number", "least"), [(-1, 0), (1 << 63, 0), (0, 1)])
def test_a_number_out_of_bounds_is_named_with_its_bounds(number: int, least: int) -> None:
    with pytest.raises(ValueError, match=rf"n must be from {least} to 2\*\*63 - 1, not {number}"):
        checked_int("n", number, least=least)


@pytest.mark.parametrize("number", ["1", 1.0, True, None])
def test_what_is_no_int_is_named_with_its_type(number: Any) -> None:
    with pytest.raises(TypeError, match=f"n must be an int, not {type(number).__name__}"):
        checked_int("n", number)


def test_a_call_is_a_value_that_takes_no_other_attributes() -> None:
    call = kv.get("k")
    assert call == kv.get("k") != kv.get("k", timeout=3.0)
    with pytest.raises(AttributeError):
        call.deadline = 3.0  # type: ignore[attr-defined]


def test_the_default_shows_what_it_is() -> None:
    assert repr(CLIENT_DEFAULT) == "CLIENT_DEFAULT"
    assert "CLIENT_DEFAULT" in repr(kv.get("k"))
