"""Decides how the keys below a prefix are shown as a tree that folds, and what of it is not read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from etcdobs_explorer.model import units
from etcdobs_explorer.notebook import frames
from etcdobs_explorer.notebook.blocks import Block, Cell, Node, Note, Tone, Toned, Tree
from etcdobs_explorer.notebook.frames import Column
from etcdobs_explorer.notebook.limits import Limits

from .result import Framed


@dataclass(frozen=True, slots=True)
class Branch:
    """A directory or a key. `children` are those that were read, `more` says that there are others."""

    name: bytes
    key: bytes
    is_branch: bool
    count: int | None = None
    children: tuple["Branch", ...] = ()
    more: bool = False
    is_read: bool = False


class KeyTree(Framed):
    """The directories and keys below a prefix, as far down as was asked for."""

    def __init__(
        self, root: Branch, limits: Limits, *, separator: bytes, origin: Sequence[Cell] = (), note: str = ""
    ) -> None:
        self.root = root
        self.limits = limits
        self._separator = separator
        self._origin = origin
        self._note = note

    def blocks(self) -> Iterable[Block]:
        """The tree, its first level open."""
        if self.root.children:
            more = [_more(self.root, self.limits)] if _hides(self.root, self.limits) else []
            yield Tree([*(self._node(child, 0) for child in self._first(self.root)), *more])
        total = f"{units.plural(self.root.count, 'key')}" if self.root.count is not None else ""
        notes = [self._note, "--depth reads further down" if self._stops(self.root) else ""]
        yield Note([*([total] if total else []), *filter(None, notes), *self._origin])

    def _stops(self, branch: Branch) -> bool:
        """Whether a directory is shown that was not read."""
        shown = [each for each in self._first(branch) if each.is_branch]
        return any(not each.is_read or self._stops(each) for each in shown)

    def _first(self, branch: Branch) -> Sequence[Branch]:
        return branch.children[: self.limits.window(len(branch.children))]

    def _node(self, branch: Branch, depth: int) -> Node:
        if not branch.is_branch:
            return Node((branch.name or Toned("(the key of the directory itself)", Tone.MUTED),))
        unread = "" if branch.is_read else ", not read"
        amount = "" if branch.count is None else f"  {units.plural(branch.count, 'key')}{unread}"
        label = (Toned(branch.name + self._separator, Tone.STRONG), Toned(amount, Tone.MUTED))
        children = [self._node(child, depth + 1) for child in self._first(branch)]
        if _hides(branch, self.limits):
            children.append(_more(branch, self.limits))
        return Node(label, children, is_open=depth < 1)

    def columns(self, **_options: Any) -> Sequence[Column]:
        """The columns key, name, depth, is_branch and count, in the order of the tree."""
        rows = list(_rows(self.root.children, 0))
        return (
            Column("key", "text", [frames.as_text(each.key) for each, _ in rows]),
            Column("name", "text", [frames.as_text(each.name) for each, _ in rows]),
            Column("depth", "int", [depth for _, depth in rows]),
            Column("is_branch", "bool", [each.is_branch for each, _ in rows]),
            Column("count", "int", [each.count if each.is_branch else 1 for each, _ in rows]),
        )


def _hides(branch: Branch, limits: Limits) -> bool:
    return branch.more or limits.window(len(branch.children)) < len(branch.children)


def _more(branch: Branch, limits: Limits) -> Node:
    left = len(branch.children) - limits.window(len(branch.children))
    words = f"… {left:,} more" if not branch.more else f"… more than {left:,} others" if left else "… more"
    return Node((Toned(words, Tone.MUTED),))


def _rows(children: Sequence[Branch], depth: int) -> Iterable[tuple[Branch, int]]:
    for child in children:
        yield child, depth
        yield from _rows(child.children, depth + 1)
