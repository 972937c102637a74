"""Decides what the top of the screen says: which cluster, as whom, at which revision, and which views there are."""

from typing import ClassVar

from textual import events

from etcdobs_explorer.model import units
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.messages import ViewChosen
from etcdobs_explorer.tui.resources import RESOURCES

from .bar import Bar
from .strips import Spans, cells_of


class Header(Bar):
    """The line that names the cluster."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"role--text", "role--strong", "role--muted"}

    def __init__(self, state: State) -> None:
        super().__init__(classes=f"context-{state.colour}" if state.colour else None)
        self._state = state

    def spans(self) -> tuple[Spans, Spans]:
        left: Spans = [(" etcdobs ", "badge"), ("  ", "text"), (inert(self._state.context, 60), "strong")]
        right: list[tuple[str, str]] = []
        if self._state.connection.revision:
            right += [("revision ", "muted"), (units.count(self._state.connection.revision), "strong"), (" ", "text")]
        if self._state.past.revision:
            right = [(f" @rev {units.count(self._state.past.revision)} ", "badge-warn"), (" ", "text"), *right]
        if self._state.read_only:
            right += [(" ", "text"), (" RO ", "badge-warn")]
        return left, right


class Tabs(Bar):
    """The line that names the views, the present one marked; a click on a name goes there."""

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current

    def spans(self) -> tuple[Spans, Spans]:
        return [span for _, spans in self._chips() for span in spans], ()

    def _chips(self) -> list[tuple[str, Spans]]:
        chips: list[tuple[str, Spans]] = []
        for resource in RESOURCES:
            is_current = resource.name == self._current
            role = "chip-on" if is_current else "chip"
            number = "chip-on" if is_current else "key"
            chips.append((resource.name, [(f" {resource.key} ", number), (f"{resource.name.capitalize()} ", role)]))
        return chips

    def on_click(self, event: events.Click) -> None:
        """Go to the view whose name was clicked."""
        end = 0
        for name, spans in self._chips():
            end += cells_of(spans)
            if event.x < end:
                self.post_message(ViewChosen(name))
                return
