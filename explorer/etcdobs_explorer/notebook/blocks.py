"""Decides what a result is made of before it is drawn: tables, trees, facts, lines. Nothing here is markup."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


class Tone(Enum):
    """What a piece of text says beside its words."""

    PLAIN = "plain"
    MUTED = "muted"
    STRONG = "strong"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Toned:
    """Text in a tone."""

    text: bytes | str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Bar:
    """A share between 0 and 1, with its words."""

    share: float
    label: str
    tone: Tone = Tone.GOOD


@dataclass(frozen=True, slots=True)
class Folded:
    """A cell that opens: its short form, and what is behind it."""

    short: "Cell"
    blocks: Sequence["Block"]


Cell: TypeAlias = bytes | str | int | Toned | Bar | Folded | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under names; the columns named in `numbers` are set to the right."""

    names: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Node:
    """One entry of a tree: its label in pieces, what lies below, and whether that is shown at first."""

    label: Sequence[Cell]
    children: Sequence["Node"] = ()
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Tree:
    """What folds."""

    nodes: Sequence[Node]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names, each with what it is."""

    pairs: Sequence[tuple[str, Cell]]


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of text as they are stored, each in a tone; of a diff, with its sign."""

    lines: Sequence[tuple[Tone, bytes]]


@dataclass(frozen=True, slots=True)
class Note:
    """What is said of a result: how much is left out, at which revision, how long it took."""

    parts: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a part of a result."""

    text: bytes | str


Block: TypeAlias = Table | Tree | Facts | Lines | Note | Heading
