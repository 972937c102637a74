"""Decides how the key tree and the value under its cursor share a view: side by side, or one above the other."""

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from textual.containers import Container, Vertical
from textual.widget import Widget

from etcdobs_explorer.model.changes import Selected, Topic
from etcdobs_explorer.model.key_tree import RowKind
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.going import step_toward
from etcdobs_explorer.tui.messages import Changed, KeySelected, Tell
from etcdobs_explorer.tui.resources import Resource
from etcdobs_explorer.tui.resources.keys import OBJECTS
from etcdobs_explorer.tui.widgets.key_list import KeyList
from etcdobs_explorer.tui.widgets.object_columns import ObjectHead, holds_objects
from etcdobs_explorer.tui.widgets.overview import Overview
from etcdobs_explorer.tui.widgets.title import KeysTitle
from etcdobs_explorer.tui.widgets.value_pane import ValuePane

from .view import TALL, WIDE, ViewScreen

if TYPE_CHECKING:
    from textual.timer import Timer

_REST = 0.08  # seconds the cursor has to rest on a key before it is read
_SURVEY = 2.0  # seconds between two looks into a directory
_STAY = 1.0  # until it counts as one that was looked at


class KeysScreen(ViewScreen):
    """The key tree and the value pane; where there is room, an overview of the other views below."""

    def __init__(self, resource: Resource[Any], state: State) -> None:
        super().__init__(resource, state)
        self._keys = KeyList(state, id="keys")
        self._head = ObjectHead(lambda: self._keys.line_width)
        self._keys_title = KeysTitle(resource, state, self._keys)
        self.value = ValuePane(state, id="value-pane")
        self._overview = Overview(state)
        self._resting: Timer | None = None
        self._staying: Timer | None = None
        self._touched = False
        self._surveyed = 0.0

    def body(self) -> Iterable[Widget]:
        with Container(id="panes"):
            yield Vertical(self._keys_title, self._head, self._keys, id="keys-pane")
            yield self.value
        yield self._overview

    def main(self) -> Widget:
        return self._keys

    def current(self) -> Any:
        return self._keys.current

    def in_sight(self) -> Sequence[str]:
        return (*super().in_sight(), *self._overview.in_sight())

    def visible_rows(self, name: str) -> Sequence[Any]:
        return self._keys.visible_rows() if name == OBJECTS else self._overview.visible_rows(name)

    def show(self, topics: frozenset[Topic]) -> None:
        super().show(topics)
        if Topic.TREE in topics:
            self._head.display = holds_objects(self.state)
            self._keys.rows_changed()
            self._approach()
            self._keys_title.renew()
            self._select()
        if Topic.VALUE in topics or Topic.STATUS in topics:
            self.value.value_changed()
        self._overview.show(topics)

    def tick(self) -> None:
        super().tick()
        self._survey_again()
        self.value.tick()
        self._overview.tick()
        if self.state.touched or self._touched:
            self._touched = bool(self.state.touched)
            self._keys.redraw()

    def _survey_again(self) -> None:
        """Keys came or went in the directory under the cursor: look again, but not each time."""
        found, now = self.state.selection.survey, time.monotonic()
        if found is not None and found.is_outdated and now - self._surveyed > _SURVEY:
            self._surveyed = now
            self._rested()

    # -- the cursor ----------------------------------------------------------------------------------------

    def on_virtual_list_moved(self) -> None:
        """Another key is under the cursor."""
        self._keys_title.renew()
        self._select()

    def on_virtual_list_activated(self) -> None:
        """Enter on a key: go to its value."""
        self.value.view.focus()

    def _select(self) -> None:
        row = self._keys.current
        if row is None or row.kind not in (RowKind.BRANCH, RowKind.LEAF):
            return
        selection = self.state.selection
        if (selection.key, selection.is_branch) == (row.key, row.kind is RowKind.BRANCH):
            return
        self.post_message(Changed(Selected(row.key, row.kind)))
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(_REST, self._rested)
        if self._staying is not None:
            self._staying.stop()
        self._staying = self.set_timer(_STAY, self.visited)

    def _rested(self) -> None:
        row = self._keys.current
        if row is not None and row.kind in (RowKind.BRANCH, RowKind.LEAF):
            self.post_message(KeySelected(row.key, is_branch=row.kind is RowKind.BRANCH))

    # -- the way to a key ----------------------------------------------------------------------------------

    def _approach(self) -> None:
        """Go on toward the key that the reader wants to be at."""
        goal = self.state.goal
        place = step_toward(self, goal) if goal is not None else None
        if goal is None or place is None:
            return
        self.state.goal = None
        if self.state.tree.index_of(place) is None:
            self.state.tree.set_filter("")
        self._keys.rows_changed()
        at = self.state.tree.index_of(place)
        if at is not None:
            self._keys.cursor = at
            self.visited()
        if not self._keys.has_focus and self.is_current:
            self._keys.focus()

    def visited(self) -> None:
        """The row under the cursor counts as looked at."""
        row = self._keys.current
        if row is not None and row.is_key:
            self.state.visits.visit(row.key, is_branch=row.kind is RowKind.BRANCH)

    def marked(self) -> None:
        """A bookmark was set or taken away."""
        self._keys.redraw()
        self._keys_title.renew()

    # -- panes ---------------------------------------------------------------------------------------------

    def zoom(self) -> None:
        """Give all the room to the focused pane, or take it back."""
        name = "zoom-value" if self.value.view.has_focus else "zoom-keys"
        was_on = self.is_zoomed
        self.remove_class("zoom-value", "zoom-keys")
        self.set_class(not was_on, name)

    def overview(self) -> None:
        """Show leases, members and events below the keys, or no more."""
        if self.has_class("-wide") and self.has_class("-tall"):
            self.toggle_class("no-overview")
        else:
            self.post_message(Tell(f"the overview needs {WIDE} columns and {TALL} lines", "warning"))

    @property
    def is_zoomed(self) -> bool:
        """Whether one pane has all the room."""
        return self.has_class("zoom-value") or self.has_class("zoom-keys")

    def step_back(self) -> bool:
        if self.prompt.is_shown:
            return super().step_back()
        if self.is_zoomed:
            self.remove_class("zoom-value", "zoom-keys")
            return True
        if self.value.view.has_focus:
            self._keys.focus()
            return True
        return super().step_back()
