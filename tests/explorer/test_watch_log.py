"""The log of a watch: what it holds, what it shows, and what it counts of the rest."""

from etcdobs_explorer.model.changes import EventsArrived
from etcdobs_explorer.model.pace import KEPT, Pace
from etcdobs_explorer.model.records import EventRecord
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.watch_log import Kinds, WatchLog


def event(number: int, key: bytes = b"/k") -> EventRecord:
    return EventRecord(False, False, key, b"v", 1, number)


def deletion(number: int, key: bytes = b"/k") -> EventRecord:
    return EventRecord(True, False, key, b"", 0, number)


class TestWatchLog:
    def test_it_is_bounded_and_counts_what_it_drops(self) -> None:
        log = WatchLog(capacity=10)
        log.add(map(event, range(25)), 0.0)
        assert [row.event.mod_revision for row in log.rows] == list(range(15, 25))
        assert (log.total, log.dropped) == (25, 15)

    def test_while_paused_the_rows_stand_still_and_the_counter_runs(self) -> None:
        log = WatchLog(capacity=10)
        log.add([event(1)], 0.0)
        log.pause(True)
        log.add(map(event, range(2, 6)), 0.0)
        assert (len(log.rows), log.waiting) == (1, 4)
        log.pause(False)
        assert (len(log.rows), log.waiting) == (5, 0)

    def test_the_filter_works_on_what_is_held_and_on_what_comes(self) -> None:
        log = WatchLog(capacity=4)
        log.add([event(1, b"/a"), event(2, b"/b")], 0.0)
        log.set_filter("a")
        log.add([event(3, b"/a"), event(4, b"/b"), event(5, b"/b")], 0.0)
        assert [row.event.mod_revision for row in log.rows] == [3]

    def test_a_row_is_found_by_its_number_or_the_next_one_is(self) -> None:
        log = WatchLog(capacity=3)
        log.add(map(event, range(5)), 0.0)
        assert log.index_of(3) == 1
        assert log.index_of(0) == 0
        assert log.index_of(99) is None

    def test_the_rate_is_of_the_last_seconds(self) -> None:
        log = WatchLog()
        log.add(map(event, range(100)), 0.0)
        log.add(map(event, range(50)), 8.0)
        assert log.rate(9.0) == 10.0

    def test_counts_by_the_clock_that_the_screen_asks_with(self) -> None:
        state = State("c", False, b"/")
        EventsArrived([event(n) for n in range(50)], 50, 1_790_000_000.0).apply(state, 100.0)
        assert state.log.rate(102.0) == 10.0
        assert state.log.rate(120.0) == 0.0
        assert state.log.rows[0].at == 1_790_000_000.0

    def test_large_keys_count_for_more(self) -> None:
        log = WatchLog(capacity=100, room=1000)
        log.add((event(number, b"k" * 300) for number in range(10)), 0.0)
        assert [row.event.mod_revision for row in log.rows] == [7, 8, 9]
        log.add([event(10, b"k" * 2000)], 0.0)
        assert [row.event.mod_revision for row in log.rows] == [10], "the newest is held, however large"

    def test_what_a_pause_loses_is_counted(self) -> None:
        log = WatchLog(capacity=10)
        log.add(map(event, range(10)), 0.0)
        log.pause(True)
        log.add(map(event, range(10, 18)), 0.0)
        assert (log.waiting, log.missed) == (8, 0)
        log.add(map(event, range(18, 25)), 0.0)
        assert (log.waiting, log.missed) == (15, 5)
        assert [row.number for row in log.rows] == list(range(10))
        log.pause(False)
        assert ([row.number for row in log.rows], log.missed) == (list(range(15, 25)), 0)

    def test_a_filter_set_during_a_pause_shows_nothing_that_came_since(self) -> None:
        log = WatchLog()
        log.add([event(1, b"/a"), event(2, b"/b")], 0.0)
        log.pause(True)
        log.add([event(3, b"/a")], 0.0)
        log.set_filter("a")
        assert [row.event.mod_revision for row in log.rows] == [1]

    def test_only_some_kinds(self) -> None:
        log = WatchLog()
        log.add([event(1), deletion(2)], 0.0)
        log.set_kinds(Kinds.DELETES)
        assert [row.event.mod_revision for row in log.rows] == [2]
        log.set_kinds(Kinds.DELETES.next.next)
        log.add([deletion(3), event(4)], 0.0)
        assert [row.event.mod_revision for row in log.rows] == [1, 4]

    def test_the_event_before_of_the_same_key(self) -> None:
        log = WatchLog(capacity=4)
        log.add([event(1, b"/a"), event(2, b"/b"), event(3, b"/a"), event(4, b"/a")], 0.0)
        before = log.before(2)
        assert before is not None
        assert before.event.mod_revision == 1
        assert log.before(1) is None
        assert log.before(99) is None


class TestPace:
    def test_a_count_for_each_whole_second(self) -> None:
        pace = Pace()
        for now, number in ((10.1, 1), (10.9, 2), (12.5, 4), (13.1, 100)):
            pace.add(number, now)
        assert pace.series(13.5, 4) == [0, 3, 0, 4]

    def test_nothing_older_is_kept(self) -> None:
        pace = Pace()
        for second in range(10 * KEPT):
            pace.add(1, float(second))
        assert sum(pace.series(10.0 * KEPT, 10 * KEPT)) == KEPT
