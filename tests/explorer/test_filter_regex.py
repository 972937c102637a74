"""Regular expressions of filters and searches: no expression and no key makes them take long; what is none is told."""

import time

import pytest

from etcdobs_explorer.model.filter import Filter
from etcdobs_explorer.model.search import Query

SLOW = {
    "nested": (r"(a+)+$", b"a" * 10_000 + b"!"),
    "alike": (r"(a|a)*b", b"a" * 10_000),
    "in a row": (r"a.*a.*a.*ab", b"a" * 10_000),
    "from everywhere": (r"a*b", b"a" * 1_500_000),
    "long apart": (r"foo.*baz", b"foo" * 500_000),
    "bounded": (r"(a?){30}a{30}", b"a" * 29),
    "in lines": (r"(?m)^(.*)*x$", b"a\n" * 5_000),
    "many states": (r"(a|b)*a(a|b){14}c", bytes(97 + number * number % 7 % 2 for number in range(30_000))),
}


@pytest.mark.parametrize(("expression", "raw"), SLOW.values(), ids=SLOW)
@pytest.mark.parametrize("form", ["~{}", "!~{}", "/{}/"])
def test_no_key_makes_a_filter_slow(expression: str, raw: bytes, form: str) -> None:
    began = time.thread_time()
    wanted = Filter(form.format(expression))
    assert wanted.error == ""
    assert wanted.keeps(raw) is form.startswith("!")
    assert time.thread_time() - began < 0.5


@pytest.mark.parametrize("expression", ["(?=a)b", r"(a)\1", "(?<!a)b", "(?>a+)b", "(a{1000}){1000}", "a**", "[", "é("])
def test_what_is_none_is_told_and_keeps_everything(expression: str) -> None:
    assert Filter(f"~{expression}").error.startswith("no regular expression: ")
    assert Query(f"~{expression}").problem.startswith("no regular expression: ")
    assert Filter(f"~{expression}").keeps(b"x")


@pytest.mark.parametrize(
    ("expression", "kept"), [("é", True), ("É", False), ("\\xc3.$", True), ("^..$", True), ("^.$", False)]
)
def test_a_key_is_searched_as_bytes(expression: str, kept: bool) -> None:
    assert Filter(f"~{expression}").keeps("é".encode()) is kept
