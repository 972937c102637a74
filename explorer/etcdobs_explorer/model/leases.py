"""Decides what the lease view knows: every id at once, details of those looked at, and a countdown between reads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from . import units
from .filter import Filter
from .owners import owner
from .records import LeaseRecord

REFRESH_AFTER = 5.0  # seconds after which a visible lease is asked for again
AT_ONCE = 25  # leases asked for in one reading; there are two readings a second
LONGEST = 9_000_000_000  # seconds: etcd grants no more


class LeaseRow(NamedTuple):
    """A lease; `record` is None until it was looked at, `read_at` is on a monotonic clock. `owner` is a guess; `kept`
    says that this explorer keeps the lease alive."""

    id: int
    record: LeaseRecord | None = None
    read_at: float = 0.0
    owner: bytes = b""
    kept: bool = False

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

    @property
    def is_expired(self) -> bool:
        """Whether the server said that there is no such lease any more."""
        return self.record is not None and self.record.ttl < 0

    @property
    def expires_at(self) -> float:
        """When it will be over, on the monotonic clock; never, where nothing is known."""
        return self.read_at + self.record.ttl if self.record is not None else float("inf")


class Order(Enum):
    """What the leases are sorted by."""

    ID = "id"
    REMAINING = "remaining"
    KEYS = "keys"


@dataclass(frozen=True, slots=True)
class LeaseKeys:
    """A lease that is looked into: all its keys, in order; `reason` says why they are not known."""

    id: int
    keys: tuple[bytes, ...] = ()
    record: LeaseRecord | None = None
    reason: bytes = b""
    revoked: bool = False

    @property
    def is_read(self) -> bool:
        """Whether the keys are known."""
        return self.record is not None


class LeaseTable:
    """The leases of a cluster. `opened` is the one that is looked into."""

    def __init__(self) -> None:
        self.filter = Filter()
        self.order = Order.ID
        self.rows: list[LeaseRow] = []
        self.loaded = False
        self.reason = b""
        self.opened: LeaseKeys | None = None
        self._known: dict[int, LeaseRow] = {}
        self._kept: set[int] = set()

    def listed(self, ids: Iterable[int]) -> None:
        """The server's list of ids: new ones are added, missing ones go."""
        self._known = {each: self._known.get(each, LeaseRow(each, kept=each in self._kept)) for each in sorted(ids)}
        self.loaded, self.reason = True, b""
        self._arrange()

    def received(self, records: Iterable[LeaseRecord], now: float) -> None:
        """Details of some leases; those that expired stay until the next list, with what was known of them."""
        for record in records:
            held = self._known.get(record.id)
            if held is None:
                continue
            is_over = record.ttl < 0 and held.record is not None
            found = replace(held.record, ttl=-1) if is_over and held.record is not None else record
            self._known[record.id] = held._replace(record=found, read_at=now, owner=owner(record.id, found.sample))
        self._arrange()

    def failed(self, reason: bytes) -> None:
        """The list could not be read; what was held stays."""
        self.reason = reason

    def due(self, visible: Sequence[LeaseRow], now: float) -> list[int]:
        """The ids among the visible rows to look at now: first those that never were, then those that ought to have
        expired or were not looked at for a while; so few that a server of thousands of leases does not feel it."""
        unknown = [row.id for row in visible if row.record is None]
        old = [row.id for row in visible if row.record is not None and not row.is_expired and _is_old(row, now)]
        return [*unknown, *old][:AT_ONCE]

    @property
    def looked_at(self) -> int:
        """Of how many leases the details are known."""
        return sum(row.record is not None for row in self._known.values())

    @property
    def kept(self) -> frozenset[int]:
        """The leases that this explorer keeps alive."""
        return frozenset(self._kept)

    def keep(self, id: int, *, kept: bool) -> None:
        """This explorer keeps a lease alive, or does no more."""
        (self._kept.add if kept else self._kept.discard)(id)
        if id in self._known:
            self._known[id] = self._known[id]._replace(kept=kept)
            self._arrange()

    def next_order(self) -> None:
        """Sort by something else."""
        orders = list(Order)
        self.order = orders[(orders.index(self.order) + 1) % len(orders)]
        self._arrange()

    def set_filter(self, text: str) -> None:
        """Show only leases whose id, owner or first key passes."""
        self.filter = Filter(text)
        self._arrange()

    def index_of(self, id: int) -> int | None:
        """The place of a lease."""
        return next((index for index, row in enumerate(self.rows) if row.id == id), None)

    def _arrange(self) -> None:
        rows = [row for row in self._known.values() if self.filter.keeps(_searchable(row))]
        match self.order:
            case Order.REMAINING:
                rows.sort(key=lambda row: row.expires_at)
            case Order.KEYS:
                rows.sort(key=lambda row: -row.record.key_count if row.record is not None else 1)
            case Order.ID:
                pass
        self.rows = rows


def ttl_of(text: str) -> int:
    """Seconds as typed. ValueError says what is wrong with them."""
    digits = text.strip().replace(",", "").replace("_", "")
    if not digits.isascii() or not digits.isdecimal():
        raise ValueError("whole seconds are wanted, such as 60")
    if not 1 <= int(digits) <= LONGEST:
        raise ValueError(f"etcd grants 1 to {units.count(LONGEST)} seconds")
    return int(digits)


def _is_old(row: LeaseRow, now: float) -> bool:
    since = now - row.read_at
    return since >= REFRESH_AFTER or (since >= 1.0 and row.remaining(now) == 0.0)


def _searchable(row: LeaseRow) -> bytes:
    first = row.record.first_key if row.record else None
    return b" ".join((units.hex_id(row.id).encode(), row.owner, first or b""))
