"""Decides what the lease view knows: every id at once, details of those looked at, and a countdown between reads."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from . import units
from .filter import Filter
from .records import LeaseRecord

REFRESH_AFTER = 5.0  # seconds after which a visible lease is asked for again


class LeaseRow(NamedTuple):
    """A lease; `record` is None until it was looked at, `read_at` is on a monotonic clock."""

    id: int
    record: LeaseRecord | None = None
    read_at: float = 0.0

    def remaining(self, now: float) -> float | None:
        """Seconds left by local countdown, 0 once expired, None where nothing is known yet."""
        if self.record is None:
            return None
        return max(0.0, self.record.ttl - (now - self.read_at))

    def fraction(self, now: float) -> float:
        """What is left of the granted time, between 0 and 1."""
        remaining = self.remaining(now)
        if remaining is None or self.record is None or self.record.granted_ttl <= 0:
            return 0.0
        return min(1.0, remaining / self.record.granted_ttl)


class LeaseTable:
    """The leases of a cluster, by id."""

    def __init__(self) -> None:
        self.filter = Filter()
        self.rows: list[LeaseRow] = []
        self.loaded = False
        self.reason = b""
        self._known: dict[int, LeaseRow] = {}

    def listed(self, ids: Iterable[int]) -> None:
        """The server's list of ids: new ones are added, missing ones go."""
        self._known = {each: self._known.get(each, LeaseRow(each)) for each in sorted(ids)}
        self.loaded, self.reason = True, b""
        self._arrange()

    def received(self, records: Iterable[LeaseRecord], now: float) -> None:
        """Details of some leases; those that expired stay until the next list."""
        for record in records:
            if record.id in self._known:
                self._known[record.id] = LeaseRow(record.id, record, now)
        self._arrange()

    def failed(self, reason: bytes) -> None:
        """The list could not be read; what was held stays."""
        self.reason = reason

    def due(self, visible: Sequence[LeaseRow], now: float) -> list[int]:
        """The ids among the visible rows that were never looked at, or not for a while."""
        return [row.id for row in visible if row.record is None or now - row.read_at >= REFRESH_AFTER]

    def set_filter(self, text: str) -> None:
        """Show only leases whose id or first key passes."""
        self.filter = Filter(text)
        self._arrange()

    def index_of(self, id: int) -> int | None:
        """The place of a lease."""
        return next((index for index, row in enumerate(self.rows) if row.id == id), None)

    def _arrange(self) -> None:
        self.rows = [row for row in self._known.values() if self.filter.keeps(_searchable(row))]


def _searchable(row: LeaseRow) -> bytes:
    first = row.record.first_key if row.record else None
    return units.hex_id(row.id).encode() + b" " + (first or b"")
