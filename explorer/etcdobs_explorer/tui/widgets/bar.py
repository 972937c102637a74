"""Decides how a one-line bar is drawn: header, tabs, titles, status and key hints are all of this kind."""

from textual.strip import Strip

from .palette import Painted
from .strips import Spans, two_sided


class Bar(Painted):
    """A line with a left and a right end."""

    _shown: tuple[Spans, Spans] | None = None

    def spans(self) -> tuple[Spans, Spans]:
        """What stands at either end, now."""
        return (), ()

    def renew(self) -> None:
        """Draw anew if the bar says something else by now: over ssh every line that is sent counts."""
        if self.spans() != self._shown:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The bar's only line."""
        left, right = self._shown = self.spans()
        return two_sided(left, right, self.size.width, self.role, self.rich_style)
