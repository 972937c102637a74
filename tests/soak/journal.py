"""Decides what a soak remembers: each operation and its outcome, each revision once, what each watcher saw."""

import hashlib
import random
import time
from array import array
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias, TypeVar

from etcdobs import EtcdError, Event, EventType

T = TypeVar("T")
Write: TypeAlias = tuple[bytes, bytes | None]  # key and value; None: deleted

ROOT = b"/soak/"
END = ROOT + b"end"
now = time.monotonic
_KEPT_WHOLE = 64


def shortened(value: bytes) -> bytes:
    """The value, or what tells it from others: memory is one of the things that are watched."""
    return value if len(value) <= _KEPT_WHOLE else b"%d bytes " % len(value) + hashlib.sha1(value).digest()


class Outcome(StrEnum):
    """What the caller of an operation was told."""

    OK = "ok"
    FAILED = "surely failed"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Operation:
    """One call, as its caller saw it.

    Attributes:
        actor: who made it: "sync writer 1".
        kind: "put", "txn", "stm", ...
        timeout: seconds after which it has to be over.
        writes: what it writes if it is carried out.
        revision: of the answer's header; 0 where there is none.
        key: what a read asked for; empty: it was no read.
        found: the mod_revision that a read found; 0 when the key did not exist.
        error: the class of what was raised; "" if it succeeded.
    """

    actor: str
    kind: str
    timeout: float
    writes: tuple[Write, ...] = ()
    began: float = field(default_factory=now)
    ended: float = 0.0
    outcome: Outcome = Outcome.UNKNOWN
    revision: int = 0
    key: bytes = b""
    found: int = 0
    error: str = ""


@dataclass(slots=True)
class Holding:
    """One time that a lock was held: from when `acquire` returned to when it was last seen not lost."""

    actor: str
    fence: int
    asked: float
    acquired: float
    held_until: float


@dataclass(slots=True)
class View:
    """What one watcher saw.

    Attributes:
        start: the first revision it was asked for.
        revisions: those it handed out, in order.
        gaps: revisions that a compaction took before it had them.
        is_complete: it came to the end of the run.
        pending: events of a revision that may not be whole yet.
    """

    name: str
    start: int
    revisions: "array[int]" = field(default_factory=lambda: array("q"))
    gaps: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    is_complete: bool = False
    pending: list[Event] = field(default_factory=list[Event])

    @property
    def last(self) -> int:
        """The last revision handed out."""
        return self.revisions[-1] if self.revisions else 0


class Journal:
    """Everything that happened, for the checks at the end; what is wrong at once is noted at once."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.operations: list[Operation] = []
        self.log: dict[int, tuple[Write, ...]] = {}
        self.views: list[View] = []
        self.holdings: list[Holding] = []
        self.violations: list[str] = []
        self.compactions: list[int] = []
        self.wakes: list[float] = []
        self.deleted_at: dict[bytes, float] = {}
        self.last_alive: dict[bytes, float] = {}
        self.balances: list[tuple[int, int]] = []
        self.versions: dict[bytes, tuple[int, bytes]] = {}
        self.stalls: list[tuple[float, float]] = []

    def random(self, name: str) -> random.Random:
        """An actor's own source of chance."""
        return random.Random(f"{self.seed}/{name}")

    def wrong(self, what: str) -> None:
        """Note what must not happen."""
        self.violations.append(what)

    async def attempt(
        self, operation: Operation, call: Awaitable[T], passed_on: tuple[type[EtcdError], ...] = ()
    ) -> T | None:
        """What `call` returns, or None when it failed; noted either way. Errors that are `passed_on` are raised."""
        try:
            answer = await call
        except EtcdError as error:
            operation.outcome = Outcome.UNKNOWN if error.outcome_unknown else Outcome.FAILED
            operation.error = type(error).__name__
            if isinstance(error, passed_on):
                raise
            return None
        else:
            operation.outcome = Outcome.OK
            operation.revision = getattr(getattr(answer, "header", None), "revision", 0)
            return answer
        finally:
            operation.ended = now()
            self.operations.append(operation)

    # ---- watchers

    def view(self, name: str, start: int) -> View:
        """A new watcher's."""
        self.views.append(View(name, start))
        return self.views[-1]

    def saw(self, view: View, events: Iterable[Event], *, whole: bool) -> bool:
        """Events that a watcher handed out; `whole`: no revision goes on after them. True at the end of the run."""
        for event in events:
            if view.pending and view.pending[-1].kv.mod_revision != event.kv.mod_revision:
                self._flush(view)
            view.pending.append(event)
            if event.kv.key == END:
                whole = view.is_complete = True
        if whole:
            self._flush(view)
        return view.is_complete

    def resumed(self, view: View, revision: int) -> None:
        """A watcher was closed with `revision` wholly handed out: what it began after that comes again."""
        if view.pending and view.pending[-1].kv.mod_revision <= revision:
            self._flush(view)
        view.pending.clear()

    def _flush(self, view: View) -> None:
        if not view.pending:
            return
        revision = view.pending[0].kv.mod_revision
        seen = tuple(map(self._write, view.pending))
        view.pending.clear()
        if revision <= view.last:
            self.wrong(f"{view.name}: revision {revision} after {view.last}: doubled, split or out of order")
        known = self.log.setdefault(revision, seen)
        if known != seen:
            self.wrong(f"{view.name}: revision {revision} is {seen!r}, and to another watcher {known!r}")
        view.revisions.append(revision)

    def _write(self, event: Event) -> Write:
        if event.type is EventType.DELETE:
            self.deleted_at.setdefault(event.kv.key, now())
            return event.kv.key, None
        return event.kv.key, shortened(event.kv.value)
