"""The choke point: nothing that a terminal or a markup parser acts upon gets through, nothing is lost from sight."""

import unicodedata

import pytest

from etcdobs_explorer.model.text import Run, copyable, inert
from tests.explorer.hostile import HOSTILE


def _is_harmless(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_control_character_survives(raw: bytes) -> None:
    assert all(map(_is_harmless, inert(raw).plain))


def test_no_code_point_at_all_survives_that_controls_something() -> None:
    everything = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF)
    dangerous = {char for char in inert(everything.encode()).plain if not _is_harmless(char)}
    assert dangerous == set()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"\x1b", "\\x1b"),
        (b"\n\t\r\x00", "\\n\\t\\r\\0"),
        (b"\x7f", "\\x7f"),
        (b"\xff", "\\xff"),
        (b"\xc2\x85", "\\u0085"),
        ("\u202e".encode(), "\\u202e"),
        ("\U000e0041".encode(), "\\U000e0041"),
    ],
)
def test_each_kind_is_shown_as_an_escape(raw: bytes, shown: str) -> None:
    assert inert(raw).runs == (Run(shown, True),)


def test_an_escape_can_be_told_from_a_backslash_in_the_data() -> None:
    assert inert(b"\\x1b\x1b").runs == (Run("\\x1b", False), Run("\\x1b", True))


def test_text_stays_as_it_is() -> None:
    assert inert("/services/日本語 é [x]".encode()).runs == (Run("/services/日本語 é [x]", False),)


def test_a_limit_bounds_the_text_and_says_so() -> None:
    assert inert(b"x" * 1_000_000, 5).runs == (Run("xxxxx", False), Run("…", True))
    assert inert(b"xxxxx", 5).runs == (Run("xxxxx", False),)
    assert inert("日本語".encode(), 2).plain == "日本…"


def test_what_is_copied_is_harmless_too() -> None:
    assert copyable(b"/a\x1b]2;x\x07") == "/a\\x1b]2;x\\x07"
    assert len(copyable(b"x" * 1_000_000)) <= 74_994
