"""Decides how the cells of the list of watches and of a watch's log are made from model rows."""

import time
from collections.abc import Sequence

from etcdobs_explorer.model import units
from etcdobs_explorer.model.secrets import head_of
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.watch_log import LoggedEvent
from etcdobs_explorer.model.watches import Phase, Watch, WatchSpec
from etcdobs_explorer.tui.widgets.sparkline import sparkline
from etcdobs_explorer.tui.widgets.strips import Span, Spans

from .column import Column, number, size

_SPARK = 12  # cells, a second each
_STATES: dict[Phase, Span] = {
    Phase.OPENING: ("… opening", "muted"),
    Phase.LIVE: ("● live", "good"),
    Phase.RETRYING: ("↻ retrying", "warn"),
    Phase.COMPACTED: ("✗ compacted", "bad"),
    Phase.DENIED: ("✗ permission denied", "bad"),
}


def clock(row: LoggedEvent, now: float) -> Spans:
    whole = time.strftime("%H:%M:%S", time.localtime(row.at))
    return [(whole, "text"), (f".{int(row.at % 1 * 1000):03d}", "muted")]


def event_type(row: LoggedEvent, now: float) -> Spans:
    if row.event.is_delete:
        return [("DELETE", "bad")]
    return [("CREATE", "good")] if row.event.is_create else [("PUT", "accent")]


def _event_value(row: LoggedEvent, now: float) -> Spans:
    event = row.event
    head = head_of(event.head, is_cut=event.size > len(event.head))
    return [] if event.is_delete else [(inert(head, 200), "muted")]


def _event_size(row: LoggedEvent, now: float) -> Spans:
    return [] if row.event.is_delete else size(row.event.size)


def watched(spec: WatchSpec) -> Spans:
    """What a watch asks for."""
    if not spec.key:
        spans: list[Span] = [("all keys", "accent")]
    else:
        spans = [(inert(spec.key, 200), "accent"), ("…" if spec.is_prefix else "", "muted")]
    if spec.start_revision:
        spans.append((f" from {units.count(spec.start_revision)}", "muted"))
    if not (spec.puts and spec.deletes):
        spans.append((" puts" if spec.puts else " deletes", "muted"))
    return spans


def _what(row: Watch, now: float) -> Spans:
    return [*watched(row.spec), *([(" · tree", "muted")] if row.is_builtin else [])]


def _rate(row: Watch, now: float) -> Spans:
    rate = row.log.rate(now)
    shown = f"{rate:,.0f}/s" if rate >= 10 or not rate else f"{rate:.1f}/s"
    return [(shown.rjust(8) + " ", "text" if rate else "muted"), *sparkline(row.log.pace.series(now, _SPARK), _SPARK)]


def _lag(row: Watch, now: float) -> Spans:
    if row.phase.is_over or not row.revision:
        return number(None)
    return [(units.count(row.behind), "warn" if row.behind else "muted")]


def _state(row: Watch, now: float) -> Spans:
    recording = _recording(row)
    is_written = row.recording is not None and not row.recording.is_over and not row.recording.reason
    is_said = row.phase is Phase.LIVE and is_written  # what is written arrives
    spans = [*([] if is_said else [_STATES[row.phase], *_gap(recording)]), *recording]
    if row.phase is Phase.COMPACTED:
        spans.append((f": history starts at {units.count(row.history_start)}", "text"))
    elif row.reason and row.phase is not Phase.DENIED:
        spans += [(": ", "text"), (inert(row.reason, 200), "text")]
    return spans


def _gap(recording: Sequence[Span]) -> Sequence[Span]:
    return [("  ", "text")] if recording else []


def _recording(row: Watch) -> Sequence[Span]:
    recording = row.recording
    if recording is None:
        return ()
    if recording.reason:
        return [("✗ not recorded: ", "bad"), (inert(recording.reason, 100), "text")]
    left_out: list[Span] = [(f" {units.count(recording.dropped)} left out", "bad")] if recording.dropped else []
    sign: Span = ("■ ", "muted") if recording.is_over else ("● rec ", "bad")
    covered: Span = (f", {units.count(recording.covered)} covered" if recording.covered else "", "muted")
    return [sign, (f"{units.count(recording.written)} written", "text"), covered, *left_out]


WATCHES: tuple[Column[Watch], ...] = (
    Column("WATCH", 0, _what, share=1, least=16),
    Column("EVENTS", 10, lambda row, now: number(row.log.total), "right"),
    Column("RATE", 9 + _SPARK, _rate),
    Column("REVISION", 11, lambda row, now: number(row.revision or None), "right", rank=2),
    Column("BEHIND", 7, _lag, "right", rank=1),
    Column("STATE", 0, _state, share=1, least=11),
)

EVENTS: tuple[Column[LoggedEvent], ...] = (
    Column("TIME", 12, clock),
    Column("TYPE", 6, event_type),
    Column("REVISION", 10, lambda row, now: number(row.event.mod_revision), "right"),
    Column("KEY", 0, lambda row, now: [(inert(row.event.key, 400), "text")], share=3, least=24),
    Column("SIZE", 8, _event_size, "right", rank=2),
    Column("VALUE", 0, _event_value, rank=1, share=2),
)
