"""Decides how this process's calls are drawn as charts, with matplotlib where it is installed."""

from collections.abc import Sequence
from importlib import import_module
from io import BytesIO
from typing import Any

from .frames import FrameError
from .telemetry import Reading

_INK = "#808080"  # reads on white and on black
_COLOURS = ("#4c9be8", "#e8a24c", "#d9534f")
_QUANTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
_MOST = 8


class Plot:
    """A figure of matplotlib's that draws itself, whatever its backend is; `figure` is to be changed at will."""

    def __init__(self, figure: Any) -> None:
        self.figure = figure

    def _repr_png_(self) -> bytes:
        out = BytesIO()
        self.figure.savefig(out, format="png", dpi=110, transparent=True)
        return out.getvalue()

    def __repr__(self) -> str:
        return "<Plot: " + ", ".join(axes.get_title() for axes in self.figure.axes) + ">"


def plot(readings: Sequence[Reading]) -> Plot:
    """Latency by method and by member, calls a second, and how far watches are behind.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
    """
    figure = _figure()
    latency, members, rate, lag = figure.subplots(2, 2).flat
    last = readings[-1]
    _quantiles(latency, "latency by method", [(each.method, each) for each in last.methods if each.type == "unary"])
    _quantiles(members, "latency by member", [(_host(each.endpoint), each) for each in last.members])
    _rates(rate, readings)
    _lag(lag, readings)
    for axes in figure.axes:
        _neutral(axes)
    return Plot(figure)


def _figure() -> Any:
    try:
        module: Any = import_module("matplotlib.figure")
    except ModuleNotFoundError as missing:
        message = "matplotlib is not installed: pip install 'etcdobs[plots]'"
        raise FrameError(message, name=missing.name) from None
    return module.Figure(figsize=(10, 6), layout="constrained")


def _quantiles(axes: Any, title: str, named: Sequence[tuple[str, Any]]) -> None:
    """Three bars a name: how long half of its calls took, and the slowest of twenty and of a hundred."""
    axes.set_title(title)
    shown = named[:_MOST]
    for at, (name, q) in enumerate(_QUANTILES):
        places = [place + (at - 1) * 0.27 for place in range(len(shown))]
        widths = [(each.quantile(q) or 0.0) * 1000 for _, each in shown]
        axes.barh(places, widths, height=0.25, label=name, color=_COLOURS[at])
    axes.set_yticks(range(len(shown)), [name for name, _ in shown])
    axes.invert_yaxis()
    axes.set_xlabel("milliseconds")
    if shown:
        axes.legend(frameon=False, labelcolor=_INK)


def _rates(axes: Any, readings: Sequence[Reading]) -> None:
    axes.set_title("calls a second")
    axes.set_xlabel("seconds since the extension was loaded")
    busiest = [each.identity for each in readings[-1].methods[:5]]
    for identity in busiest:
        found = [(reading.at, each) for reading in readings for each in reading.methods if each.identity == identity]
        axes.plot([at for at, _ in found], [each.rate for _, each in found], marker=".", label=identity[1])
    if busiest:
        axes.legend(frameon=False, labelcolor=_INK)


def _lag(axes: Any, readings: Sequence[Reading]) -> None:
    axes.set_title("watch lag")
    axes.set_xlabel("seconds since the extension was loaded")
    axes.set_ylabel("revisions")
    lags = [reading.watches.get("etcdobs_watch_lag_revisions", 0.0) for reading in readings]
    axes.plot([reading.at for reading in readings], lags, marker=".", color=_COLOURS[2])
    axes.set_ylim(bottom=0, top=max(1.0, *lags) * 1.1)


def _neutral(axes: Any) -> None:
    """Grey on nothing: it reads on a light page and on a dark one."""
    axes.set_facecolor("none")
    axes.title.set_color(_INK)
    axes.tick_params(colors=_INK)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(_INK)
    for spine in axes.spines.values():
        spine.set_color(_INK)


def _host(endpoint: str) -> str:
    return endpoint.removeprefix("http://").removeprefix("https://")
