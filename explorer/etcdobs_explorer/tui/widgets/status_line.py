"""Decides what the status line says: the member that answers, or answered last, and the cluster it sees."""

from collections.abc import Iterator

from etcdobs_explorer.model import units
from etcdobs_explorer.model.records import ClusterStatus
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.status import Link
from etcdobs_explorer.model.text import inert

from .bar import Bar
from .strips import Span, Spans, cells_of


class StatusLine(Bar):
    """The line about the connection."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state

    def status_changed(self) -> None:
        """Draw anew after the connection changed."""
        self.renew()

    def spans(self) -> tuple[Spans, Spans]:
        connection = self._state.connection
        if connection.status is None:
            return [(" … connecting to ", "muted"), (self._state.context, "text")], ()
        right = [(f"{units.latency(connection.status.rtt)} ", "muted")]
        return self._fitting(connection.status, self.size.width - cells_of(right)), right

    def _fitting(self, status: ClusterStatus, width: int) -> Spans:
        """As many parts as fit, the most telling first."""
        spans = list(self._member(status))
        for part in self._parts(status):
            if cells_of(spans) + cells_of(part) <= width:
                spans.extend(part)
        return spans

    def _member(self, status: ClusterStatus) -> Spans:
        name = inert(status.endpoint.removeprefix(b"http://"), 40)
        lost = self._state.connection.link is Link.LOST
        mark: Span = (" ○ ", "bad") if lost else (" ● ", "good" if status.leader_id else "bad")
        spans: list[Span] = [mark, (name, "strong")]
        if status.errors:
            spans += [("  ", "text"), (inert(b"; ".join(status.errors), 200), "bad")]
        return spans

    def _parts(self, status: ClusterStatus) -> Iterator[Spans]:
        yield self._leader(status)
        in_use = f", {units.size(status.db_in_use)} in use" if status.db_in_use is not None else ""
        yield [("  db ", "muted"), (units.size(status.db_size), "text"), (in_use, "muted")]
        yield [("  term ", "muted"), (str(status.raft_term), "text")]
        yield [("  etcd ", "muted"), (inert(status.version, 20), "text")]

    def _leader(self, status: ClusterStatus) -> Spans:
        if not status.leader_id:
            return [("  no leader", "bad")]
        named = next((m.name for m in self._state.members.rows if m.id == status.leader_id), status.leader_name)
        shown = inert(named, 20) if named else units.hex_id(status.leader_id)
        return [("  leader ", "muted"), (shown, "text")]
