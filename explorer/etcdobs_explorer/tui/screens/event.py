"""Decides how one event is shown: what it changed, line by line, over the log that it stands in."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from etcdobs_explorer.model import units
from etcdobs_explorer.model.inspection import Inspection
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.columns.watch import clock, event_type
from etcdobs_explorer.tui.messages import Copied
from etcdobs_explorer.tui.widgets.bar import Bar
from etcdobs_explorer.tui.widgets.diff_view import DiffView
from etcdobs_explorer.tui.widgets.strips import Span, Spans

from .dialog import Dialog


class _Key(Bar):
    """Whose event it is."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state

    def spans(self) -> tuple[Spans, Spans]:
        seen = self._state.watches.inspection
        return [(" ", "text"), (inert(seen.row.event.key, 1000), "title")] if seen else (), ()


class _Head(Bar):
    """Which event it is, and what it amounts to."""

    def __init__(self, state: State, view: DiffView) -> None:
        super().__init__()
        self._state = state
        self._view = view

    def spans(self) -> tuple[Spans, Spans]:
        seen = self._state.watches.inspection
        if seen is None:
            return (), ()
        event = seen.row.event
        left: list[Span] = [(" ", "text"), *event_type(seen.row, 0.0), ("  ", "text"), *clock(seen.row, 0.0)]
        left += [("  revision ", "muted"), (units.count(event.mod_revision), "text")]
        left += [] if event.is_delete else [("  version ", "muted"), (units.count(event.version), "text")]
        left += [("  lease ", "muted"), (units.hex_id(event.lease), "accent")] if event.lease else []
        return left, [*self._view.summary, (" ", "text")]


class _Note(Bar):
    """What is not shown, or why nothing is."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state

    def spans(self) -> tuple[Spans, Spans]:
        seen = self._state.watches.inspection
        if seen is None or not seen.is_read:
            return [(" reading…", "muted")], ()
        if seen.reason:
            return [(" ✗ ", "bad"), (inert(seen.reason, 300), "bad")], ()
        return [(f" ! {seen.note}", "warn")] if seen.note else (), ()


class EventScreen(Dialog[None]):
    """The event that `state.watches.inspection` names. `[` and `]` ask for its neighbours in the log: `step` makes
    another one the event looked at, so many rows below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "close", show=False),
        Binding("left_square_bracket", "step(-1)", "the event before", show=False),
        Binding("right_square_bracket", "step(1)", "the event after", show=False),
        Binding("y", "copy", "copy the key", show=False),
    ]

    def __init__(self, state: State, step: Callable[[int], object]) -> None:
        super().__init__()
        self._step = step
        self._state = state
        self._view = DiffView()
        self._key = _Key(state)
        self._head = _Head(state, self._view)
        self._note = _Note(state)
        self._shown: Inspection | None = None

    def compose(self) -> ComposeResult:
        """The event above, its difference below."""
        with Vertical(id="event") as frame:
            frame.border_title = "what the event changed"
            frame.border_subtitle = "Enter all lines · [ ] other events · n N changes · Esc closes"
            yield self._key
            yield self._head
            yield self._note
            yield self._view

    def on_mount(self) -> None:
        """Show what is known by now."""
        self._view.focus()
        self.renew()

    def renew(self) -> None:
        """Show the event looked at, if that is another one or more of it is known."""
        seen = self._state.watches.inspection
        if seen is self._shown or seen is None or not self.is_mounted:
            return
        self._shown = seen
        self._view.show(seen.found)
        self._note.display = bool(seen.note or not seen.found)
        self._key.refresh()
        self._head.refresh()
        self._note.refresh()

    def action_step(self, step: int) -> None:
        """Ask for a neighbour."""
        self._step(step)
        self.renew()

    def action_copy(self) -> None:
        """Copy the key, and stay."""
        if self._shown is not None:
            self.post_message(Copied(self._shown.row.event.key))
