"""Decides what is known of one RPC of this explorer's own client, and which attempts are one call."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

OK = "OK"
OPEN = "open"
_NO_ERRORS = frozenset({OK, OPEN, "Canceled"})
_POLLING = ContextVar("etcdobs_explorer_polling", default=False)


@contextmanager
def polling() -> Generator[None, None, None]:
    """What is called within, and by tasks begun within, is the explorer's own: it repeats without being asked for."""
    token = _POLLING.set(True)
    try:
        yield
    finally:
        _POLLING.reset(token)


def is_polling() -> bool:
    """Whether what runs is the explorer's own."""
    return _POLLING.get()


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One RPC: what was asked of whom, and how it ended. Of keys it knows names, of values the size alone.

    `number` counts the RPCs; a stream that is open is told of again under its number. `at` is the wall-clock second of
    the start, `seconds` None while it runs. `code` is gRPC's, written as Go writes it, or OPEN. Sizes are in bytes of
    messages; `revision` is 0 where no reply told it, `attempt` 0 for the first."""

    number: int
    at: float
    service: str
    method: str
    keys: bytes = b""
    line: str = ""
    seconds: float | None = None
    code: str = OPEN
    details: bytes = b""
    bytes_out: int = 0
    bytes_in: int = 0
    messages_out: int = 0
    messages_in: int = 0
    revision: int = 0
    endpoint: bytes = b""
    member_id: int = 0
    member: bytes = b""
    trace_id: str = ""
    attempt: int = 0
    is_poll: bool = False
    is_stream: bool = False

    @property
    def is_error(self) -> bool:
        """Whether it failed. What the caller itself gave up did not."""
        return self.code not in _NO_ERRORS


@dataclass(slots=True)
class LoggedCall:
    """A call: an RPC, and those that repeated it because it failed."""

    attempts: list[CallRecord] = field(default_factory=list[CallRecord])

    @property
    def number(self) -> int:
        """What tells it from others: the number of the first RPC."""
        return self.attempts[0].number

    @property
    def first(self) -> CallRecord:
        """The first attempt."""
        return self.attempts[0]

    @property
    def last(self) -> CallRecord:
        """The attempt that decided, so far."""
        return self.attempts[-1]

    @property
    def seconds(self) -> float | None:
        """From the start of the first attempt to the end of the last; None while one is open."""
        if self.last.seconds is None or len(self.attempts) == 1:
            return self.last.seconds
        return self.last.at + self.last.seconds - self.first.at

    @property
    def name(self) -> str:
        """Service and method as people write them: `KV/Range`."""
        return f"{self.first.service.rpartition('.')[2]}/{self.first.method}"

    @property
    def haystack(self) -> bytes:
        """What a text filter looks into."""
        last = self.last
        names = f"{self.name} {last.code} {last.trace_id} {self.number}".encode()
        return b" ".join((names, last.keys, last.endpoint, last.member, last.details))

    def take(self, record: CallRecord) -> None:
        """News of an attempt, or another attempt."""
        for index, known in enumerate(self.attempts):
            if known.number == record.number:
                self.attempts[index] = record
                return
        self.attempts.append(record)
