"""Decides how the pictures look: lines over two logarithmic axes, as SVG that reads in light and in dark."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, PANEL, GAP, LEFT, TOP, BOTTOM = 920, 230, 70, 62, 64, 44
ROW = 20
COLUMNS = 3
LEGEND_WIDTH = 290
_STYLE = """
  .page { fill: #ffffff; stroke: #d0d7de } text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 15px } .head { font-weight: 600 } .faint { fill: #57606a; font-size: 11px }
  .grid { stroke: #eaeef2 } .line { fill: none; stroke-width: 2.6; stroke-linejoin: round } .thin { stroke-width: 1.4 }
  .mark { stroke: #ffffff; stroke-width: 1 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #30363d } text { fill: #e6edf3 } .faint { fill: #8d96a0 } .grid { stroke: #21262d }
    .mark { stroke: #0d1117 }
  }
"""


@dataclass(frozen=True)
class Line:
    """One contender's figures, by what they grow with."""

    name: str
    points: Sequence[tuple[float, float]]
    color: str
    dashed: bool = False
    """Estimated, or the floor."""
    thin: bool = False
    """Somebody else's."""


@dataclass(frozen=True)
class Panel:
    """One pair of axes."""

    title: str
    across: str
    lines: Sequence[Line]


class _Scale:
    """Where a value stands: logarithmic, from one place to another."""

    def __init__(self, values: Iterable[float], begin: float, end: float) -> None:
        known = [value for value in values if value > 0] or [1.0]
        low, high = math.log10(min(known)), math.log10(max(known))
        margin = max(0.06 * (high - low), 0.05)
        self._low, self._high, self._begin, self._end = low - margin, high + margin, begin, end

    def __call__(self, value: float) -> float:
        share = (math.log10(value) - self._low) / (self._high - self._low)
        return self._begin + share * (self._end - self._begin)

    def ticks(self) -> list[float]:
        """The powers of ten in it, and where there are few, steps between them."""
        powers = range(math.floor(self._low), math.ceil(self._high) + 1)
        for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
            ticks = [step * 10.0**power for power in powers for step in steps]
            within = [tick for tick in ticks if self._low <= math.log10(tick) <= self._high]
            if len(within) >= 3:
                break
        return within


def short(value: float) -> str:
    """10k, 1M, 0.05."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _stroke(line: Line) -> str:
    dashes = ' stroke-dasharray="5 4"' if line.dashed else ""
    return f'class="line{" thin" if line.thin else ""}" stroke="{line.color}"{dashes}'


def _drawn(line: Line, across: _Scale, up: _Scale) -> list[str]:
    places = [(across(x), up(y)) for x, y in line.points if y > 0]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    size = 3 if line.thin else 4.5
    marks = [f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{line.color}"/>' for x, y in places]
    return [f'<polyline {_stroke(line)} points="{path}"/>', *marks]


def _panel(panel: Panel, left: float, width: float) -> list[str]:
    right, bottom = left + width, TOP + PANEL
    xs = sorted({x for line in panel.lines for x, _ in line.points})
    across = _Scale(xs, left, right)
    up = _Scale([y for line in panel.lines for _, y in line.points], bottom, TOP)
    parts = [_text(left, TOP - 12, panel.title, "head")]
    for tick in up.ticks():
        parts += [_rule(left, up(tick), right, up(tick)), _text(left - 8, up(tick) + 4, short(tick), "faint", "end")]
    for x in xs:
        parts += [_rule(across(x), TOP, across(x), bottom), _text(across(x), bottom + 17, short(x), "faint", "middle")]
    parts.append(_text((left + right) / 2, bottom + 35, panel.across, "faint", "middle"))
    for line in panel.lines:
        parts += _drawn(line, across, up)
    return parts


def _legend(lines: Sequence[Line], top: float) -> list[str]:
    parts = []
    for place, line in enumerate(lines):
        x, y = LEFT + place % COLUMNS * LEGEND_WIDTH, top + place // COLUMNS * ROW
        stroke = f'<line {_stroke(line)} x1="{x}" y1="{y}" x2="{x + 26}" y2="{y}"/>'
        parts += [stroke, _text(x + 34, y + 4, line.name)]
    return parts


def chart(title: str, panels: Sequence[Panel]) -> str:
    """The panels side by side, one legend for all."""
    named = {line.name: line for panel in panels for line in panel.lines}
    top = TOP + PANEL + BOTTOM + ROW
    height = top + math.ceil(len(named) / COLUMNS) * ROW
    width = (WIDTH - LEFT - 24 - GAP * (len(panels) - 1)) / len(panels)
    parts = [_text(LEFT - 40, 28, title, "title")]
    for place, panel in enumerate(panels):
        parts += _panel(panel, LEFT + place * (width + GAP), width)
    parts += _legend(list(named.values()), top)
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img"'
    page = f'<rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><title>{escape(title)}</title><style>{_STYLE}</style>{page}'
    return "\n".join([head, *parts, "</svg>", ""])
