"""Records what callers ask for: each operation once, whatever attempts it took."""

import os
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING

from etcdobs.observe.failure import FailureLog

if TYPE_CHECKING:
    from prometheus_client import Gauge

    from etcdobs.observe.families import Families

__all__ = ["InFlight", "OperationMetrics"]


class InFlight:
    """What moves the gauge of operations in flight, by label values: what begins and what ends one."""

    def __init__(self, gauge: "Gauge") -> None:
        self._gauge = gauge
        self._lists: dict[tuple[str, ...], list[int]] = {}

    def of(self, labels: tuple[str, ...]) -> tuple[Callable[[int], object], Callable[[], object]]:
        """What to call with 1 where one begins, and with nothing where it ends."""
        child = self._gauge.labels(*labels)
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            return child.inc, child.dec
        # Threads may append to a list and pop from it at the same time, at a tenth of the cost of `inc` and `dec`.
        known = self._lists.setdefault(labels, [])
        child.set_function(known.__len__)
        return known.append, known.pop


class OperationMetrics:
    """The metrics of one operation, every label child looked up once. None of the methods raises."""

    def __init__(
        self, families: "Families", op: str, context: tuple[str, ...], const: tuple[str, ...], failures: FailureLog
    ) -> None:
        self._enter, self._leave = families.in_flight.of((op, *context, *const))
        self._families = families
        self._op = op
        self._more_labels = (*context, *const)
        self._failures = failures
        self._by_outcome: dict[str, Callable[[float], None]] = {}
        self._observe_ok = self._observer("OK")

    def begin(self) -> float:
        """An operation begins; returns what `end` needs."""
        try:
            self._enter(1)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("metrics")
        return perf_counter()

    def end(self, began: float, outcome: str = "OK") -> None:
        """The operation is over."""
        seconds = perf_counter() - began
        try:
            self._leave()
            (self._observe_ok if outcome == "OK" else self._observer(outcome))(seconds)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("metrics")

    def _observer(self, outcome: str) -> Callable[[float], None]:
        known = self._by_outcome.get(outcome)
        if known is None:
            child = self._families.operation_seconds.labels(self._op, outcome, *self._more_labels)
            known = self._by_outcome[outcome] = self._families.tallies.observer(child)
        return known
