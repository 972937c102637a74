"""Decides what the status line says: the member that answers and the cluster it sees, or since when it is lost."""

import time

from etcdobs_explorer.model import units
from etcdobs_explorer.model.records import ClusterStatus
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.status import Link
from etcdobs_explorer.model.text import Inert, inert

from .bar import Bar
from .strips import Spans


class StatusLine(Bar):
    """The line about the connection, red while it is lost."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state

    def status_changed(self) -> None:
        """Draw anew after the connection changed."""
        self.set_class(self._state.connection.link is Link.LOST, "lost")
        self.refresh()

    def spans(self) -> tuple[Spans, Spans]:
        connection = self._state.connection
        if connection.link is Link.LOST:
            since = units.duration(time.monotonic() - connection.lost_at)
            return [(f" ✗ connection lost {since} ago: ", "strong"), (inert(connection.reason, 1000), "text")], ()
        if connection.status is None:
            return [(" … connecting to ", "muted"), (self._state.context, "text")], ()
        return self._cluster(connection.status), [(f"{units.latency(connection.status.rtt)} ", "muted")]

    def _cluster(self, status: ClusterStatus) -> Spans:
        in_use = f" ({units.size(status.db_in_use)} in use)" if status.db_in_use is not None else ""
        leader = self._leader(status)
        spans: list[tuple[Inert | str, str]] = [
            (" ● ", "good" if status.leader_id else "bad"),
            (inert(status.endpoint, 60), "strong"),
            *leader,
            ("  db ", "muted"),
            (f"{units.size(status.db_size)}{in_use}", "text"),
            ("  term ", "muted"),
            (str(status.raft_term), "text"),
            ("  etcd ", "muted"),
            (inert(status.version, 20), "text"),
        ]
        if status.errors:
            spans[1:1] = [(inert(b"; ".join(status.errors), 200), "bad"), ("  ", "text")]
        return spans

    def _leader(self, status: ClusterStatus) -> Spans:
        if not status.leader_id:
            return [("  no leader", "bad")]
        named = next((m.name for m in self._state.members.rows if m.id == status.leader_id), status.leader_name)
        shown = inert(named, 20) if named else units.hex_id(status.leader_id)
        return [("  leader ", "muted"), (shown, "text")]
