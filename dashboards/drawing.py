"""Decides how what Prometheus answered is drawn as SVG: lines, bars and states over time, and numbers. No Grafana."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, GAP = 580, 200, 12
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 34, 58
_LEGEND, _LONGEST = 6, 23
_UNITS = {"ops": "ops/s", "reqps": "req/s", "cps": "per second"}
PALETTE = ("#3274d9", "#e0752d", "#2f9e44", "#c4162a", "#8f3bb8", "#b58900", "#1798a5", "#c2559b", "#6b7280", "#7a5230")
STYLE = """
text{font:12px system-ui,sans-serif;fill:#24292e}.title{font-weight:600;font-size:13px}.small{font-size:11px}
.page{fill:#f4f5f5}.card{fill:#fff;stroke:#d8dbe0}.grid{stroke:#e4e6ea}.mark{stroke:#c4162a;stroke-dasharray:4 3}
.dim{fill:#5f6873}.area{fill-opacity:.85}@media(prefers-color-scheme:dark){text{fill:#d8d9da}.page{fill:#111217}.card{fill:#181b1f;stroke:#2c3235}
.grid{stroke:#2c3235}.dim{fill:#9fa7b3}}
"""


@dataclass(frozen=True)
class Line:
    """A series: what the legend calls it, and (seconds, value) in order."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Frame:
    """What every panel of a picture shares: its seconds, and the moments that are marked."""

    start: float
    end: float
    marks: Mapping[float, str]

    def x(self, at: float) -> float:
        """Where a moment is within a panel."""
        return _LEFT + (at - self.start) / (self.end - self.start) * (WIDTH - _LEFT - _RIGHT)


@dataclass(frozen=True)
class Shape:
    """How values are drawn: upon each other or not, as bars of `step` seconds (0: lines), the axis up to `least`."""

    stacked: bool = False
    step: float = 0.0
    least: float = 0.0


@dataclass(frozen=True)
class Card:
    """One panel: its place is given by the picture."""

    title: str
    body: str


def told(value: float, unit: str) -> str:
    """A value as it is read."""
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "s":
        return f"{value:.3g} s" if value >= 1 or value == 0 else f"{value * 1000:.3g} ms"
    return f"{value:.3g}"


def plot(title: str, unit: str, lines: Sequence[Line], frame: Frame, shape: Shape) -> Card:
    """Values over time, in that shape; the legend has those first that were highest."""
    ordered = sorted(lines, key=_peak, reverse=True)
    drawn = _stacked(ordered) if shape.stacked else ordered
    top, floor = max([shape.least, *map(_peak, drawn)]) or 1.0, min([0.0, *map(_trough, drawn)])

    def y(value: float) -> float:
        return HEIGHT - _BOTTOM - (value - floor) / (top - floor) / 1.05 * (HEIGHT - _TOP - _BOTTOM)

    body: list[str] = [*_axis(frame), *_scale(floor, top, unit, y)]
    for line, color in reversed([*zip(drawn, _colors(), strict=False)]):
        body.append(_bars(line, color, frame, y, shape.step) if shape.step else _path(line, color, frame, y, shape))
    named = f"{title}, {_UNITS[unit]}" if unit in _UNITS else title
    return Card(named, "".join((*body, *_legend([line.name for line in ordered]))))


def timeline(title: str, lines: Sequence[Line], names: Mapping[float, tuple[str, str]], frame: Frame) -> Card:
    """What state each thing was in: a row for each, coloured by `names`, which holds a value's name and colour."""
    row = (HEIGHT - _TOP - _BOTTOM) / max(1, len(lines))
    body: list[str] = [*_axis(frame)]
    for at, line in enumerate(lines):
        top = _TOP + at * row
        for (moment, value), (until, _) in zip(line.points, [*line.points[1:], (frame.end, 0.0)], strict=True):
            place = f'x="{frame.x(moment):.1f}" y="{top:.1f}" width="{frame.x(until) - frame.x(moment) + 0.5:.1f}"'
            body.append(f'<rect {place} height="{row - 3:.1f}" fill="{names[value][1]}"/>')
        body.append(_text(_LEFT + 6, top + row / 2 + 3, line.name, "small", "start", "fill:#fff"))
    seen = sorted({value for line in lines for _, value in line.points})
    return Card(title, "".join((*body, *_legend([names[v][0] for v in seen], [names[v][1] for v in seen]))))


def page(title: str, caption: str, cards: Sequence[Card]) -> str:
    """The picture: two panels beside each other, with what it is below the title."""
    width = 2 * WIDTH + 3 * GAP
    height = 62 + (len(cards) + 1) // 2 * (HEIGHT + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{width}" height="{height}"/>',
        _text(GAP, 26, title, "title", "start", "font-size:17px"),
        _text(GAP, 46, caption, "dim"),
        *(_placed(at, card) for at, card in enumerate(cards)),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _placed(at: int, card: Card) -> str:
    x, y = GAP + at % 2 * (WIDTH + GAP), 62 + at // 2 * (HEIGHT + GAP)
    frame = f'<rect class="card" width="{WIDTH}" height="{HEIGHT}" rx="3"/>{_text(12, 20, card.title, "title")}'
    return f'<g transform="translate({x} {y})">{frame}{card.body}</g>'


def _axis(frame: Frame) -> Iterator[str]:
    bottom = HEIGHT - _BOTTOM
    seconds = int(frame.end - frame.start)
    for second in range(0, seconds + 1, 20):
        yield _text(frame.x(frame.start + second), bottom + 15, f"{second} s", "small dim", "middle")
    for at, name in frame.marks.items():
        yield f'<path class="mark" d="M{frame.x(at):.1f} {_TOP - 6}V{bottom}"/>'
        yield _text(frame.x(at) + 4, _TOP - 2, name, "small dim")


def _peak(line: Line) -> float:
    return max((value for _, value in line.points), default=0.0)


def _trough(line: Line) -> float:
    return min((value for _, value in line.points), default=0.0)


def _stacked(lines: Sequence[Line]) -> list[Line]:
    """Each upon those before it."""
    below: dict[float, float] = {}
    upon: list[Line] = []
    for line in lines:
        for at, value in line.points:
            below[at] = below.get(at, 0.0) + value
        upon.append(Line(line.name, [(at, below[at]) for at, _ in line.points]))
    return upon


def _scale(floor: float, top: float, unit: str, y: Callable[[float], float]) -> Iterator[str]:
    for share in (0.0, 0.5, 1.0):
        value = floor + share * (top - floor)
        yield _text(_LEFT - 6, y(value) + 4, told(value, unit), "small dim", "end")
        yield f'<path class="grid" d="M{_LEFT} {y(value):.1f}H{WIDTH - _RIGHT}"/>'


def _path(line: Line, color: str, frame: Frame, y: Callable[[float], float], shape: Shape) -> str:
    places = [(at, f"{frame.x(at):.1f} {y(value):.1f}") for at, value in line.points]
    if not places:
        return ""
    # A gap in the data is a gap in the line.
    befores = [-2.0, *(at for at, _ in places)]
    path = "".join(
        ("L" if at - before <= 1.5 else "M") + place for before, (at, place) in zip(befores, places, strict=False)
    )
    outline = f'<path d="{path}" fill="none" stroke="{color}" stroke-width="1.6" stroke-linejoin="round"/>'
    if not shape.stacked:
        return outline
    base = f"V{y(0):.1f}H{frame.x(places[0][0]):.1f}Z"
    return f'<path class="area" d="{path}{base}" fill="{color}"/>{outline}'


def _bars(line: Line, color: str, frame: Frame, y: Callable[[float], float], step: float) -> str:
    width = frame.x(frame.start + 0.8 * step) - _LEFT
    return "".join(
        f'<rect x="{frame.x(at) - width:.1f}" y="{y(value):.1f}" width="{width:.1f}" height="{y(0) - y(value):.1f}"'
        f' fill="{color}"/>'
        for at, value in line.points
        if value
    )


def _legend(names: Sequence[str], colors: Sequence[str] = ()) -> Iterator[str]:
    shown = names[:_LEGEND]
    for at, (name, color) in enumerate(zip(shown, colors or list(_colors(len(shown))), strict=False)):
        x, y = _LEFT + at % 3 * 170, HEIGHT - 26 + at // 3 * 16
        yield f'<rect x="{x}" y="{y - 9}" width="9" height="9" fill="{color}"/>'
        yield _text(x + 14, y, name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…", "small")
    if len(names) > _LEGEND:
        yield _text(WIDTH - _RIGHT, HEIGHT - 10, f"and {len(names) - _LEGEND} more", "small dim", "end")


def _colors(count: int = 100) -> Iterator[str]:
    return (PALETTE[at % len(PALETTE)] for at in range(count))


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start", style: str = "") -> str:
    styled = f' style="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}"{styled}>{escape(text)}</text>'
