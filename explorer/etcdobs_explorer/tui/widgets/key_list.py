"""Decides how the key tree looks and how the reader walks it; what the tree holds is the model's affair."""

import time
from collections.abc import Hashable, Sequence
from typing import ClassVar

from rich.style import Style
from textual.binding import BindingType
from textual.strip import Strip

from etcdobs_explorer.model import units
from etcdobs_explorer.model.directory import Loading
from etcdobs_explorer.model.key_tree import DEEPEST, Row, RowKind
from etcdobs_explorer.model.kubernetes import ObjectFacts
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.messages import DirectoryOpened, RootChosen, Work
from etcdobs_explorer.tui.moves import across

from .object_columns import columned
from .strips import Spans, two_sided
from .virtual_list import VirtualList

_SLICE = 0.01  # seconds
FRESH_SECONDS = 2.0  # how long a changed key stands out
_ROOM = 20  # cells that a reason has at least
_SPACE, _TILDE = 0x20, 0x7E  # bytes between them take one cell each


class KeyList(VirtualList):
    """The visible rows of the key tree."""

    BINDINGS: ClassVar[list[BindingType]] = across("close", "open")

    def __init__(self, state: State, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._state = state
        self._stirred: dict[bytes, float] = {}
        self._is_sifting = False

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        rows = self._state.tree.rows
        return rows[self.cursor] if self.cursor < len(rows) else None

    def rows_changed(self) -> None:
        stirred = self._state.tree.stirred
        if stirred:
            now = time.monotonic()
            self._stirred = {key: at for key, at in self._stirred.items() if now - at < FRESH_SECONDS}
            self._stirred.update(dict.fromkeys(stirred, now))
            stirred.clear()
        super().rows_changed()
        if self._state.tree.is_sifting and not self._is_sifting:
            self._is_sifting = True
            self.set_timer(_SLICE, self._sift)

    def _sift(self) -> None:
        """The filter of a large directory finds more of it now and then, and the reader can go on meanwhile."""
        self._is_sifting = False
        self._state.tree.sift(_SLICE)
        self.rows_changed()
        self.post_message(self.Moved())

    def _remember(self) -> None:
        """Not what is under the cursor because what was there has yet to be found."""
        if not self._state.tree.is_sifting:
            super()._remember()

    def visible_rows(self) -> Sequence[Row]:
        """The rows in sight."""
        return [self._state.tree.rows[index] for index in self.visible_range()]

    def row_count(self) -> int:
        return len(self._state.tree.rows)

    def identity(self, index: int) -> Hashable:
        return self._state.tree.rows[index].identity

    def find(self, identity: Hashable) -> int | None:
        return self._state.tree.index_of(identity)  # type: ignore[arg-type]

    def empty_spans(self) -> Spans:
        if self._state.tree.filter:
            found = "  looking…" if self._state.tree.is_sifting else "  no loaded key matches the filter"
            return [(found, "muted")]
        top = self._state.tree.directory(self._state.tree.root)
        return [("  no keys" if top.loading is Loading.DONE else "  loading…", "muted")]

    # -- how a row looks -----------------------------------------------------------------------------------

    def row_strip(self, index: int, base: Style) -> Strip:
        """A row: the name, and at the right what is known of it."""
        row = self._state.tree.rows[index]
        facts = self._state.objects.of(row.key) if row.kind is RowKind.LEAF else None
        if facts is not None:
            return self._object_strip(index, facts, base)
        return two_sided(self.row_spans(index), self._below(row), self.line_width, self.role, base)

    def _object_strip(self, index: int, facts: ObjectFacts, base: Style) -> Strip:
        """The key, then its object in columns."""
        width = self.line_width
        return columned(lambda room: self.row_spans(index, room), lambda each: each.text(facts), width, self.role, base)

    def row_spans(self, index: int, room: int | None = None) -> Spans:
        """What names a row, in `room` cells where the columns leave no more."""
        row = self._state.tree.rows[index]
        indent = "  " * min(row.depth, max(1, self.size.width // 6))
        match row.kind:
            case RowKind.BRANCH:
                return self._branch(indent, row)
            case RowKind.LEAF:
                return self._leaf(indent, row, (self.line_width if room is None else room) - len(indent) - 2)
            case RowKind.LOADING:
                return [(f"{indent}  loading…", "muted")]
            case RowKind.FAILED:
                return self._failed(indent, row)
            case RowKind.EARLIER:
                return [(f"{indent}… ", "accent"), ("others come before: Enter loads them", "muted")]
            case RowKind.MORE:
                return [(f"{indent}… ", "accent"), (self._more(row), "muted")]

    def _branch(self, indent: str, row: Row) -> Spans:
        arrow = "▾" if self._state.tree.directory(row.key).expanded else "▸"
        name = inert(row.name, self.size.width)
        role = "fresh" if self._is_fresh(self._stirred.get(row.key)) else "accent"
        separator = inert(self._state.separator) if row.key.endswith(self._state.separator) else ""
        return [(f"{indent}{arrow} ", "muted"), (name, role), (separator, "muted" if row.name else role)]

    def _leaf(self, indent: str, row: Row, room: int) -> Spans:
        if not row.name:
            return [(f"{indent}  ", "text"), ("(the key of the directory itself)", "muted")]
        is_fresh = self._is_fresh(self._state.touched.get(row.key))
        is_marked = row.key in self._state.bookmarks
        mark = ("• ", "fresh") if is_fresh else ("★ ", "key") if is_marked else ("  ", "text")
        return [(indent, "text"), mark, *_name(row.name, room, "fresh" if is_fresh else "text")]

    def _is_fresh(self, changed: float | None) -> bool:
        return changed is not None and time.monotonic() - changed < FRESH_SECONDS

    def _failed(self, indent: str, row: Row) -> Spans:
        restricted = self._state.tree.directory(row.key).restricted
        again = "  T goes back to now" if self._state.past.revision else "  r tries again"
        then = "  · your roles let you read:" if restricted else again
        room = max(_ROOM, self.line_width - len(indent) - len(then) - 3)
        return [(f"{indent}✗ ", "bad"), (inert(row.name, room), "bad"), (then, "muted")]

    def _more(self, row: Row) -> str:
        directory = self._state.tree.directory(row.key)
        shown = units.count(len(directory.children))
        total = f" of {units.plural(directory.total, 'key')} below" if directory.total is not None else ""
        return f"{shown} shown{total}: Enter loads more"

    def _below(self, row: Row) -> Spans:
        if row.kind is not RowKind.BRANCH:
            return ()
        number = self._state.tree.count_below(row.key)
        mark = "★" if row.key in self._state.bookmarks else ""
        return [(f" {mark}", "key"), ("" if number is None else f" {units.count(number)}", "muted"), (" ", "text")]

    # -- what the reader does ------------------------------------------------------------------------------

    def action_activate(self) -> None:
        """Enter: open or close a directory, load more, or show the value."""
        row = self.current
        if row is None:
            return
        match row.kind:
            case RowKind.BRANCH if self._state.tree.directory(row.key).expanded:
                self._collapse(row)
            case RowKind.BRANCH:
                self._expand(row)
            case RowKind.MORE | RowKind.EARLIER:
                self._load(row)
            case RowKind.FAILED:
                self.post_message(DirectoryOpened(row.key))
            case _:
                super().action_activate()

    def action_open(self) -> None:
        """Right: open a directory, or step into an open one."""
        row = self.current
        if row is not None and row.kind is RowKind.BRANCH:
            if self._state.tree.directory(row.key).expanded:
                self.cursor += 1
            else:
                self._expand(row)

    def action_close(self) -> None:
        """Left: close an open directory, else go up to the one that holds the row."""
        row = self.current
        if row is None:
            return
        if row.kind is RowKind.BRANCH and self._state.tree.directory(row.key).expanded:
            self._collapse(row)
        elif (parent := self._state.tree.parent_index(self.cursor)) is not None:
            self.cursor = parent

    def _load(self, row: Row) -> None:
        """More of a directory, after what is held of it or before."""
        held, prefix, separator = self._state.tree.directory(row.key).children, row.key, self._state.separator
        if not held:
            self.post_message(DirectoryOpened(prefix))
        elif row.kind is RowKind.MORE:
            size, last = len(held), held[-1]
            self.post_message(
                Work(f"load {prefix!r}", lambda feeds: feeds.keys.load_more(prefix, separator, last, size))
            )
        else:
            first = held[0]
            self.post_message(Work(f"load {prefix!r}", lambda feeds: feeds.keys.load_earlier(prefix, separator, first)))

    def _expand(self, row: Row) -> None:
        if row.depth >= DEEPEST - 1:
            self.post_message(RootChosen(row.key))
            return
        if self._state.tree.expand(row.key):
            self.post_message(DirectoryOpened(row.key))
        self.rows_changed()

    def _collapse(self, row: Row) -> None:
        self._state.tree.collapse(row.key)
        self.rows_changed()


def _name(name: bytes, room: int, role: str) -> Spans:
    """A name in `room` cells. What does not fit is left out in the middle: siblings often differ at the end only."""
    if len(name) <= room or room < 3 or not all(_SPACE <= byte <= _TILDE for byte in name):
        return [(inert(name, max(room + 1, 1)), role)]
    head, tail = name[: room // 2], name[len(name) - (room - room // 2 - 1) :]
    return [(inert(head), role), ("…", "muted"), (inert(tail), role)]
