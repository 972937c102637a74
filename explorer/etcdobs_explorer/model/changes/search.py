"""Decides what news of a search through all keys does to the state."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from etcdobs_explorer.model.search import Hit, Phase, Query, Search
from etcdobs_explorer.model.state import State

from .change import Topic, topics


@dataclass(frozen=True, slots=True)
class SearchBegan:
    """A search is under way."""

    query: Query

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Forget the last one."""
        state.search = Search(self.query, Phase.RUNNING, began=now)
        return topics(Topic.SEARCH)


@dataclass(frozen=True, slots=True)
class SearchCounted:
    """How many keys there are to look at."""

    total: int

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """So that it can be said how far the search is."""
        state.search = replace(state.search, total=self.total)
        return topics(Topic.SEARCH)


@dataclass(frozen=True, slots=True)
class SearchFound:
    """`seen` more keys were looked at, and some of them are hits."""

    hits: Sequence[Hit]
    seen: int

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """List them, as far as there is room."""
        state.search = state.search.found(self.hits, self.seen)
        return topics(Topic.SEARCH)


@dataclass(frozen=True, slots=True)
class SearchEnded:
    """The search is over."""

    phase: Phase
    reason: bytes = b""

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say how it ended."""
        state.search = state.search.over(self.phase, now, self.reason)
        return topics(Topic.SEARCH)
