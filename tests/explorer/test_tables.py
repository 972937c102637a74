"""Leases, members, events and calls: what the tables know, and what they keep when news is missing."""

import pytest

from etcdobs_explorer.model import units
from etcdobs_explorer.model.calls import CallTable, histogram_quantile
from etcdobs_explorer.model.changes import EventsArrived
from etcdobs_explorer.model.filter import Filter
from etcdobs_explorer.model.leases import LeaseTable
from etcdobs_explorer.model.members import MemberTable
from etcdobs_explorer.model.records import EventRecord, LeaseRecord, Sample
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.status import Connection, Link
from etcdobs_explorer.model.watch_log import WatchLog
from tests.explorer.fake import MEMBERS, SAMPLES, STATUS


def event(number: int, key: bytes = b"/k") -> EventRecord:
    return EventRecord(False, False, key, b"v", 1, number)


class TestLeases:
    def test_the_countdown_runs_between_reads_and_stops_at_zero(self) -> None:
        table = LeaseTable()
        table.listed([7])
        assert table.rows[0].remaining(100.0) is None
        table.received([LeaseRecord(7, 60, 30, 1, b"/k")], 100.0)
        row = table.rows[0]
        assert row.remaining(110.0) == 20.0
        assert row.fraction(115.0) == 0.25
        assert row.remaining(999.0) == 0.0

    def test_only_visible_leases_that_are_old_are_asked_for(self) -> None:
        table = LeaseTable()
        table.listed([1, 2, 3])
        table.received([LeaseRecord(1, 60, 30, 0), LeaseRecord(2, 60, 30, 0)], 100.0)
        assert table.due(table.rows[:2], 101.0) == []
        assert table.due(table.rows[1:], 101.0) == [3]
        assert table.due(table.rows[:2], 106.0) == [1, 2]

    def test_a_lease_that_is_gone_from_the_list_goes_and_the_others_keep_their_details(self) -> None:
        table = LeaseTable()
        table.listed([1, 2])
        table.received([LeaseRecord(2, 60, 30, 0)], 100.0)
        table.listed([2, 3])
        assert [(row.id, row.record is not None) for row in table.rows] == [(2, True), (3, False)]

    def test_the_filter_looks_at_id_and_first_key(self) -> None:
        table = LeaseTable()
        table.listed([0xABC, 0xDEF])
        table.received([LeaseRecord(0xDEF, 60, 30, 1, b"/services/web")], 0.0)
        table.set_filter("web")
        assert [row.id for row in table.rows] == [0xDEF]
        table.set_filter("abc")
        assert [row.id for row in table.rows] == [0xABC]


class TestMembers:
    def test_dead_ones_stay_in_the_table(self) -> None:
        table = MemberTable()
        table.received(reversed(MEMBERS))
        assert [row.name for row in table.rows] == [b"m1", b"m2", b"m3"]
        assert table.down == 1

    def test_a_failed_reading_keeps_the_last(self) -> None:
        table = MemberTable()
        table.received(MEMBERS)
        table.failed(b"no answer")
        assert len(table.rows) == 3
        table.received(MEMBERS)
        assert table.reason == b""


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

    def test_skipped_events_are_counted_as_dropped(self) -> None:
        log = WatchLog(capacity=10)
        log.add([event(9)], 0.0, skipped=8)
        assert (log.total, log.dropped, log.rows[0].number) == (9, 8, 8)

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
        EventsArrived([event(n) for n in range(50)], 50, 0, 1_790_000_000.0).apply(state, 100.0)
        assert state.log.rate(102.0) == 10.0
        assert state.log.rate(120.0) == 0.0
        assert state.log.rows[0].at == 1_790_000_000.0


class TestCalls:
    def test_a_row_a_method(self) -> None:
        table = CallTable()
        table.sampled(SAMPLES, 0.0)
        row = table.rows[0]
        assert (row.method, row.started, row.handled, row.errors, row.running) == ("Range", 10, 10, 2, 0)
        assert table.totals == (10, 2)

    def test_the_rate_is_the_difference_of_two_readings(self) -> None:
        table = CallTable()
        table.sampled(SAMPLES, 0.0)
        more = [Sample(sample.name, sample.labels, sample.value + 5) for sample in SAMPLES]
        table.sampled(more, 2.0)
        assert table.rows[0].rate == 2.5

    @pytest.mark.parametrize(
        ("buckets", "expected"),
        [
            ({}, None),
            ({0.1: 0, float("inf"): 0}, None),
            ({0.1: 10, 0.2: 10, float("inf"): 10}, 0.05),
            ({0.1: 0, 0.2: 10, float("inf"): 10}, 0.15),
            ({0.1: 0, 0.2: 0, float("inf"): 10}, 0.2),
        ],
    )
    def test_quantiles_as_prometheus_has_them(self, buckets: dict[float, float], expected: float | None) -> None:
        assert histogram_quantile(0.5, buckets) == pytest.approx(expected)


class TestConnection:
    def test_the_loss_counts_from_the_first_failure_and_recovery_is_told(self) -> None:
        connection = Connection()
        assert connection.up(STATUS) is False
        connection.lost(b"refused", 10.0)
        connection.lost(b"refused", 20.0)
        assert (connection.link, connection.lost_at, connection.is_stale) == (Link.LOST, 10.0, True)
        assert connection.up(STATUS) is True
        assert connection.is_stale is False

    def test_the_revision_never_goes_back(self) -> None:
        connection = Connection()
        connection.seen(STATUS.revision + 10)
        connection.up(STATUS)
        assert connection.revision == STATUS.revision + 10


@pytest.mark.parametrize(
    ("text", "raw", "kept"),
    [
        ("", b"x", True),
        ("web", b"/Services/WEB", True),
        ("Web", b"/services/web", False),
        ("!web", b"/services/web", False),
        ("!web", b"/config", True),
        ("!", b"x", True),
        ("é", "/é".encode(), True),
    ],
)
def test_filter(text: str, raw: bytes, kept: bool) -> None:
    assert Filter(text).keeps(raw) is kept


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (units.size(512), "512 B"),
        (units.size(1536), "1.5 KiB"),
        (units.size(21_495_808), "20 MiB"),
        (units.duration(59.9), "59s"),
        (units.duration(184), "3m04s"),
        (units.duration(90_000), "1d01h"),
        (units.latency(0.00042), "0.42 ms"),
        (units.latency(0.012), "12 ms"),
        (units.latency(None), "-"),
        (units.plural(1, "key"), "1 key"),
        (units.plural(2_000, "key"), "2,000 keys"),
    ],
)
def test_units(shown: str, expected: str) -> None:
    assert shown == expected
