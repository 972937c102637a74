"""Decides how the key tree and the value under its cursor share a view: side by side, or one above the other."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from textual.containers import Container, Vertical
from textual.widget import Widget

from etcdobs_explorer.model.changes import Selected, Topic
from etcdobs_explorer.model.key_tree import RowKind
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.messages import Changed, Copied, KeySelected, Tell
from etcdobs_explorer.tui.resources import Resource
from etcdobs_explorer.tui.widgets.facts import Facts
from etcdobs_explorer.tui.widgets.key_list import KeyList
from etcdobs_explorer.tui.widgets.overview import Overview
from etcdobs_explorer.tui.widgets.title import KeysTitle, ValueTitle
from etcdobs_explorer.tui.widgets.value_view import ValueView

from .view import TALL, WIDE, ViewScreen

if TYPE_CHECKING:
    from textual.timer import Timer

_REST = 0.08  # seconds the cursor has to rest on a key before it is read


class KeysScreen(ViewScreen):
    """The key tree and the value pane; where there is room, an overview of the other views below."""

    def __init__(self, resource: Resource[Any], state: State) -> None:
        super().__init__(resource, state)
        self._keys = KeyList(state, id="keys")
        self._keys_title = KeysTitle(resource, state, self._keys)
        self._value = ValueView(state, id="value")
        self._value_title = ValueTitle(state)
        self._facts = Facts(state)
        self._overview = Overview(state)
        self._resting: Timer | None = None
        self._touched = False

    def body(self) -> Iterable[Widget]:
        with Container(id="panes"):
            yield Vertical(self._keys_title, self._keys, id="keys-pane")
            yield Vertical(self._value_title, self._facts, self._value, id="value-pane")
        yield self._overview

    def main(self) -> Widget:
        return self._keys

    def current(self) -> Any:
        return self._keys.current

    def in_sight(self) -> Sequence[str]:
        return (*super().in_sight(), *self._overview.in_sight())

    def visible_rows(self, name: str) -> Sequence[Any]:
        return self._overview.visible_rows(name)

    def show(self, topics: frozenset[Topic]) -> None:
        super().show(topics)
        if Topic.TREE in topics:
            self._keys.rows_changed()
            self._keys_title.renew()
            self._select()
        if Topic.VALUE in topics or Topic.STATUS in topics:
            self._show_value()
        self._overview.show(topics)

    def tick(self) -> None:
        super().tick()
        self._facts.renew()
        self._overview.tick()
        if self.state.touched or self._touched:
            self._touched = bool(self.state.touched)
            self._keys.redraw()

    def _show_value(self) -> None:
        self._value.value_changed()
        self._value_title.renew()
        self._facts.value_changed()

    # -- the cursor ----------------------------------------------------------------------------------------

    def on_virtual_list_moved(self) -> None:
        """Another key is under the cursor."""
        self._keys_title.renew()
        self._select()

    def on_virtual_list_activated(self) -> None:
        """Enter on a key: go to its value."""
        self._value.focus()

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

    def _rested(self) -> None:
        row = self._keys.current
        if row is not None and row.kind in (RowKind.BRANCH, RowKind.LEAF):
            self.post_message(KeySelected(row.key, is_branch=row.kind is RowKind.BRANCH))

    # -- panes ---------------------------------------------------------------------------------------------

    def zoom(self) -> None:
        """Give all the room to the focused pane, or take it back."""
        name = "zoom-value" if self._value.has_focus else "zoom-keys"
        was_on = self.is_zoomed
        self.remove_class("zoom-value", "zoom-keys")
        self.set_class(not was_on, name)

    def overview(self) -> None:
        """Show leases, members and events below the keys, or no more."""
        if self.has_class("-wide") and self.has_class("-tall"):
            self.toggle_class("no-overview")
        else:
            self.post_message(Tell(f"the overview needs {WIDE} columns and {TALL} lines", "warning"))

    def copy_value(self) -> None:
        """The value, to the clipboard."""
        entry = self.state.selection.entry
        self.post_message(Copied(entry.value if entry else None))

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
        if self._value.has_focus:
            self._keys.focus()
            return True
        return super().step_back()
