"""Decides how a value is shown and walked: a window over its rows, however many they are."""

from functools import partial
from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from etcdobs_explorer.model import units
from etcdobs_explorer.model.changes import Sought
from etcdobs_explorer.model.decode.search import MOST, Match, Search
from etcdobs_explorer.model.state import Selection, State
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.value import Decoded, Hex
from etcdobs_explorer.tui.keymap import keymap_of
from etcdobs_explorer.tui.messages import Changed
from etcdobs_explorer.tui.moves import IN_VALUE, across, rows_of, up_and_down

from .directory_lines import DirectoryLine, directory_lines
from .palette import PaintedScroll
from .strips import Spans, line
from .value_rows import DumpRows, Rows, TextRows

_SLICE = 0.01  # seconds
_SIDEWAYS = 8  # characters


class ValueView(PaintedScroll, can_focus=True):
    """The value under the cursor of the key tree. Its own cursor is seen while it has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *up_and_down(),
        *across("sideways(-1)", "sideways(1)"),
        *(move.binding() for move in IN_VALUE),
        Binding("escape", "leave", "end the search", show=False),
    ]

    class SearchAsked(Message):
        """The reader wants to search within the value."""

    class Found(Message):
        """There are other matches, or the reader is at another."""

    def __init__(self, state: State, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._state = state
        self._directory: list[DirectoryLine] = []
        self._drawn: tuple[Decoded | None, int, bool] = (None, 0, True)
        self._key = b""
        self._rows: Rows | None = None
        self._row = 0
        self._search: Search | None = None
        self._here: int | None = None
        self._goal: Match | None = None

    # -- what is shown -------------------------------------------------------------------------------------

    def value_changed(self) -> None:
        """Draw anew after the selection changed; another key starts at its top."""
        selection = self._state.selection
        if self._key != selection.key:
            self._key = selection.key
            self.end_search()
            self._row = 0
            self.scroll_to(y=0, animate=False, force=True, immediate=True)
        if self._drawn != (selection.decoded, self.size.width, self._state.wraps):
            self._drawn = (selection.decoded, self.size.width, self._state.wraps)
            self._rows = self._measure(selection.decoded)
            self._go_on()
            if self._search is not None:
                self.search(self._search.text, stay=True)
        self._look_into(selection)
        self.refresh()

    def _look_into(self, selection: Selection) -> None:
        """Of a directory there is no value, but something to be said."""
        before, self._directory = len(self._directory), []
        if selection.is_branch and not selection.reason:
            self._directory = directory_lines(self._state, self.size.width - 1, keymap_of(self.app))
        if before != len(self._directory):
            self._resized()

    def on_resize(self) -> None:
        """Lines break elsewhere at another width."""
        self.value_changed()

    def _measure(self, decoded: Decoded | None) -> Rows | None:
        width = max(1, self.size.width - 1)
        if decoded is None:
            return None
        if isinstance(decoded.body, Hex):
            return DumpRows(decoded.body, width)
        return TextRows(decoded.body, width, self._state.wraps) if decoded.body.lines else None

    def _go_on(self) -> None:
        """Work on rows and matches for a while, and go on a little later where that was not all."""
        if self._rows is not None:
            self._rows.advance(_SLICE)
        if self._search is not None and not self._search.is_done:
            self._search.advance(_SLICE)
            self._searched()
        if self._goal is not None:
            self._go_to(self._goal)
        self._resized()
        if not self.is_settled:
            self.set_timer(_SLICE, partial(self._later, self._rows, self._search))

    @property
    def is_settled(self) -> bool:
        """Whether all rows and matches are known."""
        return (self._rows is None or self._rows.is_done) and (self._search is None or self._search.is_done)

    def _later(self, rows: Rows | None, search: Search | None) -> None:
        if (rows, search) == (self._rows, self._search):
            self._go_on()

    def _resized(self) -> None:
        height = self._rows.height if self._rows is not None else len(self._directory)
        self._row = max(0, min(self._row, height - 1))
        self.virtual_size = Size(0, height)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One visible line."""
        row = y + self.scroll_offset.y
        base = self.rich_style
        if self.has_focus and row == self._row and row < self.virtual_size.height:
            base += self.role("cursor")
        return line(self._spans(row, y), self.line_width, self.role, base)

    def _spans(self, row: int, y: int) -> Spans:
        if self._directory:
            return self._directory[row].spans if row < len(self._directory) else ()
        if self._rows is None or self._state.selection.decoded is None:
            return self._notice() if y == 0 else ()
        if row >= self._rows.height:
            return ()
        return self._rows.spans(row, self._search, self.match)

    def _notice(self) -> Spans:
        selection = self._state.selection
        if selection.reason:
            return [("✗ ", "bad"), (inert(selection.reason, 1000), "bad")]
        if selection.missing:
            return [("the key is gone", "warn")]
        if selection.entry is not None and not selection.is_read:
            return [(f"reading {units.size(len(selection.entry.value))}…", "muted")]
        if selection.entry is not None:
            return [("the value is empty", "muted")]
        return [("loading…" if selection.key else "", "muted")]

    # -- search --------------------------------------------------------------------------------------------

    @property
    def match(self) -> Match | None:
        """The match where the reader is."""
        if self._search is None or self._here is None or self._here >= len(self._search.matches):
            return None
        return self._search.matches[self._here]

    @property
    def searched(self) -> str:
        """What is searched for, "" for nothing."""
        return self._search.text if self._search is not None else ""

    @property
    def found(self) -> str:
        """How far the search is: `3 of 17`."""
        if self._search is None:
            return ""
        number = len(self._search.matches)
        total = f"{MOST:,}+" if self._search.is_full else f"{number:,}" + ("" if self._search.is_done else "…")
        if not number:
            return "no match" if self._search.is_done else "searching…"
        return f"{self._here + 1:,} of {total}" if self._here is not None else f"{total} matches"

    def search(self, text: str, *, stay: bool = False) -> None:
        """Mark a text wherever it occurs, and go to where it does first, from the top of the screen on."""
        if not text or self._rows is None:
            self.end_search()
            return
        self._search = self._rows.search(text)
        self._here = self._goal = None
        self._stays = stay
        self._go_on()
        self._searched()

    _stays = False

    def _searched(self) -> None:
        """More of the value was searched: go to the first match once there is one."""
        if self._here is None and self._search is not None and self._rows is not None and not self._stays:
            first = self._search.at_or_after(*self._rows.place(self.scroll_offset.y))
            if first is not None and (first > 0 or self._search.is_done or self.scroll_offset.y == 0):
                self._step_to(first)
        self.post_message(self.Found())

    def end_search(self) -> None:
        """Mark nothing any more."""
        self._search = self._here = self._goal = None
        self.post_message(self.Found())
        self.refresh()

    def action_find(self, step: int) -> None:
        """To the next match, or to the one before."""
        if self._search is None or not self._search.matches:
            self.action_search()
            return
        self._stays = False
        self._step_to(((self._here if self._here is not None else -1) + step) % len(self._search.matches))

    def _step_to(self, index: int) -> None:
        self._here = index
        if self.match is not None:
            self._go_to(self.match)
        self.post_message(self.Found())

    def _go_to(self, match: Match) -> None:
        row = self._rows.row_of(match) if self._rows is not None else None
        self._goal = match if row is None else None
        if row is not None:
            self._resized()
            if (
                not 0 <= row - self.scroll_offset.y < self.size.height - 1
            ):  # not at the edge: with some of what is around
                self.scroll_to(y=max(0, row - self.size.height // 3), animate=False, force=True, immediate=True)
            self._move_to(row)

    def action_search(self) -> None:
        """Ask what to search for."""
        self.post_message(self.SearchAsked())

    def action_leave(self) -> None:
        """End the search; where there is none, Escape is for others."""
        if self._search is None:
            raise SkipAction
        self.end_search()

    # -- the cursor ----------------------------------------------------------------------------------------

    def _move_to(self, row: int) -> None:
        before, self._row = self._row, max(0, min(row, self.virtual_size.height - 1))
        for changed in (before, self._row):
            self.refresh(Region(0, changed - self.scroll_offset.y, self.size.width, 1))
        self.scroll_to_region(Region(0, self._row, 1, 1), animate=False, force=True)

    def _in_sight(self) -> int:
        """The cursor's row, or the nearest in sight where the wheel has moved on."""
        top = self.scroll_offset.y
        return max(top, min(self._row, top + max(0, self.size.height - 1)))

    def action_move(self, step: int) -> None:
        """Move by rows."""
        self._move_to(self._in_sight() + step)

    def action_page(self, step: float) -> None:
        """Move by screens."""
        self._move_to(self._in_sight() + rows_of(step, self.size.height))

    def action_jump(self, index: int) -> None:
        """Move to the first row, or to the last for -1."""
        self._move_to(self.virtual_size.height - 1 if index < 0 else 0)

    def action_sideways(self, step: int) -> None:
        """Scroll to the side, where lines are not wrapped; else out of a part, or into one."""
        if self._rows is None:
            return
        if not self._state.wraps:
            self._rows.left = max(0, self._rows.left + step * _SIDEWAYS)
            self.refresh()
        else:
            at = self._in_sight()
            self._folded(self._rows.leave(at) if step < 0 else self._rows.enter(at))

    def action_fold(self) -> None:
        """Open or close the part that the line under the cursor begins; of a directory, go to the child there."""
        if self._directory:
            child = self._directory[min(self._row, len(self._directory) - 1)].child
            if child is not None:
                self.post_message(Changed(Sought(child.key, child.is_branch)))
            return
        self._folded(self._rows.fold(self._in_sight()) if self._rows is not None else None)

    def _folded(self, row: int | None) -> None:
        if row is not None:
            self._go_on()
            self._move_to(row)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on a row; a click on it folds."""
        row = event.y + self.scroll_offset.y
        if row < self.virtual_size.height:
            is_again = row == self._row and self.has_focus
            self._move_to(row)
            if is_again:
                self.action_fold()

    def on_focus(self) -> None:
        """The cursor is seen with the focus."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor is not seen without it."""
        self.refresh()
