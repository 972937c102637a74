"""Decides which span stands for a call of several attempts: the first one's goes on over all of them.

See docs/decisions/traces.md. opentelemetry is not loaded with this room.
"""

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from etcdobs.observe.ending import OK, Ending, ending_of_told

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from etcdobs.observe.tracer import MethodTracer

__all__ = ["Attempts", "Held", "ShownAttempts"]


class Held(NamedTuple):
    """A first attempt that failed: its span, not ended yet, and when it was, in nanoseconds since the epoch."""

    tracer: "MethodTracer"
    span: "Span"
    started: int
    ended: int
    ending: Ending


class Attempts:
    """The attempts of one call, as far as its spans go.

    Attributes:
        request: what all of them ask; whoever makes this sets it.
        shows_key: whether their spans show its key.
        held: the first attempt, once it failed.
        count: how many came after it.
        last: how the last of those ended.
    """

    # Where every call begins; most end there too, and are spared the assignments, and a constructor.
    request: Any = None
    shows_key: ClassVar[bool] = False
    held: Held | None = None
    count: int = 0
    last: Ending | None = None

    def over(self, error: BaseException | None = None) -> None:
        """The call is over: it raised `error`, or succeeded. May be told again, to no effect."""
        held, self.held = self.held, None
        if held is not None:
            held.tracer.end_held(held, self._ending(held, error), self.count)

    def _ending(self, held: Held, error: BaseException | None) -> Ending:
        if error is None:
            return self.last or OK
        told, last = ending_of_told(error), self.last or held.ending
        # What this process itself gave up is no error, whatever exception its caller has of it.
        return last if last.code is told.code and last.error_type is None else told


class ShownAttempts(Attempts):
    """Those of a client whose spans show keys."""

    shows_key: ClassVar[bool] = True
