"""Decides what is told of the client's own calls: what the recorder holds, with the members' names."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from etcdobs_explorer.model.calls import CallRecord
from etcdobs_explorer.model.records import Sample

from .calls import Calls


class TrafficCalls(Calls):
    """What this client measured of its own calls."""

    def samples(self) -> Sequence[Sample]:
        """The samples of this client's own metrics."""
        return self._recorder.samples()

    def names(self) -> Mapping[str, bytes]:
        """The members' names by the endpoints at which they answered."""
        endpoints = self._recorder.endpoints.items()
        return {endpoint: self._names[id] for id, endpoint in endpoints if id in self._names}

    def take_calls(self) -> Sequence[CallRecord]:
        """The RPCs that ended, or whose streams were used, since this was asked last."""
        return [
            replace(record, member=self._names[record.member_id]) if record.member_id in self._names else record
            for record in self._recorder.take()
        ]
