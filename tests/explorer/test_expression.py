"""Regular expressions: they find what `re` finds, and no expression and no key makes them take long."""

import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from etcdobs_explorer.model.expression import Automaton, Finder, Nodes
from etcdobs_explorer.model.filter import Filter
from etcdobs_explorer.model.search import Query

_ATOMS = st.sampled_from(
    ["a", "b", "ab", "[ab]", "[^a]", ".", r"\w", r"\W", r"\s", r"\d", "[a-z_]", r"\n", "(?i:A)", "(?s:.)", "(?m:^b)"]
)
_PLACES = st.sampled_from(["^", "$", r"\b", r"\B", r"\A", r"\Z", "(?m:$)"])
_TIMES = st.sampled_from(["*", "+", "?", "*?", "+?", "{2}", "{1,3}", "{2,}", "{0,2}?"])
EXPRESSIONS = st.recursive(
    _ATOMS | _PLACES,
    lambda inner: (
        st.builds("(?:{}){}".format, inner, _TIMES)
        | st.builds("({}|{})".format, inner, inner)
        | st.builds("{}{}".format, inner, inner)
    ),
    max_leaves=8,
)
SLOW = {
    "nested": (r"(a+)+$", b"a" * 10_000 + b"!"),
    "alike": (r"(a|a)*b", b"a" * 10_000),
    "in a row": (r"a.*a.*a.*ab", b"a" * 10_000),
    "from everywhere": (r"a*b", b"a" * 1_500_000),
    "long apart": (r"foo.*baz", b"foo" * 500_000),
    "bounded": (r"(a?){30}a{30}", b"a" * 29),
    "in lines": (r"(?m)^(.*)*x$", b"a\n" * 5_000),
    "within": (r"/(\w+\s?)*/$", b"/" + b"word " * 20_000),
}


@given(EXPRESSIONS, st.text("ab\n_ A1", max_size=12).map(str.encode), st.sampled_from([re.NOFLAG, re.I, re.M, re.S]))
def test_the_automaton_finds_what_re_finds(expression: str, raw: bytes, flags: re.RegexFlag) -> None:
    assume(raw)
    pattern = expression.encode()
    compiled = re.compile(pattern, flags)
    automaton = Automaton(Nodes(re._parser.parse(pattern, int(flags)), compiled.flags))  # type: ignore[attr-defined]
    expected = compiled.search(raw) is not None
    assert automaton.find(raw) is expected
    assert Finder(pattern, flags).find(raw) is expected


@pytest.mark.parametrize(("expression", "raw"), SLOW.values(), ids=SLOW)
@pytest.mark.parametrize("form", ["~{}", "!~{}", "/{}/"])
def test_no_key_makes_a_filter_slow(expression: str, raw: bytes, form: str) -> None:
    began = time.thread_time()
    wanted = Filter(form.format(expression))
    assert wanted.error == ""
    assert wanted.keeps(raw) is form.startswith("!")
    assert time.thread_time() - began < 0.5


def test_states_are_not_kept_without_bound() -> None:
    finder = Finder(rb"(a|b)*a(a|b){14}c")
    raw = b"".join(b"%b" % (b"a" if (number * number) % 7 < 3 else b"b") for number in range(30_000))
    assert not finder.find(raw)
    assert finder.find(raw + b"a" + b"b" * 14 + b"c")


@pytest.mark.parametrize("expression", ["(?=a)(b+)+", r"(a+)\1*", "(?<!a)b*c", "(?>a+)+b", "(a*+)*b"])
def test_what_cannot_be_bounded_is_said(expression: str) -> None:
    assert "cannot be bounded" in Filter(f"~{expression}").error
    assert "cannot be bounded" in Query(f"~{expression}").problem


def test_too_large_a_one_is_said() -> None:
    assert "too large" in Filter("~(a{100}b*){100}").error


@pytest.mark.parametrize("expression", ["foo(?!bar)", r"(\w)\1", "(?<=/)x", "^a?b?c?$"])
def test_what_is_quick_is_left_to_re(expression: str) -> None:
    finder = Finder(expression.encode())
    assert not finder.is_walked
    assert finder.find(b"/xx") is (re.search(expression, "/xx") is not None)
