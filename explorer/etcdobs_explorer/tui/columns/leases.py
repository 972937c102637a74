"""Decides how the cells of the lease table are made from model rows."""

from etcdobs_explorer.model import units
from etcdobs_explorer.model.leases import LeaseRow
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.widgets.strips import Spans

from .column import BAR, Column, meter, number


def _granted(row: LeaseRow, now: float) -> Spans:
    return [(units.duration(row.record.granted_ttl), "text")] if row.record else [("…", "muted")]


def _urgency(row: LeaseRow, now: float) -> str:
    left = row.remaining(now) or 0.0
    if left <= 0:
        return "bad"
    return "warn" if left < 10 or row.fraction(now) < 0.2 else "good"


def _remaining(row: LeaseRow, now: float) -> Spans:
    left = row.remaining(now)
    if left is None:
        return [("…", "muted")]
    kept: Spans = [("♥ ", "good")] if row.kept else []
    return [*kept, (units.duration(left) if left > 0 else "expired", _urgency(row, now))]


def _countdown(row: LeaseRow, now: float) -> Spans:
    return [(meter(row.fraction(now)), _urgency(row, now))]


def _lease_keys(row: LeaseRow, now: float) -> Spans:
    return number(row.record.key_count) if row.record else [("…", "muted")]


def _owner(row: LeaseRow, now: float) -> Spans:
    return [(inert(row.owner, 200), "muted")] if row.owner else [("-" if row.record else "…", "muted")]


def _first_key(row: LeaseRow, now: float) -> Spans:
    if row.record is None:
        return [("…", "muted")]
    if row.record.first_key is None:
        return [("no keys", "muted")]
    return [(inert(row.record.first_key, 400), "text")]


LEASES: tuple[Column[LeaseRow], ...] = (
    Column("LEASE", 16, lambda row, now: [(units.hex_id(row.id), "accent")]),
    Column("GRANTED", 7, _granted, "right", rank=2),
    Column("REMAINING", 9, _remaining, "right"),
    Column("", BAR, _countdown, rank=1),
    Column("KEYS", 5, _lease_keys, "right"),
    Column("FIRST KEY", 0, _first_key, least=28, share=3),
    Column("OWNER, A GUESS", 0, _owner, least=18, share=2, rank=3),
)
