"""Decides what news of the client's own calls does to the state."""

from collections.abc import Sequence
from dataclasses import dataclass

from etcdobs_explorer.model.records import Sample
from etcdobs_explorer.model.state import State

from .change import Topic, topics


@dataclass(frozen=True, slots=True)
class CallsSampled:
    """The client's own metrics."""

    samples: Sequence[Sample]

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show them."""
        state.calls.sampled(self.samples, now)
        return topics(Topic.CALLS)
