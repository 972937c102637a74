"""Waits for the directories below a prefix, a few levels down and no more than a page can bear."""

from collections.abc import Iterator
from itertools import islice

from etcdobs import Child, Client, Keys, PermissionDeniedError
from etcdobs_explorer.notebook.grammar import Argument, Command, Option
from etcdobs_explorer.notebook.kinds import BYTES, NUMBER
from etcdobs_explorer.notebook.results.tree import Branch, KeyTree
from etcdobs_explorer.notebook.roots import permitted
from etcdobs_explorer.notebook.run import Run

_CHILDREN = 500  # of one directory
_ALL = 5_000  # of the whole tree


class _Reading:
    """Reads directories, and stops when it has read as much as was asked for."""

    def __init__(self, client: Client, separator: bytes, depth: int, timeout: float) -> None:
        self._client = client
        self._separator = separator
        self._depth = depth
        self._timeout = timeout
        self._left = _ALL

    def directory(self, prefix: bytes, depth: int = 0) -> tuple[tuple[Branch, ...], bool]:
        """The children of a prefix with what is below them, and whether it has others."""
        listed = self._client.children(prefix, separator=self._separator, counts=True, timeout=self._timeout)
        most = max(1, min(_CHILDREN, self._left))
        found = list(islice(listed, most + 1))
        self._left -= len(found[:most])
        return tuple(self._branch(child, depth) for child in found[:most]), len(found) > most

    def _branch(self, child: Child, depth: int) -> Branch:
        if not child.is_branch:
            return Branch(child.name, child.key, False)
        if depth + 1 >= self._depth or self._left <= 0:
            return Branch(child.name, child.key, True, child.count)
        children, more = self.directory(child.key, depth + 1)
        return Branch(child.name, child.key, True, child.count, children, more, is_read=True)


def tree(run: Run) -> KeyTree:
    """The directories and keys below a prefix."""
    separator = run.connection.context.separator if run.asked["separator"] is None else run.asked["separator"]
    prefix = run.asked.text(0)
    if prefix and separator and not prefix.endswith(separator):
        prefix += separator
    reading = _Reading(run.client, separator, run.asked["depth"], run.seconds)
    root, origin = run.timed(lambda: _root(run, reading, prefix, separator))
    note = "only what this user may read" if root.count is None else ""
    return KeyTree(root, run.limits, separator=separator, origin=origin, note=note)


def _root(run: Run, reading: _Reading, prefix: bytes, separator: bytes) -> Branch:
    try:
        children, more = reading.directory(prefix)
    except PermissionDeniedError:
        roots = [start for start in permitted(run.client, run.connection.context.user) if start.startswith(prefix)]
        if not roots:
            raise
        return Branch(b"", prefix, True, None, tuple(_permitted(reading, roots, separator)), is_read=True)
    count = sum(1 if not child.is_branch else child.count or 0 for child in children)
    if more:
        count = run.client.count(Keys.prefix(prefix), timeout=run.seconds)
    return Branch(b"", prefix, True, count, children, more, is_read=True)


def _permitted(reading: _Reading, roots: list[bytes], separator: bytes) -> Iterator[Branch]:
    """Each prefix that the user may read, as a directory of its own."""
    for root in roots:
        children, more = reading.directory(root)
        yield Branch(root.removesuffix(separator), root, True, None, children, more, is_read=True)


COMMANDS = (
    Command(
        ("tree",),
        "the directories and keys below a prefix",
        tree,
        (Argument("PREFIX", optional=True, completes="key"),),
        (
            Option("depth", "levels that are read", NUMBER, default=3),
            Option("separator", "what parts the names; the context's, else /", BYTES),
        ),
        "Directories say how many keys are in them; no value is read.",
        ("%etcd tree /", "%etcd tree /registry --depth 2"),
    ),
)
