"""Decides what a piece of news is: it enters itself into the state and says what has to be drawn again."""

from enum import Enum
from typing import Protocol

from etcdobs_explorer.model.state import State


class Topic(Enum):
    """What a view may have to draw again."""

    STATUS = "status"
    TREE = "tree"
    VALUE = "value"
    LEASES = "leases"
    MEMBERS = "members"
    LOG = "watch"
    TRAFFIC = "traffic"
    CALLS = "calls"
    JOURNAL = "journal"
    HISTORY = "history"
    SEARCH = "search"


class Change(Protocol):
    """News from the gateway. `now` is on a monotonic clock, `at` below is wall-clock time."""

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Enter it into the state; answers what has to be drawn again."""
        ...


def topics(*topics: Topic) -> frozenset[Topic]:
    return frozenset(topics)
