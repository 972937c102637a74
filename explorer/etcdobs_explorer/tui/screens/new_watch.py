"""Decides how a watch is asked for: a key or a prefix, from which revision on, which events, and the etcdctl line."""

from collections.abc import Iterator
from contextlib import suppress
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from etcdobs_explorer.model import etcdctl
from etcdobs_explorer.model.watches import WatchSpec
from etcdobs_explorer.model.writes.draft import DraftError, draft
from etcdobs_explorer.tui.widgets.choice import Choice
from etcdobs_explorer.tui.widgets.line_input import LineInput
from etcdobs_explorer.tui.widgets.palette import Painted
from etcdobs_explorer.tui.widgets.strips import Spans, line

from .dialog import Dialog

_KINDS = ((True, True), (True, False), (False, True))


class Words(Painted):
    """A line of the explorer's own."""

    def __init__(self, text: str = "", role: str = "muted", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._spans: Spans = [(text, role)]

    def say(self, text: str, role: str = "muted") -> None:
        """Say something else."""
        self._spans = [(text, role)]
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The only line."""
        return line(self._spans, self.size.width, self.role, self.rich_style)


class NewWatchScreen(Dialog[WatchSpec]):
    """A form that begins as `spec`. It ends with what to watch, or with None where the reader left it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("enter", "start", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, spec: WatchSpec) -> None:
        super().__init__()
        self._draft = draft(spec.key)
        start = str(spec.start_revision) if spec.start_revision else ""
        self._key = LineInput(self._draft.text, placeholder="every key", compact=True, select_on_focus=False)
        self._revision = LineInput(start, placeholder="now", compact=True, restrict="[0-9]*", select_on_focus=False)
        self._below = Choice(("all keys that start so", "this key alone"), 0 if spec.is_prefix else 1)
        self._kinds = Choice(("all", "puts", "deletes"), _KINDS.index((spec.puts, spec.deletes)))
        self._note = Words(id="note")

    def compose(self) -> ComposeResult:
        """A row for each, and what it amounts to."""
        with Vertical(id="new-watch") as frame:
            frame.border_title = "new watch"
            frame.border_subtitle = "Enter starts · Tab next · Esc cancels"
            yield from self._rows()
            yield Words()
            yield self._note

    def _rows(self) -> Iterator[Widget]:
        yield Horizontal(Words("Key or prefix"), self._key)
        yield Horizontal(Words("Watch"), self._below)
        yield Horizontal(Words("From revision"), self._revision)
        yield Horizontal(Words("Events"), self._kinds)

    def on_mount(self) -> None:
        """Begin with the key, at its end."""
        self._key.focus()
        self._key.cursor_position = len(self._key.value)
        self._renew()

    @on(Input.Changed)
    @on(Choice.Changed)
    def _renew(self) -> None:
        """The etcdctl line, or what is wrong."""
        try:
            spec = self._read()
        except ValueError as error:
            self._note.say(f"✗ {error}", "bad")
        else:
            self._note.say(_line(spec))

    def _read(self) -> WatchSpec:
        try:
            key = self._draft.read(self._key.value)
        except DraftError as error:
            raise ValueError(str(error)) from None
        is_prefix = self._below.chosen == 0
        if not key and not is_prefix:
            raise ValueError("a key has at least one byte")
        start = int(self._revision.value or 0)
        if start >= 2**63:
            raise ValueError("a revision is less than 2^63")
        return WatchSpec(key, is_prefix, start, *_KINDS[self._kinds.chosen])

    @on(Input.Submitted)
    def action_start(self) -> None:
        """Enter: watch it; what is wrong with it is said already."""
        with suppress(ValueError):
            self.dismiss(self._read())

    def action_leave(self) -> None:
        """No watch after all."""
        self.dismiss(None)


def _line(spec: WatchSpec) -> str:
    """The same with etcdctl, which cannot leave out puts or deletes."""
    end = etcdctl.prefix_end(spec.key) if spec.is_prefix else b""
    return etcdctl.watch(spec.key, end, revision=spec.start_revision)
