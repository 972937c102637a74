"""Each check of the soak finds what it is there to find: a journal in which just that has happened."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from etcdobs import Event, EventType, KeyValue
from tests.soak import checks
from tests.soak.actors import ACCOUNTS, COUNTER, FENCED, LEASED, WRITERS
from tests.soak.journal import END, Holding, Journal, Operation, Outcome, View
from tests.soak.resources import Held, Measured

KEY = WRITERS + b"a/0"


def operation(kind: str = "put", began: float = 0.0, ended: float = 1.0, **noted: Any) -> Operation:
    noted.setdefault("outcome", Outcome.OK)
    return Operation("a", kind, timeout=5.0, began=began, ended=ended, **noted)


def event(revision: int, key: bytes = KEY, value: bytes = b"1") -> Event:
    return Event(EventType.PUT, KeyValue(key, value, revision, revision, 1, 0), None)


def sound() -> Journal:
    """Nothing is wrong with it: two watchers, a write, a read, a lock held twice."""
    journal = Journal(seed=1)
    for name in ("one", "two"):
        view = journal.view(name, 2)
        bank = [event(2, account, b"100") for account in ACCOUNTS]
        journal.saw(view, [*bank, event(3), event(5, COUNTER), event(6, FENCED), event(7, END)], whole=True)
    journal.operations += [
        operation(revision=3, writes=((KEY, b"1"),)),
        operation("range", began=2.0, ended=3.0, revision=6, key=COUNTER, found=5),
    ]
    journal.versions |= {KEY: (1, b"1"), COUNTER: (1, b"1")}
    journal.operations.append(operation("count", began=1.5, ended=1.6, revision=5, writes=((COUNTER, b"1"),)))
    journal.holdings += [Holding("a", 10, 0, 1, 2), Holding("b", 11, 0, 3, 4)]
    journal.balances.append((4, 500))
    journal.deleted_at[LEASED] = 5.0
    journal.last_alive[LEASED] = 4.0
    return journal


def wrong(journal: Journal) -> set[str]:
    return {check.__name__ for check in checks.CHECKS for _ in check(journal)} | set(journal.violations)


def lose_an_event(journal: Journal) -> None:
    journal.views[0].revisions.remove(3)


def stop_early(journal: Journal) -> None:
    journal.views[0].is_complete = False


def acknowledge_what_is_not_there(journal: Journal) -> None:
    journal.operations.append(operation(revision=4, writes=((KEY, b"2"),)))
    journal.versions[KEY] = (2, b"2")


def carry_out_what_surely_failed(journal: Journal) -> None:
    journal.operations[0].outcome = Outcome.FAILED
    journal.versions.pop(KEY)


def carry_out_twice(journal: Journal) -> None:
    for view in journal.views:
        view.revisions.insert(2, 4)
    journal.log[4] = journal.log[3]


def answer_from_the_past(journal: Journal) -> None:
    journal.operations.append(operation("range", began=4.0, ended=5.0, revision=2))


def read_what_is_old(journal: Journal) -> None:
    journal.operations[1].found = 2


def count_too_often(journal: Journal) -> None:
    journal.versions[KEY] = (2, b"1")


def miscount(journal: Journal) -> None:
    journal.versions[COUNTER] = (1, b"2")


def lose_money_in_an_audit(journal: Journal) -> None:
    journal.balances.append((4, 499))


def lose_money(journal: Journal) -> None:
    journal.log[6] = ((ACCOUNTS[0], b"99"),)


def hold_together(journal: Journal) -> None:
    journal.holdings[0].held_until = 3.5


def hold_with_an_older_fence(journal: Journal) -> None:
    journal.holdings[1].fence = 9


def write_with_an_older_fence(journal: Journal) -> None:
    journal.log[8] = ((FENCED, b"0"),)
    for view in journal.views:
        view.revisions.append(8)


def live_on_without_a_lease(journal: Journal) -> None:
    journal.last_alive[LEASED] = 5.1


def answer_late(journal: Journal) -> None:
    journal.operations.append(operation(began=10.0, ended=16.1))


FOUND: list[tuple[Callable[[Journal], None], str]] = [
    (lose_an_event, "watchers_agree"),
    (stop_early, "watchers_agree"),
    (acknowledge_what_is_not_there, "acknowledged_writes_are_seen"),
    (carry_out_what_surely_failed, "every_put_was_asked_for"),
    (carry_out_twice, "every_put_was_asked_for"),
    (answer_from_the_past, "answers_are_in_order"),
    (read_what_is_old, "reads_are_right"),
    (count_too_often, "versions_fit"),
    (miscount, "the_counter_counts"),
    (lose_money_in_an_audit, "money_is_conserved"),
    (lose_money, "money_is_conserved"),
    (hold_together, "locks_exclude"),
    (hold_with_an_older_fence, "locks_exclude"),
    (write_with_an_older_fence, "locks_exclude"),
    (live_on_without_a_lease, "leases_are_lost_in_time"),
    (answer_late, "calls_keep_their_deadlines"),
]


def test_a_sound_journal_passes() -> None:
    assert wrong(sound()) == set()


@pytest.mark.parametrize(("happen", "check"), FOUND, ids=[happen.__name__ for happen, _ in FOUND])
def test_what_is_wrong_is_found(happen: Callable[[Journal], None], check: str) -> None:
    journal = sound()
    happen(journal)
    assert wrong(journal) == {check}


@pytest.mark.parametrize("happen", [live_on_without_a_lease, hold_together])
def test_a_lease_that_a_waking_leader_ended_is_the_servers_fault(happen: Callable[[Journal], None]) -> None:
    journal = sound()
    happen(journal)
    ended = journal.deleted_at[LEASED] if happen is live_on_without_a_lease else journal.holdings[-1].acquired
    journal.wakes.append(ended + 0.1)
    assert wrong(journal)
    journal.wakes.append(ended - 1)
    assert wrong(journal) == set()


def test_what_the_machine_stalled_is_nobodys_fault() -> None:
    journal = sound()
    answer_late(journal)
    journal.stalls.append((12.0, 13.0))
    assert wrong(journal) == set()


def test_a_stall_that_two_noted_counts_once() -> None:
    journal = sound()
    answer_late(journal)
    journal.stalls += [(13.0, 13.04), (12.96, 13.03), (9.0, 9.9), (16.1, 17.0)]
    assert wrong(journal) == {"calls_keep_their_deadlines"}


IDLE, BUSY = Held(threads=5, native=13, mib=26.0), Held(threads=11, native=25, mib=33.0)
AT_END = replace(IDLE, mib=32.0)
# Two minutes, in which a client that leaks 1 KiB a call is 6 MiB larger.
RUN = Measured(before=IDLE, opened=IDLE, at_work=BUSY, at_end=AT_END, after=AT_END, journal=4.0)


def test_what_is_freed_and_what_the_journal_takes_is_no_growth() -> None:
    assert not list(checks.nothing_grew(RUN, 2))


@pytest.mark.parametrize(
    "grown",
    [
        replace(RUN, at_end=replace(AT_END, mib=38.0)),
        replace(RUN, after=replace(AT_END, mib=34.0)),
        replace(RUN, at_end=replace(AT_END, native=30)),
        replace(RUN, at_end=replace(AT_END, threads=16)),
        replace(RUN, after=replace(AT_END, threads=6)),
    ],
    ids=["memory", "memory after closing", "threads of gRPC", "threads", "threads after closing"],
)
def test_what_grew_is_found(grown: Measured) -> None:
    assert len(list(checks.nothing_grew(grown, 2))) == 1


MEASURED = """
import ctypes
from tests.soak.resources import allocated, count_all_memory
count_all_memory()
held = allocated()
small = [bytes(100) for _ in range(50_000)]
print(allocated() - held)
del small
print(allocated() - held)
ctypes.CDLL(None).malloc(2**20)
print(allocated() - held)
"""


def test_memory_is_what_python_or_a_library_took_and_did_not_free() -> None:
    told = subprocess.run([sys.executable, "-c", MEASURED], check=True, capture_output=True, text=True).stdout
    kept, freed, leaked = map(float, told.split())
    assert 6 < kept < 9
    assert freed < 0.1
    assert 1 <= leaked < 1.1


@pytest.mark.parametrize("again", [[event(3)], [event(3), event(4)], [event(2), event(4)]])
def test_a_revision_that_comes_again_is_found_at_once(again: list[Event]) -> None:
    journal, view = started()
    journal.saw(view, again, whole=True)
    assert len(journal.violations) == 1


def test_a_revision_that_another_saw_otherwise_is_found_at_once() -> None:
    journal, _ = started()
    journal.saw(journal.view("two", 2), [event(3, value=b"2")], whole=True)
    assert len(journal.violations) == 1


def test_a_revision_that_was_begun_before_a_break_comes_again_rightly() -> None:
    journal, view = started()
    journal.saw(view, [event(4), event(5)], whole=False)
    journal.resumed(view, revision=4)
    journal.saw(view, [event(5)], whole=True)
    assert not journal.violations
    assert list(view.revisions) == [3, 4, 5]


def started() -> tuple[Journal, View]:
    journal = Journal(seed=1)
    view = journal.view("one", 2)
    journal.saw(view, [event(3)], whole=True)
    return journal, view
