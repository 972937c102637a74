"""Decides how pieces of text become a line on the screen: the only place where segments are made."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from etcdobs_explorer.model.text import Inert, inert

Span: TypeAlias = tuple[Inert | str, str]
"""A piece of a line and its role. A server's text comes as Inert; `str` is for the explorer's own words."""

Spans: TypeAlias = Sequence[Span]
Palette: TypeAlias = Callable[[str], Style]

ROLES = (
    "text", "muted", "accent", "strong", "good", "warn", "bad", "escape", "name", "string", "number", "literal",
    "punctuation", "comment", "cursor", "idle", "fresh", "title", "chip", "chip-on", "key", "badge", "badge-warn",
)  # fmt: skip
COMPONENTS = frozenset(f"role--{role}" for role in ROLES)


def segments(spans: Iterable[Span], palette: Palette, base: Style) -> list[Segment]:
    """Segments for spans. Escapes stand out; a `str` passes the choke point too, as a second line of defence."""
    out: list[Segment] = []
    for text, role in spans:
        style = base + palette(role)
        for run in (text if isinstance(text, Inert) else inert(text)).runs:
            out.append(Segment(run.text, style + palette("escape") if run.escaped else style))
    return out


def line(spans: Iterable[Span], width: int, palette: Palette, base: Style) -> Strip:
    """One line of exactly `width` cells; what does not fit ends in an ellipsis."""
    return _fit(Strip(segments(spans, palette, base)), width, base)


def two_sided(left: Spans, right: Spans, width: int, palette: Palette, base: Style) -> Strip:
    """A line with something at either end. The right end gives way where the left one would vanish."""
    tail = Strip(segments(right, palette, base))
    room = width - tail.cell_length
    if room < width // 3:
        return line(left, width, palette, base)
    return Strip.join([line(left, room, palette, base), tail])


def cells_of(spans: Iterable[Span]) -> int:
    """The width of spans in cells."""
    return Strip(segments(spans, lambda _: Style.null(), Style.null())).cell_length


def cell(spans: Spans, width: int, align: str, palette: Palette, base: Style) -> Strip:
    """A table cell of exactly `width` cells, aligned "left" or "right"."""
    strip = Strip(segments(spans, palette, base))
    if align == "right" and strip.cell_length < width:
        blank = Strip.blank(width - strip.cell_length, base)
        return Strip.join([blank, strip])
    return _fit(strip, width, base)


def _fit(strip: Strip, width: int, base: Style) -> Strip:
    if strip.cell_length <= width:
        return strip.extend_cell_length(width, base)
    if width < 1:
        return Strip([])
    return Strip.join([strip.crop(0, width - 1), Strip([Segment("…", base)])])
