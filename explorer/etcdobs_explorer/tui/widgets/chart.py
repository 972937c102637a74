"""Decides how numbers are drawn over several lines: a column each, the newest at the right, eighths of a cell high."""

from collections.abc import Sequence
from math import isfinite

from .strips import Span

_BLOCKS = " ▁▂▃▄▅▆▇█"


def chart(values: Sequence[float], width: int, height: int, role: str = "accent") -> tuple[list[Span], float]:
    """The last `width` numbers as `height` spans, the top line first, and the number that the top stands for."""
    shown = [value if isfinite(value) else 0.0 for value in values[-width:]]
    top = max([0.0, *shown])
    eighths = [round(value / top * height * 8) if top else 0 for value in shown]
    lines = ["".join(_BLOCKS[max(0, min(8, part - 8 * below))] for part in eighths) for below in range(height)]
    return [(line.rjust(width), role) for line in reversed(lines)], top
