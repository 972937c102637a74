"""Decides what a value that was read consists of: what it is, what to show of it, and what was found on the way."""

from collections.abc import Sequence
from dataclasses import dataclass

from etcdobs_explorer.model.syntax import Syntax


@dataclass(frozen=True, slots=True)
class Lines:
    """A body of text lines, each a slice of the value (or of its layout); `folded` are those whose part is closed."""

    lines: Sequence[bytes]
    syntax: Syntax = Syntax.PLAIN
    folded: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Hex:
    """A body of bytes, to be dumped."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Decoded:
    """A value as read: the name of its format, what to show of it, facts found in it (name, bytes), the form it was
    read in, and whether something of it is secret and, unless it is revealed, not shown."""

    format: str
    body: Lines | Hex
    facts: tuple[tuple[str, bytes], ...] = ()
    form: str = ""
    is_secret: bool = False


def hex_row(data: bytes, row: int, width: int) -> tuple[str, str, str]:
    """One row of a dump of `width` bytes a row: offset, hex digits, and printable ASCII with dots for the rest."""
    chunk = data[row * width : (row + 1) * width]
    halves = [chunk[:8].hex(" "), chunk[8:].hex(" ")]
    digits = "  ".join(half for half in halves if half)
    printable = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in chunk)
    return f"{row * width:08x}", digits.ljust(width * 3 - 1 + (width > 8)), printable
