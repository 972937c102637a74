"""Decides what a look into a directory does to the state."""

from dataclasses import dataclass

from etcdobs_explorer.model.records import Sampled
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.survey import survey

from .change import Topic, topics


@dataclass(frozen=True, slots=True)
class Surveyed:
    """The first keys of a directory were read."""

    prefix: bytes
    sample: Sampled

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show what they tell, if it is still the one looked at."""
        if state.selection.key == self.prefix and state.selection.is_branch:
            state.selection.survey = survey(self.prefix, state.separator, self.sample)
        return topics(Topic.VALUE)
