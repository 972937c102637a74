"""Decides how one line of a value is coloured: JSON and YAML by pattern, so that only visible lines cost anything."""

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from .text import Inert, inert


class Token(Enum):
    """What a piece of a line is."""

    TEXT = "text"
    NAME = "name"
    STRING = "string"
    NUMBER = "number"
    LITERAL = "literal"
    PUNCTUATION = "punctuation"
    COMMENT = "comment"


class Piece(NamedTuple):
    """A piece of a line, inert."""

    token: Token
    text: Inert


class Syntax(Enum):
    """The languages that are coloured."""

    PLAIN = "text"
    JSON = "JSON"
    YAML = "YAML"
    TOML = "TOML"


# A string that does not end on its line goes on to the line's end: to look for its end from each of its quotes would
# take as long as the line is, squared.
_SCALAR = rb"""
    (?P<STRING>"(?:[^"\\]|\\.)*(?:"|\\?$)|'[^']*')
  | (?P<NUMBER>(?<![\w.+/-])-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.+/:-]))
  | (?P<LITERAL>(?<![\w.+/-])(?:true|false|null|yes|no)(?![\w.+/-])|~)
"""
_JSON = re.compile(rb"""(?P<NAME>"(?:[^"\\]|\\.)*"(?=\s*:))|""" + _SCALAR + rb"|(?P<PUNCTUATION>[\[\]{}:,]+)", re.X)
_YAML = re.compile(
    rb"""(?P<COMMENT>(?:^|(?<=\s))\#.*$)
  | (?P<NAME>(?:(?<=^)|(?<=\s))[\w./$-]+(?=:(?:\s|$)))|"""
    + _SCALAR
    + rb"|(?P<PUNCTUATION>^---$|^\s*-(?=\s)|[\[\]{},:|>&*]+)",
    re.X,
)
_TOML = re.compile(
    rb"""(?P<COMMENT>(?:^|(?<=\s))\#.*$)
  | (?P<NAME>^\s*\[\[?[^\]]*\]\]?|(?:^\s*|(?<=[{,])\s*)[\w."'-]+(?=\s*=))|"""
    + _SCALAR
    + rb"|(?P<PUNCTUATION>[\[\]{},=]+)",
    re.X,
)
_PATTERNS = {Syntax.JSON: _JSON, Syntax.YAML: _YAML, Syntax.TOML: _TOML}


def pieces(line: bytes, syntax: Syntax) -> list[Piece]:
    """One line, cut into coloured pieces; together they are the whole line."""
    pattern = _PATTERNS.get(syntax)
    if pattern is None:
        return [Piece(Token.TEXT, inert(line))]
    return list(_cut(line, pattern))


def _cut(line: bytes, pattern: re.Pattern[bytes]) -> Iterator[Piece]:
    end = 0
    for match in pattern.finditer(line):
        if match.start() > end:
            yield Piece(Token.TEXT, inert(line[end : match.start()]))
        yield Piece(Token[match.lastgroup or "TEXT"], inert(match.group()))
        end = match.end()
    if end < len(line):
        yield Piece(Token.TEXT, inert(line[end:]))
