"""Leases: what the table knows and asks for, how it sorts, and whose they probably are."""

import pytest

from etcdobs_explorer.model.leases import AT_ONCE, LONGEST, LeaseTable, Order, ttl_of
from etcdobs_explorer.model.owners import owner
from etcdobs_explorer.model.records import LeaseRecord


def table(*records: LeaseRecord, now: float = 100.0) -> LeaseTable:
    made = LeaseTable()
    made.listed(record.id for record in records)
    made.received(records, now)
    return made


class TestReading:
    def test_a_page_of_leases_is_asked_for_in_several_readings(self) -> None:
        made = LeaseTable()
        made.listed(range(1, 3 * AT_ONCE))
        assert made.due(made.rows, 1.0) == list(range(1, AT_ONCE + 1))

    def test_the_unknown_come_before_the_old(self) -> None:
        made = table(LeaseRecord(1, 60, 30, 0))
        made.listed([1, 2])
        assert made.due(made.rows, 200.0) == [2, 1]

    def test_one_that_ought_to_have_expired_is_looked_at_at_once(self) -> None:
        made = table(LeaseRecord(1, 60, 2, 0), LeaseRecord(2, 60, 30, 0))
        assert made.due(made.rows, 101.5) == []
        assert made.due(made.rows, 102.5) == [1]

    def test_an_expired_one_is_said_to_be_and_keeps_what_was_known(self) -> None:
        made = table(LeaseRecord(1, 60, 2, 3, b"/k", (b"/k",)))
        made.received([LeaseRecord(1, 0, -1, 0)], 103.0)
        row = made.rows[0]
        assert row.record is not None
        assert (row.is_expired, row.remaining(103.0), row.record.granted_ttl, row.record.key_count) == (
            True,
            0.0,
            60,
            3,
        )
        assert made.due(made.rows, 999.0) == []


class TestOrder:
    RECORDS = (LeaseRecord(1, 60, 50, 1), LeaseRecord(2, 60, 5, 9), LeaseRecord(3, 60, 20, 0))

    @pytest.mark.parametrize(
        ("order", "ids"), [(Order.ID, [1, 2, 3]), (Order.REMAINING, [2, 3, 1]), (Order.KEYS, [2, 1, 3])]
    )
    def test_sorted(self, order: Order, ids: list[int]) -> None:
        made = table(*self.RECORDS)
        while made.order is not order:
            made.next_order()
        assert [row.id for row in made.rows] == ids

    def test_those_not_looked_at_come_last(self) -> None:
        made = table(*self.RECORDS)
        made.listed([0, 1, 2, 3])
        made.next_order()
        assert [row.id for row in made.rows] == [2, 3, 1, 0]
        assert made.looked_at == 3

    def test_the_filter_looks_at_the_owner_too(self) -> None:
        made = table(
            LeaseRecord(1, 60, 50, 1, b"/registry/events/a", (b"/registry/events/a",)), LeaseRecord(2, 60, 5, 0)
        )
        made.set_filter("kubernetes")
        assert [row.id for row in made.rows] == [1]


def test_what_is_kept_alive_is_marked_also_after_another_list() -> None:
    made = table(LeaseRecord(1, 60, 50, 1))
    made.keep(1, kept=True)
    made.keep(2, kept=True)
    made.listed([1, 2])
    assert [row.kept for row in made.rows] == [True, True]
    made.keep(1, kept=False)
    assert [row.kept for row in made.rows] == [False, True]
    assert made.kept == {2}


@pytest.mark.parametrize(
    ("key", "guess"),
    [
        (b"/locks/db/694d7a1b2c3d4e01", b"lock or election /locks/db"),
        (b"/registry/events/default/pod.1", b"Kubernetes events"),
        (b"/registry/masterleases/10.0.0.1", b"Kubernetes API server 10.0.0.1"),
        (b"/registry/leases/kube-system/x", b"Kubernetes leases"),
        (b"/services/api/10.0.0.1:8080", b"service api"),
        (b"/api/10.0.0.1", b"service api"),
        (b"/nodes/worker-1/status", b"service worker-1"),
        (b"/coreos.com/network/subnets/10.5.1.0-24", b"flannel subnet 10.5.1.0-24"),
        (b"by-dev/meta/session/querynode-1", b"Milvus querynode-1"),
        (b"/service/pg/leader", b"Patroni pg"),
        (b"/app/scheduler/leader", b"leader of app/scheduler"),
        (b"/app/x", b""),
        (b"x", b""),
        (b"\xff\x00", b""),
        (b"///", b""),
    ],
)
def test_whose_it_probably_is(key: bytes, guess: bytes) -> None:
    assert owner(0x694D7A1B2C3D4E01, [key]) == guess


def test_without_keys_nobody_is_guessed() -> None:
    assert owner(1, []) == b""


def test_seconds_to_live() -> None:
    assert [ttl_of(text) for text in ("60", " 1,000 ", str(LONGEST))] == [60, 1000, LONGEST]
    for text in ("", "1.5", "-1", "0", "1h", "٣", str(LONGEST + 1)):
        with pytest.raises(ValueError, match="seconds"):
            ttl_of(text)
