"""Decides how the cells of the journal are made from its steps."""

import time

from etcdobs_explorer.model import units
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.writes import Ending, Step
from etcdobs_explorer.tui.widgets.strips import Spans

from .column import Column, number

_KINDS = {"create": "good", "delete": "bad", "undo": "warn"}


def _revision(step: Step, now: float) -> Spans:
    committed = step.report.committed if step.report else ()
    return number(committed[-1].revision if committed else None)


def _state(step: Step, now: float) -> Spans:
    if step.undone_by:
        return [(step.state, "muted")]
    is_whole = step.report is None or step.report.ending is Ending.DONE
    return [(step.state, "good" if is_whole else "warn")]


def _target(step: Step, now: float) -> Spans:
    return [(inert(step.target.start, 400), "text")] if step.target else []


def _undo(step: Step, now: float) -> Spans:
    why = step.why_not_undoable
    return [(why, "muted")] if why else [("can be undone", "text")]


JOURNAL: tuple[Column[Step], ...] = (
    Column("#", 3, lambda step, now: number(step.number), "right"),
    Column("TIME", 8, lambda step, now: [(time.strftime("%H:%M:%S", time.localtime(step.at)), "text")]),
    Column("WRITE", 7, lambda step, now: [(step.kind, _KINDS.get(step.kind, "accent"))]),
    Column("KEY", 0, lambda step, now: [(inert(step.subject.start, 400), "text")], share=3, least=24),
    Column("TO", 0, _target, rank=2, share=2),
    Column("KEYS", 8, lambda step, now: [(units.count(step.keys), "text")], "right", rank=1),
    Column("REVISION", 10, _revision, "right", rank=1),
    Column("STATE", 18, _state),
    Column("UNDO", 24, _undo, rank=3),
)
