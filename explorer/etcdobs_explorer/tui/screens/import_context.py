"""Decides how a context is taken over into the configuration: from where, by which name, and what it will be."""

import shlex
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from etcdobs_explorer.model.contexts import Config, Context, Source
from etcdobs_explorer.model.importing import imported
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.widgets.line_input import LineInput
from etcdobs_explorer.tui.widgets.strips import Span, Spans

from .dialog import Dialog
from .new_watch import Words
from .write import Page


class ImportScreen(Dialog[Context]):
    """A form that begins as `typed`: FILE and NAME, either of which may be left out. Without a file it is about `here`,
    the cluster of flags and variables. It ends with the context to be saved, or with None where the reader left it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, here: Context, config: Config, typed: str = "") -> None:
        super().__init__()
        self._here = here
        self._config = config
        file, name = _parts(typed)
        self._file = LineInput(file, placeholder="ETCDCTL_* variables and flags", compact=True, select_on_focus=False)
        self._called = LineInput(name, compact=True, select_on_focus=False)
        self._page = Page(())

    def compose(self) -> ComposeResult:
        """A row for each, and what it amounts to."""
        self._page.can_focus = False
        with Vertical(id="import") as frame:
            frame.border_title = "import a context"
            frame.border_subtitle = "Enter saves · Tab next · Esc cancels"
            yield Horizontal(Words("clientv3 file"), self._file)
            yield Horizontal(Words("Name"), self._called)
            yield self._page

    def on_mount(self) -> None:
        """Begin with what is still to be said."""
        (self._called if self._file.value else self._file).focus()
        self._renew()

    @on(Input.Changed)
    def _renew(self) -> None:
        """What would be written, or what is wrong."""
        try:
            context = self._read()
        except (ModuleNotFoundError, ValueError) as error:
            said = str(error).removeprefix(f"{Path(self._file.value.strip()).expanduser()}: ")
            self._page.show([(), [("✗ ", "bad"), (inert(said, 400), "bad")]])
        else:
            self._called.placeholder = context.name
            self._page.show([(), *self._lines(context)])

    def _read(self) -> Context:
        file, name = self._file.value.strip(), self._called.value.strip()
        return imported(self._here, file, name)

    def _lines(self, context: Context) -> list[Spans]:
        tls = "TLS" if context.uses_tls else "no TLS"
        user: list[Span] = [(" as ", "muted"), (inert(context.user, 60), "accent")] if context.user else []
        lines: list[Spans] = [
            _fact("goes to", [(inert(", ".join(context.endpoints), 200), "text"), *user, (f", {tls}", "muted")]),
            _fact("into", [(inert(str(self._config.path), 300), "text")]),
        ]
        if context.user and context.password.source in (Source.PROMPT, Source.GIVEN):
            lines.append(_fact("password", [("not written: you are asked for it there", "muted")]))
        if context.name in self._config.contexts:
            lines.append([("! ", "warn"), ("takes the place of the one of that name", "warn")])
        return lines

    @on(Input.Submitted)
    def _save(self) -> None:
        """Enter: save it; what is wrong with it is said already."""
        with suppress(ModuleNotFoundError, ValueError):
            self.dismiss(self._read())

    def action_leave(self) -> None:
        """No context after all."""
        self.dismiss(None)


def _fact(name: str, spans: Spans) -> Spans:
    return [(name.ljust(16), "muted"), *spans]


def _parts(typed: str) -> tuple[str, str]:
    """A file and a name as typed: quotes keep spaces together."""
    try:
        file, name, *_ = [*shlex.split(typed), "", ""]
    except ValueError:
        file, name = typed, ""
    return file, name
