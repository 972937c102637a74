"""Decides what the log says of what happens by itself: one line an event, few lines of a kind, the rest counted."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "failed_over",
    "retried",
    "token_renewed",
    "watches_resumed",
    "watch_parked",
    "renewals_resumed",
    "lease_lost",
    "endpoints_changed",
    "endpoints_unknown",
    "certificates_reloaded",
    "certificates_unusable",
]

# Whoever wants to read them gives the logger "etcdobs", or the root, a handler: the library prints nothing by itself.
logging.getLogger("etcdobs").addHandler(logging.NullHandler())

# The logger below "etcdobs", the level, and what the line says.
_LINES: Mapping[Kind, tuple[str, int, str]] = {
    "failed_over": ("endpoints", logging.WARNING, "a call moves to another endpoint"),
    "retried": ("calls", logging.DEBUG, "an attempt of a call failed, and another is made"),
    "token_renewed": ("auth", logging.INFO, "the auth token was renewed"),
    "watches_resumed": ("watch", logging.INFO, "watchers resume on a new stream"),
    "watch_parked": ("watch", logging.INFO, "a watcher's buffer is full: no more is fetched until half of it is taken"),
    "renewals_resumed": ("lease", logging.INFO, "leases are renewed on a new stream"),
    "lease_lost": ("lease", logging.WARNING, "a lease ended although it was kept alive"),
    "endpoints_changed": ("endpoints", logging.INFO, "the endpoints in use have changed"),
    "endpoints_unknown": (
        "endpoints",
        logging.WARNING,
        "the endpoints could not be read from the member list, and stay as they are",
    ),
    "certificates_reloaded": ("tls", logging.INFO, "the certificates were read again: new calls use them"),
    "certificates_unusable": ("tls", logging.WARNING, "the certificate files make no sense: those of before are used"),
}

# So many lines of a kind in so many seconds; what comes beyond is counted, and told with the next line.
BURST = 5
INTERVAL = 10.0


@dataclass(slots=True)
class _Allowance:
    """The lines of one kind: how many there were since `began`, and how much was left out."""

    began: float
    lines: int = 0
    left_out: int = 0


@dataclass(slots=True)
class Log:
    """What one client tells the loggers below "etcdobs". Thread-safe.

    A record bears what its line says as a mapping too, in `record.etcdobs`: `event` (the kind), `count` (how many it
    stands for), `left_out` (how many of the kind were not told before it) and the fields of its kind.
    """

    clock: Callable[[], float] = time.monotonic
    _allowances: dict[Kind, _Allowance] = field(default_factory=dict[Kind, _Allowance])
    _lock: Lock = field(default_factory=Lock)

    def tell(self, kind: Kind, count: int = 1, **fields: str) -> None:
        """Write a line of that kind, unless there were too many just now."""
        name, level, _ = _LINES[kind]
        if logging.getLogger(f"etcdobs.{name}").isEnabledFor(level):
            left_out = self._admit(kind, count)
            if left_out is not None:
                _write(kind, count, left_out, fields)

    def close(self) -> None:
        """Tell how much was left out, where no later line has told it."""
        with self._lock:
            allowances, self._allowances = self._allowances, {}
        for kind, allowance in allowances.items():
            if allowance.left_out:
                _write(kind, 0, allowance.left_out, {})

    def _admit(self, kind: Kind, count: int) -> int | None:
        """How much was left out before this line; None when it is left out itself."""
        now = self.clock()
        with self._lock:
            allowance = self._allowances.setdefault(kind, _Allowance(now))
            if now - allowance.began >= INTERVAL:
                allowance.began, allowance.lines = now, 0
            if allowance.lines >= BURST:
                allowance.left_out += count
                return None
            left_out, allowance.left_out = allowance.left_out, 0
            allowance.lines += 1
            return left_out


def _write(kind: Kind, count: int, left_out: int, fields: Mapping[str, str]) -> None:
    name, level, text = _LINES[kind]
    said: dict[str, str | int] = {"count": count, **fields, "left_out": left_out}
    shown = " ".join(f"{key}={value}" for key, value in said.items() if value or key not in ("count", "left_out"))
    logging.getLogger(f"etcdobs.{name}").log(level, "%s: %s", text, shown, extra={"etcdobs": {"event": kind, **said}})
