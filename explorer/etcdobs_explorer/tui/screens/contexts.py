"""Decides how a context is chosen: all of the configuration, each with what tells it from the others."""

from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from etcdobs_explorer.model.contexts import Config, Context
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.widgets.sheet import Sheet
from etcdobs_explorer.tui.widgets.strips import Span, Spans
from etcdobs_explorer.tui.widgets.virtual_list import VirtualList

from .dialog import Dialog

IMPORT = "import"


class ContextList(VirtualList):
    """The contexts, a row each."""

    def __init__(self, contexts: Sequence[Context], current: str) -> None:
        super().__init__(id="contexts")
        self._contexts = contexts
        self._in_use = current
        self._name_width = max(len(context.name) for context in contexts)

    @property
    def chosen(self) -> Context:
        """The context under the cursor."""
        return self._contexts[self.cursor]

    def on_mount(self) -> None:
        """Begin on the one in use."""
        self.rows_changed()
        self.cursor = self.find(self._in_use) or 0

    def row_count(self) -> int:
        return len(self._contexts)

    def identity(self, index: int) -> Hashable:
        return self._contexts[index].name

    def find(self, identity: Hashable) -> int | None:
        return next((n for n, context in enumerate(self._contexts) if context.name == identity), None)

    def row_spans(self, index: int) -> Spans:
        context = self._contexts[index]
        mark: Span = ("● ", "good") if context.name == self._in_use else ("  ", "text")
        name: Span = (
            inert(context.name.ljust(self._name_width)),
            f"context-{context.colour}" if context.colour else "strong",
        )
        user: Sequence[Span] = [(inert(context.user, 20), "accent"), ("@", "muted")] if context.user else []
        where: Span = (inert(",".join(context.endpoints), 60), "text")
        badge: Sequence[Span] = [(" ", "text"), (" RO ", "badge-warn")] if context.read_only else []
        return [mark, name, ("  ", "text"), *user, where, *badge]


class ContextsScreen(Dialog[Context | str | None]):
    """Chooses a context; IMPORT: wants another one added; None: stays."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,C", "dismiss(None)", "close", show=False),
        Binding("i", f"dismiss('{IMPORT}')", "import", show=False),
    ]

    def __init__(self, config: Config, current: str) -> None:
        super().__init__()
        self._offered = config
        self._in_use = current

    def compose(self) -> ComposeResult:
        """The list in a frame, and what is wrong with the file below it."""
        contexts = ContextList(list(self._offered.contexts.values()), self._in_use)
        contexts.styles.height = min(15, contexts.row_count())
        frame = Vertical(contexts, *self._notes(), classes="dialog wide")
        frame.border_title = "contexts"
        frame.border_subtitle = "Enter goes there · i imports another · Esc stays"
        yield frame

    def _notes(self) -> list[Sheet]:
        where = str(self._offered.path or "nowhere")
        lines: list[Spans] = [(), [("from ", "muted"), (inert(where), "muted")]]
        lines += [[("✗ ", "bad"), (inert(str(problem)), "warn")] for problem in self._offered.problems]
        sheet = Sheet(lines)
        sheet.can_focus = False
        sheet.styles.height = len(lines)
        return [sheet]

    def on_virtual_list_activated(self) -> None:
        """Enter: go there."""
        self.dismiss(self.query_one(ContextList).chosen)
