"""A line of blocks: how high each is, which numbers are shown, and what stands for those that are not known."""

from math import inf, nan

import pytest

from etcdobs_explorer.tui.widgets.sparkline import sparkline
from etcdobs_explorer.tui.widgets.strips import Spans


def text(spans: Spans) -> str:
    return "".join(str(part) for part, _ in spans)


def test_the_highest_fills_its_cell_and_the_others_are_in_proportion() -> None:
    assert text(sparkline([1, 2, 4, 8], 4)) == "▁▂▄█"


def test_the_newest_stands_at_the_right_and_the_oldest_go_first() -> None:
    assert text(sparkline([8, 8, 1, 8], 2)) == "▁█"
    assert text(sparkline([8], 4)) == "   █"


def test_nothing_at_all_is_told_from_a_little() -> None:
    assert sparkline([0, 1, 1000], 3, role="good") == [("▁", "muted"), ("▁█", "good")]


def test_what_is_not_known_leaves_a_gap() -> None:
    assert text(sparkline([4, nan, 4], 3)) == "█ █"
    assert text(sparkline([nan, nan], 2)) == "  "


def test_a_top_keeps_small_numbers_small() -> None:
    assert text(sparkline([1, 2], 2, top=8)) == "▁▂"
    assert text(sparkline([16], 1, top=8)) == "█"


@pytest.mark.parametrize("width", [0, -1])
def test_without_room_there_is_nothing(width: int) -> None:
    assert text(sparkline([1, 2], width)) == ""


def test_a_number_beyond_all_others_is_a_full_block() -> None:
    assert text(sparkline([1, inf], 2)) == "██"
    assert text(sparkline([], 3)) == "   "
