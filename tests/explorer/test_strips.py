"""Lines that are made of pieces: what stands at either end is never joined."""

import pytest
from rich.style import Style

from etcdobs_explorer.tui.widgets.strips import two_sided


def palette(role: str) -> Style:
    return Style.null()


@pytest.mark.parametrize(
    ("left", "right", "shown"),
    [
        ("left", "right", "left      right"),
        ("a long left end", "right", "a long l… right"),
        ("123456789", "right", "123456789 right"),
        ("only one side, too long", "", "only one side,…"),
        ("left", "a long right end", "left a long ri…"),
    ],
)
def test_either_end_of_a_line(left: str, right: str, shown: str) -> None:
    strip = two_sided([(left, "text")], [(right, "muted")], 15, palette, Style.null())
    assert strip.text == shown
