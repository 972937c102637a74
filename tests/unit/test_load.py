"""How lines become transactions: order, failures and where to go on, played without a server."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import pytest

from etcdobs import EtcdError, PermissionDeniedError, UnavailableError
from etcdobs._batch_entry import Entries
from etcdobs._dump import dump
from etcdobs._load import Loading, load


def line(key: str, value: str = "v") -> str:
    return f'{{"key": "{key}", "value": "{value}"}}\n'


def begun(source: Iterable[str], **options: Any) -> Loading:
    loading = load(source, **options)
    loading.begin(source)
    return loading


def under_way(loading: Loading) -> list[Entries]:
    return list(iter(loading.next, ()))


def keys(entries: Entries) -> list[bytes]:
    return [entry.key for entry in entries]


def test_no_key_is_in_two_transactions_at_once_and_later_lines_come_later() -> None:
    loading = begun([line("a", "1"), line("b"), line("a", "2"), line("c"), line("d")], max_ops=2)
    first, second = under_way(loading)
    assert (keys(first), keys(second)) == ([b"a", b"b"], [b"c", b"d"])
    loading.settled(second)
    assert loading.line == 0
    loading.settled(first)
    (third,) = under_way(loading)
    assert keys(third) == [b"a"]
    loading.settled(third)
    assert (loading.finish(), loading.line) == (5, 5)


def test_few_lines_are_held_however_many_there_are() -> None:
    source = (line(str(number)) for number in range(100_000))
    loading = begun(source, max_ops=4)
    sent = under_way(loading)
    assert 1 < len(sent) <= 8
    assert next(source) == line("20")


def test_progress_tells_up_to_where_all_is_written() -> None:
    told: list[int] = []
    loading = begun([line(str(number)) for number in range(6)], max_ops=2, progress=told.append)
    first, second, third = under_way(loading)
    loading.settled(second)
    assert told == []
    loading.settled(first)
    assert told == [4]
    loading.settled(third)
    assert told == [4, 6]
    assert loading.finish() == 6
    assert told == [4, 6]


async def slow(*_: int) -> None: ...


class Slow:
    async def __call__(self, *_: int) -> None: ...


@pytest.mark.parametrize(
    ("progress", "wrong"),
    [
        ("no", "progress must be a function, not str"),
        (0, "progress must be a function, not int"),
        (slow, "progress must be a plain function"),
        (partial(slow, 1), "progress must be a plain function"),
        (Slow(), "progress must be a plain function"),
    ],
)
def test_progress_is_a_plain_function(progress: Any, wrong: str) -> None:
    with pytest.raises(TypeError, match=wrong):
        load([], progress=progress)
    with pytest.raises(TypeError, match=wrong):
        dump("k", "file", progress=progress)


def test_progress_that_would_have_to_be_awaited_is_told() -> None:
    loading = begun([line("a")], progress=lambda written: slow(written, 0))
    with pytest.raises(TypeError, match="progress must be a plain function"):
        loading.settled(loading.next())


def test_what_comes_before_a_wrong_line_is_written() -> None:
    loading = begun([line("a"), line("b"), "nonsense", line("c")])
    (entries,) = under_way(loading)
    assert keys(entries) == [b"a", b"b"]
    loading.settled(entries)
    with pytest.raises(ValueError, match="line 3: no JSON") as told:
        loading.finish()
    assert told.value.__notes__ == ["all lines up to 2 are written: start=3 goes on there"]


def test_what_comes_before_what_is_no_line_is_written() -> None:
    source: Any = [line("a"), {"key": "b", "value": "v"}]
    loading = begun(source)
    loading.settled(loading.next())
    with pytest.raises(TypeError, match="line 2: a line is str or bytes") as told:
        loading.finish()
    assert told.value.__notes__ == ["all lines up to 1 are written: start=2 goes on there"]


def test_after_a_failure_nothing_more_is_sent() -> None:
    loading = begun([line(str(number)) for number in range(100)], max_ops=2)
    first, second, *rest = under_way(loading)
    loading.settled(first)
    loading.refused(second, UnavailableError("gone"))
    for entries in rest:
        loading.settled(entries)
    assert [keys(entries) for entries in rest] == [[b"4", b"5"], [b"6", b"7"]]
    assert under_way(loading) == []
    with pytest.raises(UnavailableError) as told:
        loading.finish()
    assert told.value.__notes__ == [
        "line 3 was not written",
        "lines of 5 to 8 may or may not be written, and may be loaded again",
        "all lines up to 2 are written: start=3 goes on there",
    ]


def test_one_key_that_is_refused_is_found() -> None:
    loading = begun([line("a"), line("no"), line("b"), line("c")])
    error: EtcdError = PermissionDeniedError("no")
    waiting = under_way(loading)
    while waiting:
        entries = waiting.pop()
        if b"no" in keys(entries):
            loading.refused(entries, error)
        else:
            loading.settled(entries)
        waiting += under_way(loading)
    with pytest.raises(PermissionDeniedError) as told:
        loading.finish()
    assert "line 2 was not written" in told.value.__notes__


def test_start_leaves_lines_out() -> None:
    loading = begun(["nonsense", line("a")], start=2)
    (entries,) = under_way(loading)
    assert keys(entries) == [b"a"]
    assert begun([line("a")], start=2).next() == ()
    with pytest.raises(ValueError, match="start is 9, and there are 1 lines"):
        begun([line("a")], start=9)


@pytest.mark.parametrize("source", [b"bytes", 5, None])
def test_a_source_is_a_name_or_lines(source: Any) -> None:
    with pytest.raises(TypeError, match="source must be"):
        load(source)


def test_a_transaction_is_sent_once_unless_it_is_said_otherwise() -> None:
    loading = begun([line("a")], timeout=3)
    call = loading.call(loading.next())
    assert (call.repeatable, call.timeout) == (False, 3)
    again = begun([line("a")], retry="at_least_once")
    assert again.call(again.next()).repeatable
    with pytest.raises(ValueError, match="retry must be 'at_least_once'"):
        load([], retry="always")  # type: ignore[arg-type]


def test_lines_whose_outcome_is_unknown_are_told() -> None:
    loading = begun([line(str(number)) for number in range(100)], max_ops=2)
    first, second, third, *rest = under_way(loading)
    loading.settled(first)
    loading.refused(third, PermissionDeniedError("no"))
    for entries in (second, *rest):
        loading.refused(entries, UnavailableError("gone", outcome_unknown=entries is second))
    assert under_way(loading) == []
    with pytest.raises(UnavailableError) as told:
        loading.finish()
    assert told.value.outcome_unknown
    assert told.value.__notes__[-2:] == [
        "lines of 3 to 4 may or may not be written, and may be loaded again",
        "all lines up to 2 are written: start=3 goes on there",
    ]


def test_whatever_breaks_it_off_tells_how_far_it_came() -> None:
    loading = begun([line(str(number)) for number in range(100)], max_ops=2)
    first, second, _ = under_way(loading)[:3]
    loading.settled(first)
    loading.late(second)
    error = KeyboardInterrupt()
    loading.broken_off(error)
    assert error.__notes__[-1] == "all lines up to 4 are written: start=5 goes on there"
    assert error.__notes__[0].startswith("lines of 5 to ")
    unread = KeyboardInterrupt()
    begun([line("a"), line("b")], start=2).broken_off(unread)
    assert not hasattr(unread, "__notes__")
