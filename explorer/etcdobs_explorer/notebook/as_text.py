"""Decides how blocks are drawn as plain text: for IPython in a terminal, and where a notebook is read as text."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from etcdobs_explorer.model.text import inert

from .blocks import Bar, Block, Cell, Facts, Folded, Heading, Lines, Node, Note, Table, Tone, Toned, Tree

_WIDEST = 64  # characters of a cell: what is longer is in the value itself
_BAR = 10
_SIGNS = {Tone.ADDED: "+ ", Tone.REMOVED: "- ", Tone.MUTED: "  "}


def plain(blocks: Iterable[Block]) -> str:
    """The blocks as lines, inert: no control character of the data reaches a terminal."""
    return "\n".join(line.rstrip() for block in blocks for line in _block(block))


def _block(block: Block) -> Iterator[str]:
    match block:
        case Table():
            yield from _table(block)
        case Tree(nodes):
            yield from _nodes(nodes, "")
        case Facts(pairs):
            width = max((len(name) for name, _ in pairs), default=0)
            for name, cell in pairs:
                yield f"{name.ljust(width)}  {_cell(cell, None)}"
        case Lines(lines):
            for tone, line in lines:
                yield _SIGNS.get(tone, "") + inert(line).plain
        case Note(parts):
            yield " · ".join(_cell(part, None) for part in parts)
        case Heading(words):
            yield inert(words).plain


def _table(table: Table) -> Iterator[str]:
    rows = [[_cell(cell, _WIDEST) for cell in row] for row in table.rows]
    columns = [[name, *(row[at] for row in rows)] for at, name in enumerate(table.names)]
    widths = [max(map(_width, column)) for column in columns]
    for row in (list(table.names), *rows):
        padded = (
            _padded(piece, width, name in table.numbers)
            for piece, width, name in zip(row, widths, table.names, strict=True)
        )
        yield "  ".join(padded)


def _padded(piece: str, width: int, to_the_right: bool) -> str:
    blanks = " " * (width - _width(piece))
    return blanks + piece if to_the_right else piece + blanks


def _width(piece: str) -> int:
    if piece.isascii():
        return len(piece)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in piece)
    return len(piece) + wide - sum(unicodedata.combining(char) > 0 for char in piece)


def _cell(cell: Cell, limit: int | None) -> str:
    match cell:
        case None:
            return ""
        case bool() | int():
            return str(cell)
        case bytes() | str():
            return inert(cell, limit).plain
        case Toned(words, _):
            return inert(words, limit).plain
        case Bar(share, label):
            filled = round(max(0.0, min(1.0, share)) * _BAR)
            return f"{'█' * filled}{'░' * (_BAR - filled)} {label}"
        case Folded(short, _):
            return _cell(short, limit)


def _nodes(nodes: Sequence[Node], indent: str) -> Iterator[str]:
    for at, node in enumerate(nodes):
        is_last = at == len(nodes) - 1
        yield f"{indent}{'└── ' if is_last else '├── '}" + "".join(_cell(cell, None) for cell in node.label)
        yield from _nodes(node.children, indent + ("    " if is_last else "│   "))
