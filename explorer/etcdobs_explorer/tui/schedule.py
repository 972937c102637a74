"""Decides what is due: readings that repeat, each with its period, only while what they are for is in sight."""

from collections.abc import Iterable
from dataclasses import dataclass, field

PERIODS = {"status": 2.0, "members": 3.0, "lease_ids": 10.0, "leases": 0.5, "calls": 1.0, "verify": 1.0}
_ALWAYS = ("status", "verify")
_SHOWN_IN = {"members": ("members",), "leases": ("lease_ids", "leases"), "calls": ("calls",)}


@dataclass(slots=True)
class Schedule:
    """When each reading was last begun."""

    _begun: dict[str, float] = field(default_factory=dict[str, float])

    def due(self, shown: Iterable[str], now: float) -> list[str]:
        """The readings to begin now that the resources of these names are shown; they count as begun."""
        candidates = (*_ALWAYS, *(reading for name in shown for reading in _SHOWN_IN.get(name, ())))
        due = [name for name in candidates if now - self._begun.get(name, -1e9) >= PERIODS[name]]
        self._begun.update(dict.fromkeys(due, now))
        return due

    def forget(self, *names: str) -> None:
        """Begin these again at the next opportunity."""
        for name in names:
            self._begun.pop(name, None)
