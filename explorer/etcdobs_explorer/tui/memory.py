"""Decides what of a stay is remembered, and where the next one at the same cluster begins."""

from pathlib import Path

from etcdobs_explorer.model import remembered
from etcdobs_explorer.model.remembered import Remembered
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.visits import Goal

from .visit import Visit


class Memory:
    """What is remembered of the clusters, in files of a directory; nothing, where there is none."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._written: dict[Path, Remembered] = {}

    def of(self, visit: Visit) -> Remembered:
        """What the last stay at the cluster left."""
        path = self._path(visit)
        held = remembered.load(path)
        if path is not None:
            self._written[path] = held
        return held

    def keep(self, visit: Visit, view: str, theme: str, *, overview: bool) -> None:
        """Write down how things stand, if they stand otherwise than at the last time."""
        path = self._path(visit)
        if path is None or visit.feeds is None:
            return
        now = _noted(visit.state, view, theme, overview)
        if self._written.get(path) != now:
            self._written[path] = now
            remembered.save(path, now)

    def _path(self, visit: Visit) -> Path | None:
        return remembered.path_of(self._directory, visit.context.identity) if self._directory else None


def recall(state: State, held: Remembered, roots: tuple[bytes, ...]) -> None:
    """Begin where the reader was; at a first visit, at the first of the context's roots."""
    root = held.root or (roots[0] if roots else b"")
    if root != state.tree.root:
        state.rooted(root)
    for prefix in held.expanded:
        if prefix.startswith(root):
            state.tree.expand(prefix)
    state.bookmarks[:] = held.bookmarks
    state.forms.update(held.forms)
    if held.key:
        state.goal = Goal(held.key, held.is_branch)


def _noted(state: State, view: str, theme: str, overview: bool) -> Remembered:
    tree = state.tree
    expanded = tuple(d.prefix for d in tree.expanded() if d.prefix != tree.root)
    return Remembered(
        view=view,
        root=tree.root,
        expanded=expanded,
        key=state.selection.key,
        is_branch=state.selection.is_branch,
        theme=theme,
        overview=overview,
        bookmarks=tuple(state.bookmarks),
        forms=dict(state.forms),
    )
