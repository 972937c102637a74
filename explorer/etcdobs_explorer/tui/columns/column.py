"""Decides what a column of a table is, and the cells that several tables share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from etcdobs_explorer.model import units
from etcdobs_explorer.tui.widgets.strips import Spans

R = TypeVar("R")
BAR = 10  # cells of a meter


@dataclass(frozen=True)
class Column(Generic[R]):
    """A column: width in cells (0: a share of what the others leave, `least` of them at least). Where it is narrow,
    those of the highest rank are left out first; what they say is then in the line below the table."""

    title: str
    width: int
    cell: Callable[[R, float], Spans]
    align: str = "left"
    rank: int = 0
    share: int = 1
    least: int = 14


def picked(columns: Sequence[Column[R]], widths: Mapping[str, int]) -> tuple[Column[R], ...]:
    """Some of a table's columns by their titles, with other widths, for a narrow pane; there none is left out."""
    named = {column.title: column for column in columns}
    return tuple(replace(named[title], width=width, rank=0) for title, width in widths.items())


def meter(fraction: float, width: int = BAR) -> str:
    """A bar of `width` cells, filled to `fraction` in steps of half a cell; anything at all is seen."""
    part = max(0.0, min(1.0, fraction))
    whole, half = divmod(max(round(part * width * 2), part > 0), 2)
    return ("━" * whole + "╸" * half).ljust(width)


def number(value: int | None) -> Spans:
    return [("-", "muted")] if value is None else [(units.count(value), "text")]


def size(value: int | None) -> Spans:
    return [("-", "muted")] if value is None else [(units.size(value), "text")]
