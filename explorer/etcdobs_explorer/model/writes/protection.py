"""Decides what may not be written: everything where a run is read-only, else the prefixes that a context protects."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from etcdobs_explorer.model.etcdctl import prefix_end
from etcdobs_explorer.model.records import FailureKind, GatewayError
from etcdobs_explorer.model.text import inert

_OPEN_END = b"\0"


class RefusedError(GatewayError):
    """The explorer itself refuses a write: nothing was sent."""

    def __init__(self, reason: bytes) -> None:
        super().__init__(FailureKind.REFUSED, reason)

    def __str__(self) -> str:
        """The reason, in inert text."""
        return inert(self.reason).plain


class Span(NamedTuple):
    """The keys of [start, end). As etcd has it, an `end` of b"" means the one key `start`, and b"\\0" no end."""

    start: bytes
    end: bytes = b""

    @classmethod
    def below(cls, prefix: bytes) -> "Span":
        """Every key that starts with a prefix."""
        return cls(prefix or _OPEN_END, prefix_end(prefix))

    def overlaps(self, other: "Span") -> bool:
        """Whether a key may be in both."""
        return _before(self.start, other) and _before(other.start, self)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, bytes) and self.start <= key and _before(key, self)


def _before(key: bytes, span: Span) -> bool:
    """Whether a key lies before the end of a span."""
    if not span.end:
        return key <= span.start
    return span.end == _OPEN_END or key < span.end


@dataclass(frozen=True, slots=True)
class Protection:
    """What a context forbids. `protected` are prefixes; an empty one protects every key."""

    read_only: bool = False
    protected: tuple[bytes, ...] = ()

    def check(self, spans: Iterable[Span] = ()) -> None:
        """Ask before anything is sent; without spans, for what changes something other than keys.

        Raises:
            RefusedError: the context is read-only, or a span overlaps a protected prefix.
        """
        if self.read_only:
            raise RefusedError(b"read-only: nothing is written here")
        for span in spans:
            for prefix in self.protected:
                if span.overlaps(Span.below(prefix)):
                    raise RefusedError(b"%s is protected: nothing is written below it" % (prefix or b"every key"))


OPEN = Protection()
"""Nothing is forbidden."""
