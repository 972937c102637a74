"""Decides what news of the client's own calls does to the state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from etcdobs_explorer.model.calls import CallRecord
from etcdobs_explorer.model.records import Sample
from etcdobs_explorer.model.state import State

from .change import Topic, topics


@dataclass(frozen=True, slots=True)
class TrafficSampled:
    """The client's own metrics, and the members' names by their endpoints."""

    samples: Sequence[Sample]
    names: Mapping[str, bytes]

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Rates and quantiles move on."""
        state.traffic.sampled(self.samples, now, self.names)
        return topics(Topic.TRAFFIC)


@dataclass(frozen=True, slots=True)
class CallsArrived:
    """RPCs that ended, and streams that were used."""

    records: Sequence[CallRecord]

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Into the log."""
        state.calls.add(self.records)
        return topics(Topic.CALLS)
