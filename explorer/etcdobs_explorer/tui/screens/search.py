"""Decides how all keys of the server are searched: what for, how far it is, what was found, and where to go from it."""

import time
from collections.abc import Hashable, Iterator, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input

from etcdobs_explorer.model import units
from etcdobs_explorer.model.search import Hit, Phase, Query, Search
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.messages import Work
from etcdobs_explorer.tui.widgets.bar import Bar
from etcdobs_explorer.tui.widgets.choice import Choice
from etcdobs_explorer.tui.widgets.line_input import LineInput
from etcdobs_explorer.tui.widgets.strips import Span, Spans, caption
from etcdobs_explorer.tui.widgets.virtual_list import VirtualList

from .dialog import Dialog

_HZ = 15
_BAR = 20  # cells


class HitList(VirtualList):
    """What was found, a row each."""

    def __init__(self, state: State) -> None:
        super().__init__(id="hits")
        self._state = state

    @property
    def hits(self) -> Sequence[Hit]:
        """What was found, as far as it is listed."""
        return self._state.search.hits

    def row_count(self) -> int:
        return len(self.hits)

    def identity(self, index: int) -> Hashable:
        return self.hits[index].key

    def find(self, identity: Hashable) -> int | None:
        if self.cursor < len(self.hits) and self.hits[self.cursor].key == identity:
            return self.cursor
        return next((n for n, hit in enumerate(self.hits) if hit.key == identity), None)

    def empty_spans(self) -> Spans:
        if self._state.search.phase in (Phase.DONE, Phase.STOPPED):
            return [("  nothing found", "muted")]
        return ()

    def row_spans(self, index: int) -> Spans:
        hit = self.hits[index]
        key: Span = (inert(hit.key, self.size.width), "text")
        return (
            [(" ", "text"), key, ("  ", "text"), (inert(hit.head, 60), "muted")] if hit.head else [(" ", "text"), key]
        )


class Progress(Bar):
    """How far the search is, or how it ended."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self.problem = ""

    def spans(self) -> tuple[Spans, Spans]:
        if self.problem:
            return [(f"✗ {self.problem}", "bad")], ()
        search = self._state.search
        if search.phase is Phase.IDLE:
            return [("Enter searches all keys on the server", "muted")], ()
        why: Spans = [(" · ", "muted"), (inert(search.reason, 200), "bad")] if search.reason else []
        again: Spans = [(" · ", "muted"), ("Enter", "key"), (" tries again", "muted")]
        why = [*why, *again] if search.phase is Phase.FAILED else why
        return [*self._phase(search), *self._found(search), *why], [(f"{self._seconds(search):.1f} s", "muted")]

    def _phase(self, search: Search) -> Spans:
        seen = units.plural(search.seen, "key")
        if search.phase is Phase.FAILED:
            return [("✗ failed ", "bad"), (f"after {seen}", "text")]
        if search.phase is Phase.RUNNING:
            of = f" of {units.count(search.total)}" if search.total is not None else ""
            done = min(_BAR, _BAR * search.seen // search.total) if search.total else 0
            bar: Spans = [("━" * done, "accent"), ("─" * (_BAR - done), "muted")]
            return [*bar, (f" {units.count(search.seen)}{of}", "text")]
        stopped = search.phase is Phase.STOPPED
        return [("stopped after " if stopped else "searched ", "warn" if stopped else "good"), (seen, "text")]

    def _found(self, search: Search) -> Spans:
        hits = units.plural(len(search.hits) + search.left_out, "hit")
        out = f", {units.count(search.left_out)} of them not listed" if search.left_out else ""
        return [(" · ", "muted"), (hits, "strong"), (out, "warn")]

    def _seconds(self, search: Search) -> float:
        return (search.ended or time.monotonic()) - search.began


class SearchScreen(Dialog[bytes]):
    """A search below `root`, or below the directory the reader is in. It ends with the key to go to, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("down", "down", show=False),
        Binding("up", "up", show=False),
        Binding("slash", "focus_line", show=False),
    ]

    def __init__(self, state: State, root: bytes, below: bytes, text: str = "") -> None:
        super().__init__()
        self._state = state
        self._prefixes = (root, below) if below != root else (root,)
        self._at_once = text
        self._line = LineInput(text or state.search.query.text, placeholder="text, /regex/, !text", compact=True)
        self._what = Choice(("keys", "keys and values"), int(state.search.query.values))
        self._where = Choice([_place(prefix) for prefix in self._prefixes])
        self._progress = Progress(state)
        self._hits = HitList(state)
        self._shown: Search | None = None

    def compose(self) -> ComposeResult:
        """What to look for and where above, what was found below."""
        with Vertical(id="search") as frame:
            self._frame = frame
            frame.border_title = "search on the server"
            yield from self._rows()
            yield self._progress
            yield self._hits

    def _rows(self) -> Iterator[Widget]:
        yield self._line
        with Horizontal():
            yield self._what
            yield self._where

    def on_mount(self) -> None:
        """Begin to type, and follow the search."""
        self._line.focus()
        if self._at_once:
            self._begin()
        self._renew()
        self.set_interval(1 / _HZ, self._renew)

    def _renew(self) -> None:
        search = self._state.search
        if search is not self._shown:
            self._shown = search
            self._hits.rows_changed()
            ends = "Esc stops" if search.phase is Phase.RUNNING else "Esc closes"
            self._frame.border_subtitle = caption(f"Enter searches, on a hit goes there · Tab next · {ends}")
        self._progress.renew()

    @on(Input.Submitted)
    def _begin(self) -> None:
        prefix = self._prefixes[self._where.chosen]
        query = Query(self._line.value, prefix, values=self._what.chosen == 1)
        self._progress.problem = query.problem
        self._progress.renew()
        if not query.problem:
            self.post_message(Work("search", lambda feeds: feeds.keys.search(query)))

    def on_virtual_list_activated(self) -> None:
        """Enter on a hit: go there."""
        if self._hits.hits:
            self.dismiss(self._hits.hits[self._hits.cursor].key)

    def action_down(self) -> None:
        """From the line to what was found."""
        self._hits.focus()

    def action_up(self) -> None:
        """Back to the line."""
        self._line.focus()

    def action_focus_line(self) -> None:
        """Search for something else."""
        self._line.focus()

    def action_leave(self) -> None:
        """Stop a search that is under way; else close."""
        if self._state.search.phase is Phase.RUNNING:
            self.post_message(Work("search", lambda feeds: feeds.keys.stop_search()))
        else:
            self.dismiss(None)


def _place(prefix: bytes) -> str:
    return f"below {inert(prefix, 40).plain}" if prefix else "everywhere"
