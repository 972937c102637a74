"""Decides what is due: readings that repeat, each with its period, only while what they are for is in sight."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from .resources import Reading


@dataclass(slots=True)
class Schedule:
    """When each reading was last begun."""

    _begun: dict[str, float] = field(default_factory=dict[str, float])

    def due(self, readings: Iterable[Reading], now: float) -> list[Reading]:
        """The readings to begin now; they count as begun."""
        due = [reading for reading in readings if now - self._begun.get(reading.name, -1e9) >= reading.period]
        self._begun.update((reading.name, now) for reading in due)
        return due

    def forget(self, *readings: Reading) -> None:
        """Begin these again at the next opportunity."""
        for reading in readings:
            self._begun.pop(reading.name, None)
