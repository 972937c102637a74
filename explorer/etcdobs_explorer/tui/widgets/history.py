"""Decides how a key's revisions end on the screen, and what is said above the difference between two of them."""

from rich.style import Style
from textual.strip import Strip

from etcdobs_explorer.model import units
from etcdobs_explorer.model.history import Comparison
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert

from .bar import Bar
from .diff_view import DiffView
from .strips import Span, Spans, line
from .table import Table


class HistoryList(Table):
    """The revisions of a key; the last row says over its whole width why no older ones follow."""

    def row_strip(self, index: int, base: Style) -> Strip:
        row = self.rows[index]
        if row.is_event:
            return super().row_strip(index, base)
        return line([("  … ", "accent"), (row.text, "muted")], self.line_width, self.role, base)


class DifferenceTitle(Bar):
    """What is compared, and how much differs."""

    def __init__(self, state: State, view: DiffView) -> None:
        super().__init__(classes="title")
        self._state = state
        self._view = view

    def spans(self) -> tuple[Spans, Spans]:
        found = self._state.history.comparison
        if found is None:
            return [(" Difference", "title")], ()
        right: list[Span] = [*self._view.summary, (" ", "text")]
        return [(" ", "text"), *self._sides(found), *_reason(found)], right

    def _sides(self, found: Comparison) -> Spans:
        after = units.count(found.after)
        record = self._state.history.record(found.after)
        if found.before == found.after - 1 and record is not None:
            before = self._state.history.before(record)
            earlier = units.count(before.revision) if before is not None else "before"
        else:
            earlier = units.count(found.before)
        return [(earlier, "removed"), (" → ", "muted"), (after, "added")]


def _reason(found: Comparison) -> Spans:
    """Why nothing is compared; where only the earlier value is gone, that it is."""
    if not found.reason:
        return ()
    if found.found is None:
        return [("  ✗ ", "bad"), (inert(found.reason, 300), "bad")]
    return [("  ", "text"), (" compacted ", "badge-warn")]
