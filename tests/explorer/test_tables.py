"""Leases, members, events and calls: what the tables know, and what they keep when news is missing."""

import pytest

from etcdobs_explorer.model import units
from etcdobs_explorer.model.filter import Filter
from etcdobs_explorer.model.leases import LeaseTable
from etcdobs_explorer.model.members import MemberTable
from etcdobs_explorer.model.records import LeaseRecord
from tests.explorer.fake import MEMBERS


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
