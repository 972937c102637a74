"""Decides how the cells of a key's history are made from model rows."""

from etcdobs_explorer.model import units
from etcdobs_explorer.model.history import HistoryKind, HistoryRow
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.widgets.strips import Spans

from .column import Column, number, size

_ROLES = {HistoryKind.CREATE: "good", HistoryKind.PUT: "accent", HistoryKind.DELETE: "bad"}


def _revision(row: HistoryRow, now: float) -> Spans:
    if not row.is_event:
        return ()
    shown = (units.count(row.record.revision), "strong" if row.mark else "text")
    return [("◆ ", "fresh"), shown] if row.mark else [shown]


def _type(row: HistoryRow, now: float) -> Spans:
    return [(row.kind.value, _ROLES[row.kind])] if row.is_event else ()


def _version(row: HistoryRow, now: float) -> Spans:
    return number(row.record.version) if _has_value(row) else ()


def _size(row: HistoryRow, now: float) -> Spans:
    return size(row.record.size) if _has_value(row) else ()


def _lease(row: HistoryRow, now: float) -> Spans:
    if not _has_value(row):
        return ()
    return [(units.hex_id(row.record.lease), "accent")] if row.record.lease else [("-", "muted")]


def _value(row: HistoryRow, now: float) -> Spans:
    if not row.is_event:
        return [(row.text, "muted")]
    if row.record.is_delete:
        return ()
    return [(inert(row.record.head, 200), "muted")] if row.record.size else [("(empty)", "muted")]


def _has_value(row: HistoryRow) -> bool:
    return row.is_event and not row.record.is_delete


HISTORY: tuple[Column[HistoryRow], ...] = (
    Column("REVISION", 11, _revision, "right"),
    Column("VERSION", 7, _version, "right", rank=1),
    Column("TYPE", 6, _type),
    Column("SIZE", 8, _size, "right", rank=1),
    Column("LEASE", 16, _lease, rank=3),
    Column("VALUE", 0, _value, least=30),
)
