"""Decides what a search through all keys of a prefix has found: the first hits, and how many there are beyond."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from .filter import Filter
from .records import Valued
from .secrets import head_of

MOST_HITS = 1_000
_HEAD = 80  # bytes of a value around what was found


class Hit(NamedTuple):
    """A key that was found; `head` is the beginning of its value, where values were searched."""

    key: bytes
    head: bytes = b""


class Phase(Enum):
    """How far a search is."""

    IDLE = "not begun"
    RUNNING = "searching"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Query:
    """What to search for: keys below `prefix` that pass, or with `values` whose value does."""

    text: str
    prefix: bytes = b""
    values: bool = False

    @property
    def problem(self) -> str:
        """Why it cannot be searched for, "" where it can."""
        wanted = Filter(self.text)
        return wanted.error or ("" if wanted else "type a part of a key, /regex/ or ~regex; ! for all others")

    def hits(self, page: Sequence[Valued]) -> list[Hit]:
        """Those of a page that are found."""
        test = Filter(self.text).test
        if not self.values:
            return [Hit(each.key) for each in page if test(each.key)]
        if self.text.startswith("!"):
            return [_hit(each) for each in page if test(each.key) and test(each.value)]
        return [_hit(each) for each in page if test(each.key) or test(each.value)]


def _hit(found: Valued) -> Hit:
    return Hit(found.key, head_of(found.value, _HEAD))


@dataclass(frozen=True, slots=True)
class Search:
    """A search under way, or over. `seen` keys of `total` were looked at; `left_out` hits are counted only. Times are
    on a monotonic clock."""

    query: Query = Query("")
    phase: Phase = Phase.IDLE
    hits: tuple[Hit, ...] = ()
    left_out: int = 0
    seen: int = 0
    total: int | None = None
    reason: bytes = b""
    began: float = 0.0
    ended: float = 0.0

    def found(self, hits: Sequence[Hit], seen: int) -> "Search":
        """More was looked at."""
        room = max(0, MOST_HITS - len(self.hits))
        kept = (*self.hits, *hits[:room])
        return replace(self, hits=kept, left_out=self.left_out + len(hits[room:]), seen=self.seen + seen)

    def over(self, phase: Phase, now: float, reason: bytes = b"") -> "Search":
        """It came to its end, or to another."""
        return replace(self, phase=phase, reason=reason, ended=now) if self.phase is Phase.RUNNING else self
