"""Decides how the key tree looks and how the reader walks it; what the tree holds is the model's affair."""

import time
from collections.abc import Hashable
from typing import ClassVar

from textual.binding import Binding, BindingType

from etcdobs_explorer.model import units
from etcdobs_explorer.model.key_tree import Row, RowKind
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.messages import DirectoryOpened

from .strips import Spans
from .virtual_list import VirtualList

FRESH_SECONDS = 2.0  # how long a changed key stands out


class KeyList(VirtualList):
    """The visible rows of the key tree."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "open", "expand", show=False),
        Binding("left,h", "close", "collapse, or up to the directory", show=False),
    ]

    def __init__(self, state: State, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._state = state

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        rows = self._state.tree.rows
        return rows[self.cursor] if self.cursor < len(rows) else None

    def row_count(self) -> int:
        return len(self._state.tree.rows)

    def identity(self, index: int) -> Hashable:
        return self._state.tree.rows[index].identity

    def find(self, identity: Hashable) -> int | None:
        rows = self._state.tree.rows
        if self.cursor < len(rows) and rows[self.cursor].identity == identity:
            return self.cursor
        return self._state.tree.index_of(identity)  # type: ignore[arg-type]

    def empty_spans(self) -> Spans:
        if self._state.tree.filter:
            return [("  no loaded key matches the filter", "muted")]
        return [("  no keys", "muted")]

    def row_spans(self, index: int) -> Spans:
        row = self._state.tree.rows[index]
        indent = "  " * min(row.depth, max(1, self.size.width // 6))
        match row.kind:
            case RowKind.BRANCH:
                return self._branch(indent, row)
            case RowKind.LEAF:
                return self._leaf(indent, row)
            case RowKind.LOADING:
                return [(f"{indent}  loading…", "muted")]
            case RowKind.FAILED:
                return [(f"{indent}✗ ", "bad"), (inert(row.name, 400), "bad"), ("  r tries again", "muted")]
            case RowKind.MORE:
                return [(f"{indent}… ", "accent"), (self._more(row), "muted")]

    def _branch(self, indent: str, row: Row) -> Spans:
        arrow = "▾" if self._state.tree.directory(row.key).expanded else "▸"
        name = inert(row.name, self.size.width)
        return [(f"{indent}{arrow} ", "muted"), (name, "accent"), (inert(self._state.separator), "muted")]

    def _leaf(self, indent: str, row: Row) -> Spans:
        if not row.name:
            return [(f"{indent}  ", "text"), ("(the key of the directory itself)", "muted")]
        changed = self._state.touched.get(row.key)
        is_fresh = changed is not None and time.monotonic() - changed < FRESH_SECONDS
        mark = ("• ", "fresh") if is_fresh else ("  ", "text")
        return [(indent, "text"), mark, (inert(row.name, self.size.width), "fresh" if is_fresh else "text")]

    def _more(self, row: Row) -> str:
        directory = self._state.tree.directory(row.key)
        shown = units.count(len(directory.children))
        total = f" of {units.plural(directory.total, 'key')} below" if directory.total is not None else ""
        return f"{shown} shown{total}: Enter loads more"

    def action_activate(self) -> None:
        """Enter: open or close a directory, load more, or show the value."""
        row = self.current
        if row is None:
            return
        if row.kind is RowKind.BRANCH and self._state.tree.directory(row.key).expanded:
            self._collapse(row)
        elif row.kind is RowKind.BRANCH:
            self._expand(row)
        elif row.kind is RowKind.MORE:
            self.post_message(DirectoryOpened(row.key, more=True))
        elif row.kind is RowKind.FAILED:
            self.post_message(DirectoryOpened(row.key))
        else:
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

    def _expand(self, row: Row) -> None:
        if self._state.tree.expand(row.key):
            self.post_message(DirectoryOpened(row.key))
        self.rows_changed()

    def _collapse(self, row: Row) -> None:
        self._state.tree.collapse(row.key)
        self.rows_changed()
