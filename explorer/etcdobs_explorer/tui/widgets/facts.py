"""Decides what is said of a key besides its value: revisions, version, lease countdown, facts of the format."""

import time
from typing import Any

from textual.strip import Strip

from etcdobs_explorer.model import units
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert

from .palette import Painted
from .strips import Spans, line


class Facts(Painted):
    """One line of metadata, and a second one where the format of the value tells something."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._shown: Spans = ()

    def value_changed(self) -> None:
        """Draw anew after the selection changed."""
        selection = self._state.selection
        self.display = selection.entry is not None
        self.styles.height = 2 if selection.decoded is not None and selection.decoded.facts else 1
        self.refresh()

    def renew(self) -> None:
        """Draw anew if the countdown says something else by now."""
        if self._metadata() != self._shown:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The metadata, then the facts of the format."""
        if y == 0:
            self._shown = self._metadata()
        spans = self._shown if y == 0 else self._format()
        return line([(" ", "text"), *spans], self.size.width, self.role, self.rich_style)

    def _metadata(self) -> Spans:
        entry = self._state.selection.entry
        if entry is None:
            return ()
        spans: list[Any] = [
            ("mod ", "muted"),
            (units.count(entry.mod_revision), "text"),
            ("  create ", "muted"),
            (units.count(entry.create_revision), "text"),
            ("  version ", "muted"),
            (units.count(entry.version), "text"),
            ("  size ", "muted"),
            (units.size(len(entry.value)), "text"),
        ]
        return [*spans, *self._lease(entry.lease, entry.lease_ttl)] if entry.lease else spans

    def _lease(self, lease: int, ttl: int | None) -> Spans:
        spans: Spans = [("  lease ", "muted"), (units.hex_id(lease), "accent")]
        if ttl is None:
            return spans
        left = ttl - (time.monotonic() - self._state.selection.read_at)
        shown = units.duration(left) if left > 0 else "expired"
        return [*spans, (f" {shown}", "good" if left >= 10 else "warn")]

    def _format(self) -> Spans:
        decoded = self._state.selection.decoded
        spans: list[Any] = []
        for name, fact in decoded.facts if decoded else ():
            spans += [(f"{name} ", "muted"), (inert(fact, 80), "strong"), ("  ", "text")]
        return spans
