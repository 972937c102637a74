"""Decides what stands where the value would be, while a directory is looked at: what it holds, and what can be done."""

from collections.abc import Iterator
from typing import NamedTuple

from etcdobs_explorer.model import units
from etcdobs_explorer.model.records import ChildRecord, KeyRevision
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.survey import Contents, contents
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.columns.column import BAR, meter
from etcdobs_explorer.tui.keymap import Keymap
from etcdobs_explorer.tui.verbs import find_verb

from .fact_lines import fact, heading
from .strips import Span, Spans, cells_of

_MOST = 24  # children; those after them are counted
_COUNT = 11  # cells
_NAME = 28  # cells, at most where there is room for more
_READING = (("watch-this", "watch it"), ("search", "search below it"), ("bookmark", "bookmark it"))
_WRITING = (("new", "new key"), ("delete", "delete all of it"), ("rename", "rename"), ("copy-to", "copy"))


class DirectoryLine(NamedTuple):
    """A line, and the child that it is about."""

    spans: Spans
    child: ChildRecord | None = None


def directory_lines(state: State, width: int, keymap: Keymap) -> list[DirectoryLine]:
    """What is known of the directory under the cursor, in lines of `width` cells."""
    selection = state.selection
    held = contents(state.tree.directory(selection.key), selection.survey, _MOST)
    lines = [DirectoryLine(spans) for spans in _facts(state, held)]
    if held.shown:
        lines += [DirectoryLine(()), DirectoryLine(heading("In it")), *_children(state, held, width)]
    may_write = not state.read_only and not state.past.revision
    hints = [(), _hints(state, keymap, _READING), *([_hints(state, keymap, _WRITING)] if may_write else [])]
    return [*lines, *map(DirectoryLine, hints)]


def count_of(state: State) -> int | None:
    """How many keys are below the directory under the cursor: as the tree counts along, else as they were counted."""
    followed = state.tree.count_below(state.selection.key)
    return state.selection.below if followed is None else followed


def _facts(state: State, held: Contents) -> Iterator[Spans]:
    number, found = count_of(state), state.selection.survey
    if number is None:
        yield [("counting…", "muted")]
        return
    parts = f"   {_parts(held)}" if held.is_all and not held.others else ""
    yield [*fact("keys", units.count(number), "strong"), (parts, "muted")]
    if found is not None and found.newest is not None:
        yield _changed("last change", found.newest, found.prefix)
        if found.oldest is not None and found.oldest != found.newest:
            yield _changed("oldest change", found.oldest, found.prefix)


def _parts(held: Contents) -> str:
    directories = held.directories + sum(child.is_branch for child in held.shown)
    keys = held.keys + sum(not child.is_branch for child in held.shown)
    parts = [units.plural(directories, "directory", "directories")] if directories else []
    return " and ".join([*parts, *([f"{units.plural(keys, 'key')} right in it"] if keys else [])])


def _changed(name: str, at: KeyRevision, prefix: bytes) -> Spans:
    key: Span = (inert(at.key[len(prefix) :], 200), "muted")
    return [*fact(name, f"revision {units.count(at.mod_revision)}"), ("   ", "text"), key]


def _children(state: State, held: Contents, width: int) -> Iterator[DirectoryLine]:
    prefix = len(state.selection.key)
    names = [inert(child.key[prefix:] or b"(the key of the directory itself)", 400) for child in held.shown]
    room = max(8, min(max(cells_of([(name, "text")]) for name in names), _NAME, width - _COUNT - BAR - 4))
    total = count_of(state) or 0
    for child in held.shown:
        yield DirectoryLine(_child(child, prefix, room, total, "+" if child.key == held.cut else " "), child)
    left_out = _parts(Contents((), held.directories, held.keys, is_all=True)).removesuffix(" right in it")
    if left_out or held.others:
        yield DirectoryLine([(f"  … {left_out or units.count(held.others)} more", "muted")])
    if not held.is_all:
        is_open = state.tree.directory(state.selection.key).expanded
        then = "loaded yet" if is_open else "read: Enter opens it"
        yield DirectoryLine([(f"  … what else there is was not {then}", "muted")])


def _child(child: ChildRecord, prefix: int, room: int, total: int, more: str) -> Spans:
    name = inert(child.key[prefix:] or b"(the key of the directory itself)", room)
    named: Span = (name, "accent" if child.is_branch else "text")
    if not child.is_branch:
        return [("  ", "text"), named]
    padding = " " * max(0, room - cells_of([named]))
    number = units.count(child.below) if child.below is not None else "?"
    bar = meter(child.below / total) if child.below is not None and total else ""
    return [("  ", "text"), named, (padding + number.rjust(_COUNT) + more + " ", "muted"), (bar, "accent")]


def _hints(state: State, keymap: Keymap, verbs: tuple[tuple[str, str], ...]) -> Spans:
    is_open = state.tree.directory(state.selection.key).expanded
    spans: list[Span] = [("Enter", "key"), (" close it  " if is_open else " open it  ", "muted")]
    spans = spans if verbs is _READING else []
    for name, text in verbs:
        verb = find_verb(name, "keys")
        if verb is not None and (key := keymap.shown(verb)):
            spans += [(key, "key"), (f" {text}  ", "muted")]
    return spans
