"""Decides what of the other views is seen below the keys: leases, members and the newest events, to look at only."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.messages import ViewChosen
from etcdobs_explorer.tui.resources import FEED, LEASES, MEMBERS, Resource

from .table import Table
from .title import TableTitle

_MOST_MEMBERS = 5  # that many lines at most: clusters are rarely larger, and leases want the room


class BriefTable(Table, can_focus=False):
    """The rows of a resource in few columns, without a cursor: those at the end of a log, else those at the start."""

    def _keep_place(self) -> None:
        end = self.row_count() if self.resource.topic is Topic.LOG else 0
        self.scroll_to(y=end, animate=False, force=True, immediate=True)

    def on_resize(self) -> None:
        """The end of a log stays in sight."""
        self.rows_changed()

    def on_click(self, event: events.Click) -> None:
        """There is no cursor to move: the click is the pane's."""
        event.prevent_default()


class Brief(Vertical):
    """A resource in a pane of the overview; a click opens its view."""

    def __init__(self, resource: Resource[Any], state: State) -> None:
        super().__init__(id=f"brief-{resource.name}")
        self._title = TableTitle(resource, state, numbered=True)
        self.table = BriefTable(resource, state, columns=resource.brief)
        self.resource = resource

    def compose(self) -> ComposeResult:
        """Title and rows."""
        yield self._title
        yield self.table

    def show(self, topics: Iterable[Topic]) -> None:
        """Draw again what news is about."""
        if self.resource.topic in topics:
            self.table.rows_changed()
        self._title.renew()

    def tick(self, *, countdown: bool) -> None:
        """Draw again what changes with time alone; `countdown` once a second."""
        self._title.renew()
        if countdown and self.resource.topic is Topic.LEASES:
            self.table.redraw()

    def on_click(self) -> None:
        """See all of it."""
        self.post_message(ViewChosen(self.resource.name))


class Overview(Horizontal):
    """Leases above members, and the newest events beside them. Not drawn while it is not displayed."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._leases, self._members, self._watch = (Brief(each, state) for each in (LEASES, MEMBERS, FEED))
        self._briefs = (self._leases, self._members, self._watch)
        self._ticked = 0

    def compose(self) -> ComposeResult:
        """The tables on the left, the events on the right."""
        yield Vertical(self._leases, self._members, id="overview-tables")
        yield self._watch

    def in_sight(self) -> Sequence[str]:
        """The names of the resources that are shown."""
        return [brief.resource.name for brief in self._briefs] if self.display else ()

    def visible_rows(self, name: str) -> Sequence[Any]:
        """The rows of a resource that are shown."""
        shown = (brief for brief in self._briefs if self.display and brief.resource.name == name)
        return next((brief.table.visible_rows() for brief in shown), ())

    def show(self, topics: Iterable[Topic]) -> None:
        """Draw again what news is about."""
        if not self.display:
            return
        self._members.table.styles.height = max(1, min(_MOST_MEMBERS, self._members.table.row_count()))
        for brief in self._briefs:
            brief.show(topics)

    def tick(self) -> None:
        """Draw again what changes with time alone."""
        second = int(time.monotonic())
        for brief in self._briefs if self.display else ():
            brief.tick(countdown=second != self._ticked)
        self._ticked = second
