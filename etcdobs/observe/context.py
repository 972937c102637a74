"""Decides the labels that a caller's context adds to its calls, and that they stay few."""

from collections.abc import Callable, Mapping

from etcdobs.observe.failure import FailureLog

__all__ = ["MOST_CONTEXTS", "OTHER", "Context"]

MOST_CONTEXTS = 100
"""So many combinations of values have series of their own; those that come after share the one of OTHER."""

OTHER = "other"


class Context:
    """Labels by name, and for each the function that gives its value for a call that starts now."""

    def __init__(self, labels: Mapping[str, Callable[[], str]], failures: FailureLog) -> None:
        for name, value in labels.items():
            if not callable(value):
                raise TypeError(
                    f"context_labels[{name!r}] must be a function without arguments, not {type(value).__name__}:"
                    " const_labels takes what never changes"
                )
        self.names: tuple[str, ...] = tuple(labels)
        self._functions = tuple(labels.values())
        self._others = (OTHER,) * len(labels)
        self._seen: set[tuple[str, ...]] = set()
        self._failures = failures

    def values(self) -> tuple[str, ...]:
        """The values now; never raises."""
        if not self._functions:
            return ()
        found = tuple(map(self._value, self._functions))
        if found not in self._seen:
            if len(self._seen) >= MOST_CONTEXTS:
                return self._others
            self._seen.add(found)
        return found

    def _value(self, function: Callable[[], str]) -> str:
        try:
            return str(function())
        except LookupError:  # a ContextVar that is not set here
            return ""
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("a context label")
            return ""
