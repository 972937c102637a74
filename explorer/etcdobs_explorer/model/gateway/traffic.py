"""Decides what the explorer asks about the client's own calls."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from etcdobs_explorer.model.calls import CallRecord
from etcdobs_explorer.model.records import Sample


class TrafficGateway(Protocol):
    """What is asked about the client's own calls. None of it asks the cluster, or raises."""

    def samples(self) -> Sequence[Sample]:
        """The samples of this client's own metrics."""
        ...

    def names(self) -> Mapping[str, bytes]:
        """The members' names by the endpoints at which they answered."""
        ...

    def take_calls(self) -> Sequence[CallRecord]:
        """The RPCs that ended, or whose streams were used, since this was asked last."""
        ...
