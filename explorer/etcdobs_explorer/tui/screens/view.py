"""Decides what every view has around its body, and that it draws only what changed and only while it is in sight."""

from collections.abc import Iterable, Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget

from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.containment import Contained
from etcdobs_explorer.tui.resources import Resource
from etcdobs_explorer.tui.widgets.banner import Banner
from etcdobs_explorer.tui.widgets.header import Header, Tabs
from etcdobs_explorer.tui.widgets.key_bar import KeyBar
from etcdobs_explorer.tui.widgets.prompt import Prompt
from etcdobs_explorer.tui.widgets.status_line import StatusLine

WIDE = 110  # columns from which on panes stand side by side
TALL = 34  # lines from which on there is room for an overview below


class ViewScreen(Contained, Screen[None]):
    """A view of one resource."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 - declared so by Screen
    VERTICAL_BREAKPOINTS = [(0, "-short"), (TALL, "-tall")]  # noqa: RUF012 - likewise

    def __init__(self, resource: Resource[Any], state: State) -> None:
        super().__init__()
        self.resource = resource
        self.state = state
        self._header = Header(state)
        self._banner = Banner(state)
        self._tabs = Tabs(resource.name)
        self._status = StatusLine(state)
        self._key_bar = KeyBar(resource.name, may_write=not state.read_only)
        self.prompt = Prompt(resource.name)

    def compose(self) -> ComposeResult:
        """Header, tabs and what is wrong above the body, status and keys below."""
        yield self._header
        yield self._tabs
        yield self._banner
        with Container(id="body"):
            yield from self.body()
        yield self._status
        yield self._key_bar
        yield self.prompt

    def body(self) -> Iterable[Widget]:
        """The view's own widgets."""
        return ()

    def main(self) -> Widget:
        """What has the focus at first and after the prompt."""
        raise NotImplementedError

    def show(self, topics: frozenset[Topic]) -> None:
        """Draw again what news is about."""
        if Topic.STATUS in topics or Topic.LOG in topics:
            self._header.renew()
            self._tell_status()

    def tick(self) -> None:
        """Draw again what changes with time alone."""
        self._tell_status()

    def _tell_status(self) -> None:
        self._status.status_changed()
        self._banner.troubles_changed()

    def in_sight(self) -> Sequence[str]:
        """The names of the resources that are shown."""
        return (self.resource.name,)

    def visible_rows(self, name: str) -> Sequence[Any]:
        """The rows of a resource that are shown."""
        return ()

    def current(self) -> Any:
        """The row under the cursor."""
        return None

    def on_screen_resume(self) -> None:
        """Draw everything: news came while another view was in sight."""
        self.show(frozenset(Topic))

    # -- the prompt ----------------------------------------------------------------------------------------

    def ask(self, kind: str) -> None:
        """Show the prompt; a filter starts as it is."""
        held = self.resource.source(self.state).filter.text
        self._key_bar.display = False
        self.prompt.ask(kind, held if kind == "/" else "")

    def answered(self) -> None:
        """Put the prompt away."""
        self.prompt.hide()
        self._key_bar.display = True
        self.main().focus()

    def filter(self, text: str) -> None:
        """Show only rows that pass."""
        self.resource.source(self.state).set_filter(text)
        self.show(frozenset((self.resource.topic,)))

    def step_back(self) -> bool:
        """Undo the last step within the view; False where there is none."""
        if self.prompt.is_shown:
            self.answered()
            return True
        if self.resource.source(self.state).filter.text:
            self.filter("")
            return True
        return False
