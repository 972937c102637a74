"""Decides what stands above a pane: what is in it and how much, lit where the pane has the focus."""

import time
from typing import Any

from etcdobs_explorer.model import units
from etcdobs_explorer.model.filter import Filter
from etcdobs_explorer.model.key_tree import RowKind
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.resources import Resource

from .bar import Bar
from .directory_lines import count_of
from .key_list import KeyList
from .strips import Spans


def _filter(found: Filter) -> Spans:
    if found.error:
        return [("  filter ", "muted"), (found.text, "strong"), (f"  {found.error}", "bad")]
    return [("  filter ", "muted"), (found.text, "strong")] if found else []


def _stale(state: State) -> Spans:
    return [(" stale ", "badge-warn"), (" ", "text")] if state.connection.is_stale else []


class TableTitle(Bar):
    """The title of a table; in the overview, where `numbered`, with the key that opens it in full."""

    def __init__(self, resource: Resource[Any], state: State, *, numbered: bool = False) -> None:
        super().__init__(classes="title")
        self._leading: Spans = [(f" {resource.key}", "key")] if numbered else []
        self._resource = resource
        self._state = state

    def spans(self) -> tuple[Spans, Spans]:
        held = self._resource.source(self._state).filter
        name: Spans = [(f" {self._resource.name.capitalize()}", "title"), *self._resource.subtitle(self._state)]
        left: Spans = [*self._leading, *name, *_filter(held)]
        right = [*_stale(self._state), *self._resource.title(self._state, time.monotonic()), (" ", "text")]
        return left, right


class KeysTitle(Bar):
    """The title of the key tree: the way to the key under the cursor."""

    def __init__(self, resource: Resource[Any], state: State, keys: KeyList) -> None:
        super().__init__(classes="title")
        self._resource = resource
        self._state = state
        self._keys = keys

    def spans(self) -> tuple[Spans, Spans]:
        tree = self._state.tree
        right = [*_stale(self._state), *self._resource.title(self._state, time.monotonic()), (" ", "text")]
        row = self._keys.current
        left: list[Any] = [(" ", "text")]
        if row is not None and row.kind in (RowKind.BRANCH, RowKind.LEAF):
            left += self._breadcrumb(row.key)
        else:
            left.append(("Keys", "title"))
        return [*left, *_filter(tree.filter)], () if tree.filter.error else right

    def _breadcrumb(self, key: bytes) -> Spans:
        room = max(20, self.size.width - 30)
        shown = key if len(key) <= room else key[-room:]
        *above, last = self._state.tree.segments(shown.removesuffix(self._state.separator) or shown)
        spans: list[Any] = [] if shown is key else [("…", "muted")]
        for segment in above:
            spans += [(inert(segment), "muted"), (inert(self._state.separator), "punctuation")]
        return [*spans, (inert(last), "title")]


class ValueTitle(Bar):
    """The title of the value pane: how its value is read, and how else it can be."""

    def __init__(self, state: State) -> None:
        super().__init__(classes="title")
        self._state = state

    def spans(self) -> tuple[Spans, Spans]:
        selection = self._state.selection
        if selection.is_branch:
            number = count_of(self._state)
            below = units.plural(number, "key") + " below " if number is not None else ""
            return [(" Directory", "title")], [*_stale(self._state), (below, "muted")]
        left: list[Any] = [(" Value", "title"), ("  ", "text")]
        if selection.entry is not None and selection.entry.serializable:
            left += [(" no quorum ", "badge-warn"), (" ", "text")]
        if selection.missing and selection.entry is not None:
            left += [(" deleted ", "badge-warn"), (" ", "text")]
        if selection.decoded is not None and selection.decoded.is_secret:
            left.append((" revealed ", "badge-warn") if selection.asked.reveal else (" covered: s ", "badge"))
        return left, [*_stale(self._state), *self._forms()]

    def _forms(self) -> Spans:
        """The form that is shown, then the others, as far as there is room; `as` says that the reader chose it."""
        selection = self._state.selection
        if selection.entry is None or selection.decoded is None:
            return []
        if not selection.is_read:
            return [("reading… ", "muted")]
        decoded = selection.decoded
        shown: list[Any] = [("as ", "muted")] if selection.asked.form == decoded.form else []
        shown.append((f"{decoded.format} ", "accent"))
        others = [name for name in selection.forms if name != decoded.form]
        if not others:
            return shown
        listed = "  ".join(others)
        if len(decoded.format) + len(listed) > self.size.width - 24:
            listed = units.plural(len(others), "other form")
        return [*shown, (" x ", "key"), (f"{listed} ", "muted")]
