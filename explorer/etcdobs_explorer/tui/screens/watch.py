"""Decides how the watches and the log of one of them share a view, and what can be done with them."""

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from textual.app import App
from textual.containers import Vertical
from textual.widget import Widget

from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.inspection import Inspection
from etcdobs_explorer.model.recording import file_name
from etcdobs_explorer.model.secrets import WITH_SECRETS
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.watch_log import Kinds
from etcdobs_explorer.model.watches import WatchSpec
from etcdobs_explorer.tui.going import go_to
from etcdobs_explorer.tui.messages import Tell, Work
from etcdobs_explorer.tui.resources import WATCHES, Resource
from etcdobs_explorer.tui.watching import begin, end, restart
from etcdobs_explorer.tui.widgets.detail import Detail
from etcdobs_explorer.tui.widgets.event_table import EventTable
from etcdobs_explorer.tui.widgets.table import Table, TableHead
from etcdobs_explorer.tui.widgets.title import TableTitle

from .dialog import Dialog
from .event import EventScreen
from .new_watch import NewWatchScreen
from .target import TargetScreen
from .view import ViewScreen

D = TypeVar("D")

_OTHER_LINES = 12  # of the view, which the list leaves to the log


class WatchScreen(ViewScreen):
    """The list of watches above, the log of the one under its cursor below."""

    AUTO_FOCUS = "#table"

    def __init__(self, resource: Resource[Any], state: State) -> None:
        super().__init__(resource, state)
        self._list_title = TableTitle(WATCHES, state)
        self._list = Table(WATCHES, state, id="watches")
        self._log_title = TableTitle(resource, state)
        self._log = EventTable(resource, state, id="table")
        self._detail = Detail(self._log)
        self._dialog: EventScreen | None = None

    def body(self) -> Iterable[Widget]:
        yield Vertical(self._list_title, TableHead(WATCHES), self._list, id="watches-pane")
        yield Vertical(self._log_title, TableHead(self.resource), self._log, self._detail, id="events-pane")

    def main(self) -> Widget:
        return self._log

    def current(self) -> Any:
        return self._log.current

    def show(self, topics: frozenset[Topic]) -> None:
        super().show(topics)
        if Topic.LOG in topics:
            self._log.rows_changed()
            self._log_title.renew()
            self._detail.refresh()
            if self._dialog is not None:
                self._dialog.renew()
        if Topic.LOG in topics and Topic.STATUS not in topics:
            self._show_list()

    def tick(self) -> None:
        super().tick()
        self._show_list()
        self._log_title.renew()

    def _show_list(self) -> None:
        self.state.watches.reckon(self.state.connection.revision, time.monotonic())
        self._list.styles.height = min(len(self._list.rows), max(3, self.size.height - _OTHER_LINES - 8))
        self._list.rows_changed()
        self._list_title.renew()

    # -- the cursors ---------------------------------------------------------------------------------------

    def on_virtual_list_moved(self) -> None:
        """Another watch or another event is under its cursor."""
        watch = self._list.current
        if watch is not None and watch is not self.state.watches.chosen:
            self.state.watches.chosen = watch
            self._log.follow()
            self._log_title.renew()
        self._detail.refresh()

    def on_virtual_list_activated(self) -> None:
        """Enter: from a watch to its log, from an event to what it changed."""
        if self._list.has_focus:
            self._log.focus()
        else:
            self.inspect()

    def _choose(self) -> None:
        """Put the cursor of the list on the chosen watch, and show its log from the end."""
        self._show_list()
        index = self.state.watches.index_of(self.state.watches.chosen.id)
        self._list.cursor = index or 0
        self._log.follow()
        self._log_title.renew()
        self._detail.refresh()

    def _push(self, dialog: Dialog[D], done: Callable[[D | None], None]) -> None:
        app: App[Any] = self.app  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        app.push_screen(dialog, done)

    # -- watches -------------------------------------------------------------------------------------------

    def new(self, text: str = "") -> None:
        """Ask what to watch."""
        key = text.encode("utf-8", "surrogateescape") if text else self.state.watches.chosen.spec.key
        self._push(NewWatchScreen(WatchSpec(key)), self._begin)

    def _begin(self, spec: WatchSpec | None) -> None:
        if spec is not None and begin(self, spec):
            self._choose()

    def forget(self) -> None:
        """End the chosen watch and forget it."""
        if end(self):
            self._choose()

    def restart(self) -> None:
        """Go on with a watch that has ended."""
        restart(self)
        self._show_list()

    def on_screen_resume(self) -> None:
        self._choose()

    # -- the log -------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """Go to the newest event and stay there."""
        self._log.follow()

    def pause(self) -> None:
        """Hold the log still, or let it run."""
        log = self.state.watches.chosen.log
        log.pause(not log.paused)
        self.show(frozenset((Topic.LOG,)))

    def clear(self) -> None:
        """Forget the events seen so far."""
        self.state.watches.chosen.log.clear()
        self.show(frozenset((Topic.LOG,)))

    def kinds(self, name: str = "") -> None:
        """Show puts only, deletes only, or all; without a name, what comes next of these."""
        log = self.state.watches.chosen.log
        named = {kinds.value: kinds for kinds in Kinds}
        if name and name not in named:
            self.post_message(Tell(f"all, puts or deletes, not {name!r}", "warning"))
            return
        log.set_kinds(named[name] if name else log.kinds.next)
        self.show(frozenset((Topic.LOG,)))

    def step_back(self) -> bool:
        if super().step_back():
            return True
        if self.state.watches.chosen.log.kinds is Kinds.ALL:
            return False
        self.kinds(Kinds.ALL.value)
        return True

    def go_to_key(self) -> None:
        """Look at the event's key in the key tree."""
        row = self._log.current
        if row is not None:
            go_to(self, row.event.key, is_branch=False)

    # -- one event -----------------------------------------------------------------------------------------

    def inspect(self) -> None:
        """Show what the event under the cursor changed."""
        if self._look() and self._dialog is None:
            self._dialog = EventScreen(self.state, self._step)
            self._push(self._dialog, self._inspected)

    def _look(self) -> bool:
        row = self._log.current
        if row is None:
            return False
        watches = self.state.watches
        earlier = watches.chosen.log.before(row.number)
        watches.inspection = Inspection(row)
        self.post_message(Work("inspect", lambda feeds: feeds.watch.inspect(row, earlier)))
        return True

    def _inspected(self, _: None) -> None:
        self._dialog = self.state.watches.inspection = None

    def _step(self, rows: int) -> None:
        self._log.action_move(rows)
        self._look()

    # -- recording -----------------------------------------------------------------------------------------

    def record(self, path: str = "") -> None:
        """Append the chosen watch's events to a file, or stop that."""
        watch = self.state.watches.chosen
        if watch.recording is not None and not watch.recording.is_over:
            self.post_message(Work(f"stop {watch.id}", lambda feeds: feeds.watch.stop_recording(watch.id)))
        elif path:
            self._record(watch.id, path.encode("utf-8", "surrogateescape"))
        else:
            name = file_name(watch.spec.key, time.time())
            note = f"Secrets are covered; type {WITH_SECRETS} behind the name to have them"
            self._push(TargetScreen("record to file", b"", name, note=note), partial(self._record, watch.id))

    def _record(self, watch: int, path: bytes | None) -> None:
        if path:
            self.post_message(Work(f"record {watch}", lambda feeds: feeds.watch.record(watch, path)))
