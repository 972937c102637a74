"""Decides how a sequence of numbers is drawn as one line: a block for each, the newest at the right."""

from collections.abc import Sequence
from itertools import groupby
from math import isfinite, isnan

from .strips import Span, Spans

_BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int, *, top: float = 0.0, role: str = "accent") -> Spans:
    """The last `width` numbers as spans of exactly `width` cells.

    The highest is a full block; with `top`, that or the highest, whichever is more. Anything above 0 has a block in
    `role`, 0 and less a muted one at the foot of the line; what is not known, as NaN, leaves a gap.
    """
    shown = list(values[-width:]) if width > 0 else []
    most = max([top, *(value for value in shown if isfinite(value))], default=0.0)
    cells: list[Span] = [(" ", "text")] * (width - len(shown))
    cells += [_cell(value, most, role) for value in shown]
    return [("".join(str(text) for text, _ in run), name) for name, run in groupby(cells, key=lambda cell: cell[1])]


def _cell(value: float, most: float, role: str) -> Span:
    if isnan(value):
        return (" ", "text")
    if value <= 0:
        return (_BLOCKS[0], "muted")
    part = min(1.0, value / most) if most > 0 else 1.0
    return (_BLOCKS[max(0, round(part * 8) - 1)], role)
