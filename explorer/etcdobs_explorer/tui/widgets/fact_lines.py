"""Decides how named facts stand in lines: a name, what is known under it, and headings between them."""

from etcdobs_explorer.model.text import Inert

from .strips import Span, Spans

_NAMES = 16  # cells


def heading(text: str) -> Spans:
    """What the lines below are about."""
    return [(text, "title")]


def fact(name: str, value: Inert | str, role: str = "text") -> Spans:
    """A name and what is known under it."""
    return [(f"  {name}".ljust(_NAMES), "muted"), (value, role)]


def wrapped(text: str, width: int, role: str, indent: str = "  ") -> list[Spans]:
    """The explorer's own or inert text, broken into lines."""
    room = max(10, width - len(indent))
    lines = [row[start : start + room] for row in text.split("\n") for start in range(0, len(row) or 1, room)]
    return [_indented(indent, (line, role)) for line in lines]


def _indented(indent: str, span: Span) -> Spans:
    return [(indent, "text"), span]
