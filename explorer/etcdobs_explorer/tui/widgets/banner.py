"""Decides what the banner says: the worst of what is wrong, since when, and what follows from it for the reader."""

import time
from typing import ClassVar

from etcdobs_explorer.model import units
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.trouble import Notice, Trouble

from .bar import Bar
from .strips import Span, Spans

_HINTS = {
    Trouble.LOST: "trying again; what is shown is from before",
    Trouble.REFUSED: ":password asks for another one",
    Trouble.NO_QUORUM: "one member is read alone; nothing can be written",
    Trouble.NO_LEADER: "one member is read alone; writes wait for a leader",
    Trouble.CORRUPT: "a member reports that its data differs",
    Trouble.NO_SPACE: "writes are refused until space is freed and the alarm disarmed",
    Trouble.DENIED: "go where you may: :keys PREFIX",
    Trouble.COMPACTED: "what changed meanwhile was not seen; it is read anew",
    Trouble.CONFIG: "the rest of the file holds",
}
_SERIOUS = (Trouble.LOST, Trouble.REFUSED, Trouble.NO_QUORUM, Trouble.CORRUPT)
# Of these the server says little more than their name does: first comes what to do.
_SAID_AGAIN = (Trouble.REFUSED, Trouble.NO_SPACE, Trouble.DENIED, Trouble.COMPACTED)


class Banner(Bar):
    """The line about what is wrong; there is none where nothing is."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"role--text", "role--strong", "role--escape"}

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state

    def troubles_changed(self) -> None:
        """Show or hide it, and draw anew what it says."""
        worst = self._state.connection.troubles.worst
        self.set_class(worst is not None, "shown")
        self.set_class(worst is not None and worst.trouble in _SERIOUS, "serious")
        self.renew()

    def spans(self) -> tuple[Spans, Spans]:
        notice = self._state.connection.troubles.worst
        if notice is None:
            return (), ()
        others = self._state.connection.troubles.others
        more: Spans = [(f" +{others} more ", "text")] if others else ()
        return _said(notice), more


def _said(notice: Notice) -> Spans:
    since = units.duration(time.monotonic() - notice.since)
    spans: list[Span] = [(f" ✗ {notice.trouble.value}", "strong"), (f" for {since}", "text")]
    why: list[Span] = [(" · ", "text"), (inert(_core(notice), 300), "text")] if notice.reason else []
    hint: Span = (f" · {_HINTS[notice.trouble]}", "text")
    return [*spans, hint, *why] if notice.trouble in _SAID_AGAIN else [*spans, *why, hint]


def _core(notice: Notice) -> bytes:
    """Of why nobody answers, what it comes down to: the rest tells of the attempts."""
    if notice.trouble is not Trouble.LOST:
        return notice.reason
    return notice.reason.partition(b" (no ")[0].rpartition(b": ")[2]
