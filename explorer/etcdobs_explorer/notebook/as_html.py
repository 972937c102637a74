"""Decides how blocks are drawn as HTML."""

from collections.abc import Iterable, Sequence

from .blocks import Bar, Block, Cell, Facts, Folded, Heading, Lines, Node, Note, Table, Tone, Toned, Tree
from .html import Html, joined, style, tag, text
from .style import CSS

_SIGNS = {Tone.ADDED: "+ ", Tone.REMOVED: "- ", Tone.MUTED: "  "}


def html(blocks: Iterable[Block]) -> Html:
    """The blocks, in a box of their own that brings its style."""
    return tag("div", style(CSS), *map(_block, blocks), class_="etcdobs")


def fragment(blocks: Iterable[Block]) -> Html:
    """The blocks alone, for a page that has the style."""
    return joined(map(_block, blocks))


def _block(block: Block) -> Html:
    match block:
        case Table():
            return _table(block)
        case Tree(nodes):
            return tag("div", *map(_node, nodes))
        case Facts(pairs):
            rows = (tag("tr", tag("th", name), tag("td", _cell(cell))) for name, cell in pairs)
            return tag("table", tag("tbody", *rows))
        case Lines(lines):
            return tag("pre", *(_line(tone, line) for tone, line in lines))
        case Note(parts):
            return tag("div", joined(map(_cell, parts), " · "), class_="note")
        case Heading(words):
            return tag("div", words, class_="head")


def _table(table: Table) -> Html:
    classes = ["n" if name in table.numbers else "" for name in table.names]
    names = (_of_class("th", kind, text(name)) for name, kind in zip(table.names, classes, strict=True))
    rows = (_row(row, classes) for row in table.rows)
    return tag("table", tag("thead", tag("tr", *names)), tag("tbody", *rows))


def _row(row: Sequence[Cell], classes: Sequence[str]) -> Html:
    return tag("tr", *(_of_class("td", kind, _cell(cell)) for cell, kind in zip(row, classes, strict=True)))


def _of_class(name: str, kind: str, inside: Html) -> Html:
    return tag(name, inside, class_=kind) if kind else tag(name, inside)


def _cell(cell: Cell) -> Html:
    match cell:
        case None:
            return text("")
        case bool() | int():
            return text(str(cell))
        case bytes() | str():
            return text(cell)
        case Toned(words, tone):
            return tag("span", words, class_=tone.value)
        case Bar():
            return _bar(cell)
        case Folded(short, blocks):
            return tag("details", tag("summary", _cell(short)), *map(_block, blocks))


def _bar(bar: Bar) -> Html:
    filled = tag("i", style=f"width:{max(0.0, min(1.0, bar.share)) * 100:.0f}%")
    return joined((tag("span", filled, class_=f"bar {bar.tone.value}"), text(bar.label)))


def _node(node: Node) -> Html:
    label = joined(map(_cell, node.label))
    if not node.children:
        return tag("div", label, class_="leaf")
    kids = tag("div", *map(_node, node.children), class_="kids")
    return tag("details", tag("summary", label), kids, open=node.is_open)


def _line(tone: Tone, line: bytes) -> Html:
    return tag("span", text(_SIGNS.get(tone, "")), text(line) or text(" "), class_=f"line {tone.value}")
