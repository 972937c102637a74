"""Decides how the view of the session's writes is listed, and what is said of it."""

from etcdobs_explorer.model import units
from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.columns import JOURNAL as JOURNAL_COLUMNS
from etcdobs_explorer.tui.widgets.strips import Spans

from .resource import Resource


def _journal_title(state: State, now: float) -> Spans:
    steps = state.journal.steps
    undoable = sum(not step.why_not_undoable for step in steps)
    return [(f"{units.plural(len(steps), 'write')} of this session · {units.count(undoable)} can be undone", "muted")]


def _journal_empty(state: State) -> Spans:
    if state.journal.steps:
        return [("  no write matches the filter", "muted")]
    return [("  nothing was written in this session: writes stand here, to be undone", "muted")]


JOURNAL = Resource(
    name="journal",
    key="8",
    aliases=("j", "writes"),
    help="what this session wrote, to be undone or saved as a script",
    topic=Topic.JOURNAL,
    columns=JOURNAL_COLUMNS,
    source=lambda state: state.journal,
    identity=lambda step: step.number,
    title=_journal_title,
    empty=_journal_empty,
    copy=lambda step: step.subject.start,
)
