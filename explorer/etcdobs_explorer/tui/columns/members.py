"""Decides how the cells of the member table are made from model rows."""

from etcdobs_explorer.model import units
from etcdobs_explorer.model.records import MemberRecord, Role
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.widgets.strips import Spans

from .column import Column, size

_ROLES = {Role.LEADER: "good", Role.FOLLOWER: "text", Role.LEARNER: "accent", Role.UNKNOWN: "bad"}


def _member_name(row: MemberRecord, now: float) -> Spans:
    dot = ("● ", _ROLES[row.role] if row.role is not Role.FOLLOWER else "good")
    return [dot, (inert(row.name, 60) if row.name else "(unstarted)", "strong" if row.name else "muted")]


def _raft(row: MemberRecord, now: float) -> Spans:
    if row.raft_term is None:
        return [("-", "muted")]
    return [(f"{row.raft_term}/", "muted"), (units.count(row.raft_index or 0), "text")]


def _rtt(row: MemberRecord, now: float) -> Spans:
    slow = row.rtt is not None and row.rtt > 0.1
    return [(units.latency(row.rtt), "warn" if slow else "text" if row.rtt is not None else "muted")]


def _member_note(row: MemberRecord, now: float) -> Spans:
    if row.errors:
        return [(inert(b"; ".join(row.errors), 400), "bad")]
    return [(inert(row.endpoint, 100), "muted")]


MEMBERS: tuple[Column[MemberRecord], ...] = (
    Column("NAME", 11, _member_name),
    Column("ID", 16, lambda row, now: [(units.hex_id(row.id), "accent")], rank=1),
    Column("ROLE", 8, lambda row, now: [(row.role.value, _ROLES[row.role])]),
    Column("VERSION", 8, lambda row, now: [(inert(row.version, 20) if row.version else "-", "text")], rank=3),
    Column("DB SIZE", 9, lambda row, now: size(row.db_size), "right"),
    Column("IN USE", 9, lambda row, now: size(row.db_in_use), "right", rank=2),
    Column("TERM/INDEX", 13, _raft, "right", rank=2),
    Column("RTT", 7, _rtt, "right"),
    Column("ENDPOINT, ERRORS", 0, _member_note, least=16),
)
