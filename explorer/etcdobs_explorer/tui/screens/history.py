"""Decides how a key's revisions and the difference that one of them made share a view, and how the past is entered."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from textual.containers import Container, Vertical
from textual.widget import Widget

from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.history import Comparison, HistoryKind, HistoryRecord, HistoryRow
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.messages import Tell, Work
from etcdobs_explorer.tui.resources import Resource
from etcdobs_explorer.tui.verbs.history import travel
from etcdobs_explorer.tui.widgets.diff_view import DiffView
from etcdobs_explorer.tui.widgets.history import DifferenceTitle, HistoryList
from etcdobs_explorer.tui.widgets.table import TableHead
from etcdobs_explorer.tui.widgets.title import TableTitle

from .changing import may_write, plan_by
from .view import ViewScreen

if TYPE_CHECKING:
    from textual.timer import Timer

_REST = 0.08  # seconds the cursor has to rest on a revision before its value is read


class HistoryScreen(ViewScreen):
    """The revisions of a key, and beside them what the one under the cursor changed."""

    def __init__(self, resource: Resource[Any], state: State) -> None:
        super().__init__(resource, state)
        self._title = TableTitle(resource, state)
        self._list = HistoryList(resource, state, id="history")
        self._diff = DiffView(id="difference")
        self._diff_title = DifferenceTitle(state, self._diff)
        self._diff_pane = Vertical(self._diff_title, self._diff, id="difference-pane")
        self._shown: Comparison | None = None
        self._wanted = (0, 0)
        self._with_mark = False
        self._resting: Timer | None = None

    def body(self) -> Iterable[Widget]:
        with Container(id="history-panes"):
            yield Vertical(self._title, TableHead(self.resource), self._list, id="history-pane")
            yield self._diff_pane

    def main(self) -> Widget:
        return self._list

    def current(self) -> HistoryRow | None:
        """The row under the cursor."""
        row: HistoryRow | None = self._list.current
        return row

    @property
    def current_record(self) -> HistoryRecord | None:
        """What happened at the revision under the cursor."""
        row = self.current()
        return row.record if row is not None and row.is_event else None

    def show(self, topics: frozenset[Topic]) -> None:
        super().show(topics)
        if Topic.STATUS in topics:
            self._compare_again()
        if Topic.HISTORY not in topics:
            return
        self._diff_pane.display = self.state.history.key is not None
        self._list.rows_changed()
        self._title.renew()
        self._show_comparison()
        self._rested()

    def tick(self) -> None:
        super().tick()
        self._title.renew()

    def _show_comparison(self) -> None:
        found = self.state.history.comparison
        if found is not self._shown:
            self._shown = found
            self._diff.show(found.found if found is not None else None)
        self._diff_title.refresh()

    # -- the cursor ----------------------------------------------------------------------------------------

    def on_virtual_list_moved(self) -> None:
        """Another revision is under the cursor: once the cursor rests there, say what it changed."""
        self._with_mark = False
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(_REST, self._rested)

    def _rested(self) -> None:
        if (record := self.current_record) is not None and not self._with_mark:
            self._compare(record.revision - 1, record.revision)

    def _compare_again(self) -> None:
        """What the cluster did not answer is asked for once it may."""
        found = self.state.history.comparison
        if found is not None and found.is_lost and not self.state.connection.is_stale:
            self._wanted = (0, 0)
            self._compare(found.before, found.after)

    def _compare(self, before: int, after: int) -> None:
        key = self.state.history.key
        if key is None or self._wanted == (before, after):
            return
        self._wanted = (before, after)
        self.post_message(Work("compare", lambda feeds: feeds.history.compare(key, before, after)))

    def on_virtual_list_activated(self) -> None:
        """Enter: on a revision go to what it changed, on the last row read more."""
        row, key = self.current(), self.state.history.key
        if row is None or key is None:
            return
        if row.is_event:
            self._diff.focus()
        elif row.kind is HistoryKind.MORE:
            held = self.state.history.count
            self.post_message(Work("history", lambda feeds: feeds.history.read_more(key, held)))

    # -- verbs ---------------------------------------------------------------------------------------------

    def mark(self) -> None:
        """Make the revision under the cursor one side of the next difference."""
        if (record := self.current_record) is not None:
            self.state.history.mark(record.revision)
            self.show(frozenset((Topic.HISTORY,)))

    def compare_with_mark(self) -> None:
        """Show the difference between the marked revision and the one under the cursor."""
        record, marked = self.current_record, self.state.history.marked
        if not marked:
            self.post_message(Tell("m marks the revision to compare with first", "warning"))
        elif record is not None and record.revision != marked:
            self._with_mark = True
            self._compare(min(marked, record.revision), max(marked, record.revision))

    def restore(self) -> None:
        """Write the value of the revision under the cursor again."""
        record, key = self.current_record, self.state.history.key
        if record is not None and key is not None and may_write(self):
            revision = record.revision
            plan_by(self, "restore", Work("write", lambda feeds: feeds.history.plan_restore(key, revision)))

    def travel(self) -> None:
        """Show all keys as of the revision under the cursor."""
        if (record := self.current_record) is not None:
            travel(self, record.revision, b"" if record.is_delete else self.state.history.key or b"")

    def step_back(self) -> bool:
        if not self.prompt.is_shown and self._diff.has_focus:
            self._list.focus()
            return True
        return super().step_back()
