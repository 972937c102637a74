"""Decides how the values of two keys are compared in a dialog."""

from typing import ClassVar, TypeAlias

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.widgets.bar import Bar
from etcdobs_explorer.tui.widgets.diff_view import DiffView
from etcdobs_explorer.tui.widgets.strips import Spans

from .dialog import Dialog

Side: TypeAlias = tuple[bytes, bytes | None]
"""The name of a value, and the value; None where there is none."""


class _Names(Bar):
    """What is compared, and how much differs."""

    def __init__(self, before: bytes, after: bytes, view: DiffView) -> None:
        super().__init__(classes="title")
        self._names = (before, after)
        self._view = view

    def spans(self) -> tuple[Spans, Spans]:
        before, after = (inert(name, 200) for name in self._names)
        return [(" ", "text"), (before, "removed"), (" → ", "muted"), (after, "added")], [
            *self._view.summary,
            (" ", "text"),
        ]


class DiffScreen(Dialog[None]):
    """The difference of two values."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", show=False, priority=True)]

    def __init__(self, before: Side, after: Side) -> None:
        super().__init__()
        self._view = DiffView()
        self._values = (before[1], after[1])
        self._names = _Names(before[0], after[0], self._view)

    def compose(self) -> ComposeResult:
        """The names above the difference."""
        with Vertical(id="diff") as frame:
            frame.border_title = "difference"
            frame.border_subtitle = "n N changes · f all lines · Esc closes"
            yield self._names
            yield self._view

    @on(DiffView.Compared)
    def _compared(self) -> None:
        self._names.refresh()

    def on_mount(self) -> None:
        """It can be scrolled at once, and says what differs as soon as that is known."""
        self._view.compare(*self._values)
        self._view.focus()
