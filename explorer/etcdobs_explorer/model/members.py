"""Decides what the member view knows: every member in a steady order, the dead among them, and since when they are."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .filter import Filter
from .records import AlarmRecord, MemberRecord, Role

HISTORY = 60  # readings that sparklines go back
UNANSWERED = float("nan")


@dataclass(slots=True)
class MemberRow:
    """A member as it is now. `down_since` is on a monotonic clock; `latencies` are of its status as this client saw
    it, in seconds, UNANSWERED where it did not answer; `leader_index` is the raft index of the leader."""

    record: MemberRecord
    down_since: float | None = None
    leader_index: int | None = None
    alarms: tuple[str, ...] = ()
    latencies: deque[float] = field(default_factory=lambda: deque[float](maxlen=HISTORY))

    @property
    def id(self) -> int:
        """What tells it from others."""
        return self.record.id

    @property
    def name(self) -> bytes:
        """Its name, empty where it never started."""
        return self.record.name

    @property
    def behind(self) -> int | None:
        """How many entries of the leader's log it has not applied; None where that is not known. Members are not read
        at one instant: a few entries are no lag."""
        applied = self.record.raft_applied
        return None if applied is None or self.leader_index is None else max(0, self.leader_index - applied)

    @property
    def unapplied(self) -> int | None:
        """How many entries of its own log it has not applied."""
        index, applied = self.record.raft_index, self.record.raft_applied
        return None if index is None or applied is None else max(0, index - applied)

    @property
    def fragmentation(self) -> float | None:
        """The share of its database that holds nothing."""
        size, used = self.record.db_size, self.record.db_in_use
        return None if not size or used is None else max(0.0, 1 - used / size)

    @property
    def quota_used(self) -> float | None:
        """The share of its quota that its database takes."""
        size, quota = self.record.db_size, self.record.quota
        return None if size is None or not quota else size / quota


class MemberTable:
    """The members of a cluster, by name."""

    def __init__(self) -> None:
        self.filter = Filter()
        self.rows: list[MemberRow] = []
        self.loaded = False
        self.reason = b""
        self.alarms: tuple[AlarmRecord, ...] | None = None
        self.alarms_reason = b""
        self._members: dict[int, MemberRow] = {}

    def received(self, members: Iterable[MemberRecord], now: float = 0.0) -> None:
        """A new reading of all members, at `now` on a monotonic clock."""
        records = list(members)
        leader = next((record.raft_index for record in records if record.role is Role.LEADER), None)
        self._members = {record.id: self._row(record, leader, now) for record in records}
        self.loaded, self.reason = True, next((record.unlisted for record in records if record.unlisted), b"")
        self._arrange()

    def _row(self, record: MemberRecord, leader_index: int | None, now: float) -> MemberRow:
        row = self._members.get(record.id) or MemberRow(record)
        row.record, row.leader_index = record, leader_index
        row.down_since = (row.down_since if row.down_since is not None else now) if record.is_down else None
        row.alarms = self._alarms_of(record.id)
        row.latencies.append(UNANSWERED if record.rtt is None else record.rtt)
        return row

    def alarmed(self, alarms: Sequence[AlarmRecord]) -> None:
        """The alarms that are raised."""
        self.alarms, self.alarms_reason = tuple(alarms), b""
        for row in self._members.values():
            row.alarms = self._alarms_of(row.id)

    def alarms_failed(self, reason: bytes) -> None:
        """The alarms could not be read; those that were known stay."""
        self.alarms_reason = reason

    def _alarms_of(self, id: int) -> tuple[str, ...]:
        return tuple(alarm.kind for alarm in self.alarms or () if alarm.member_id == id)

    def failed(self, reason: bytes) -> None:
        """The list could not be read; what was held stays."""
        self.reason = reason

    def set_filter(self, text: str) -> None:
        """Show only members whose name, id, role or endpoint passes."""
        self.filter = Filter(text)
        self._arrange()

    def index_of(self, id: int) -> int | None:
        """The place of a member."""
        return next((index for index, row in enumerate(self.rows) if row.id == id), None)

    @property
    def down(self) -> int:
        """How many members did not answer."""
        return sum(row.record.is_down for row in self._members.values())

    def _arrange(self) -> None:
        rows = sorted(self._members.values(), key=lambda row: (row.name, row.id))
        self.rows = [row for row in rows if self.filter.keeps(_haystack(row.record))]


def _haystack(record: MemberRecord) -> bytes:
    return b" ".join((record.name, f"{record.id:x} {record.role.value}".encode(), record.endpoint, record.version))
