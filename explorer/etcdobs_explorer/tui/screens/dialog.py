"""Decides what all dialogs are: screens over the view, which go on after a failure of theirs as the view does."""

from typing import TypeVar

from textual import events
from textual.screen import ModalScreen

from etcdobs_explorer.tui.containment import Contained

D = TypeVar("D")


class Dialog(Contained, ModalScreen[D]):
    """A screen over the view, which ends with an answer or with None."""

    def heeds(self, typed: events.Key | events.Paste) -> bool:
        """Whether it is for this dialog what was typed, perhaps before it was there."""
        return True

    def on_unmount(self) -> None:
        """Let go of what it looked like: Textual keeps the lines of 1,024 widgets, whether they are there or not."""
        type(self._styles_cache).get_inner_outer.cache_clear()


class Question(Dialog[D]):
    """A dialog whose answer deletes or overwrites something: it hears nothing that was typed before what it asks was
    drawn, but Escape."""

    @property
    def drawn_at(self) -> float:
        """When what it asks now was drawn, on the monotonic clock; infinity before."""
        raise NotImplementedError

    def heeds(self, typed: events.Key | events.Paste) -> bool:
        return (isinstance(typed, events.Key) and typed.key == "escape") or typed.time >= self.drawn_at
