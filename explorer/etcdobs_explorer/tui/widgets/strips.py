"""Decides how pieces of text become a line on the screen: the only place where segments are made."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter
from textual.strip import Strip

from etcdobs_explorer.model.text import Inert, harmless, inert

Span: TypeAlias = tuple[Inert | str, str]
"""A piece of a line and its role. A server's text comes as Inert; `str` is for the explorer's own words."""

Spans: TypeAlias = Sequence[Span]
Palette: TypeAlias = Callable[[str], Style]

ROLES = (
    "text", "muted", "accent", "strong", "good", "warn", "bad", "escape", "name", "string", "number", "literal",
    "punctuation", "comment", "cursor", "idle", "fresh", "title", "chip", "chip-on", "key", "badge", "badge-warn",
    "added", "removed",
    "context-red", "context-yellow", "context-green", "context-cyan", "context-blue", "context-magenta",
)  # fmt: skip
COMPONENTS = frozenset(f"role--{role}" for role in ROLES)


def caption(text: str) -> Content:
    """What stands in a frame: inert, and no markup, for which Textual would take it."""
    return Content(inert(text, 200).plain)


def segments(spans: Iterable[Span], palette: Palette, base: Style) -> list[Segment]:
    """Segments for spans. Escapes stand out; a `str` passes the choke point too, as a second line of defence."""
    out: list[Segment] = []
    for text, role in spans:
        style = base + palette(role)
        for run in (text if isinstance(text, Inert) else inert(text)).runs:
            out.append(Segment(run.text, style + palette("escape") if run.escaped else style))
    return out


class Harmless(LineFilter):
    """What every line passes before it is written to the terminal, also those of Textual's own widgets."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same line, and nothing in it that a terminal would act upon."""
        made = [harmless(segment.text) for segment in segments]
        if all(text == segment.text for text, segment in zip(made, segments, strict=True)):
            return segments
        return [Segment(text, *segment[1:]) for text, segment in zip(made, segments, strict=True)]


def line(spans: Iterable[Span], width: int, palette: Palette, base: Style) -> Strip:
    """One line of exactly `width` cells; what does not fit ends in an ellipsis."""
    return _fit(Strip(segments(spans, palette, base)), width, base)


def two_sided(left: Spans, right: Spans, width: int, palette: Palette, base: Style) -> Strip:
    """A line with something at either end, never joined. The right end is cut short where the left one would vanish."""
    head, tail = Strip(segments(left, palette, base)), Strip(segments(right, palette, base))
    wanted = min(head.cell_length + 1, width // 3)
    if tail.cell_length > width - wanted:
        tail = _fit(tail, width - wanted, base)
    room = width - tail.cell_length
    if tail.cell_length and head.cell_length >= room:
        return Strip.join([_fit(head, room - 1, base), Strip.blank(min(1, room), base), tail])
    return Strip.join([_fit(head, room, base), tail])


def cells_of(spans: Iterable[Span]) -> int:
    """The width of spans in cells."""
    return Strip(segments(spans, lambda _: Style.null(), Style.null())).cell_length


def cell(spans: Spans, width: int, align: str, palette: Palette, base: Style) -> Strip:
    """A table cell of exactly `width` cells, aligned "left" or "right"."""
    return Strip(_cell(spans, width, align, palette, base))


def row(
    cells: Iterable[tuple[Spans, int, str]], width: int, gap: int, margin: int, palette: Palette, base: Style
) -> Strip:
    """Table cells, each with its width and alignment, side by side. None is a strip of its own: to make those took most
    of the time in which a table was drawn."""
    made: list[Segment] = []
    for each in cells:
        made += [Segment(" " * (gap if made else margin), base), *_cell(*each, palette, base)]
    return Strip(made).adjust_cell_length(width, base)


def _cell(spans: Spans, width: int, align: str, palette: Palette, base: Style) -> list[Segment]:
    made = segments(spans, palette, base)
    blank = width - sum(segment.cell_length for segment in made)
    if blank < 0:
        return _cut(made, width, base)
    if not blank:
        return made
    padding = Segment(" " * blank, base)
    return [padding, *made] if align == "right" else [*made, padding]


def _cut(made: Iterable[Segment], width: int, base: Style) -> list[Segment]:
    """What fits into `width` cells, the last one of which is an ellipsis."""
    kept, room = list[Segment](), width - 1
    for segment in made:
        if segment.cell_length > room:
            break
        kept.append(segment)
        room -= segment.cell_length
    else:
        return kept
    return [*kept, segment.split_cells(room)[0], Segment("…", base)] if width > 0 else []


def _fit(strip: Strip, width: int, base: Style) -> Strip:
    if strip.cell_length <= width:
        return strip.extend_cell_length(width, base)
    if width < 1:
        return Strip([])
    return Strip.join([strip.crop(0, width - 1), Strip([Segment("…", base)])])
