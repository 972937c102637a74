"""Decides how text is cut into lines, and whether they are YAML, TOML or just text."""

import re
import tomllib
from collections.abc import Sequence
from io import BytesIO

from etcdobs_explorer.model.syntax import Syntax
from etcdobs_explorer.model.text import is_utf8

from .body import Lines

_LINE_BYTES = 2048
_TOML_BYTES = 128 * 1024  # the parser takes its time: larger text is not tried
_MOST_DOTS = 64  # in a line: for a key of thousands of parts the parser takes minutes
_YAML_LINE = re.compile(rb"\s*(?:#.*|---|\.\.\.|-(?:\s.*)?|(?:-\s+)*[\w./$\"'-]+:(?:\s.*)?)?$")
_YAML_NAME = re.compile(rb"^(?:-\s+)?[A-Za-z_][\w./$-]*:(?:\s|$)", re.M)
_TOML_NAME = re.compile(rb"^[ \t]*(?:\[\[?[\w.\"' -]+\]\]?\s*(?:#.*)?$|[\w.\"'-]+\s*=\s*\S)", re.M)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def is_text(raw: bytes) -> bool:
    """Whether bytes are for reading. A few control characters do not make text binary: hostile or coloured text is
    still read as text."""
    if not is_utf8(raw):
        return False
    head = raw[:4096]
    return b"\0" not in head and len(_BINARY.findall(head)) * 10 <= len(head)


def has_controls(raw: bytes) -> bool:
    """Whether there is any control character that no text needs."""
    return _BINARY.search(raw) is not None


def as_text(raw: bytes, syntax: Syntax = Syntax.PLAIN) -> Lines:
    """Text as it is stored."""
    return Lines(cut(raw) if raw else (), syntax)


def looks_like_yaml(raw: bytes) -> bool:
    """Whether text of several lines has names and values where YAML has them."""
    if len(raw) < 4 or not _YAML_NAME.search(raw[:_LINE_BYTES]):
        return False
    head = cut(raw[: 64 * 1024])[:200]
    if len(head) == 1:
        return False
    return all(_YAML_LINE.match(line) is not None or line.startswith(b" ") for line in head)


def is_toml(raw: bytes) -> bool:
    """Whether text is TOML: tables, or names with values, and nothing else; up to 128 KiB of it."""
    if len(raw) > _TOML_BYTES or not _TOML_NAME.search(raw[:_LINE_BYTES]):
        return False
    if max(line.count(b".") for line in raw.split(b"\n")) > _MOST_DOTS:
        return False
    try:
        tomllib.load(BytesIO(raw))
    except (ValueError, RecursionError):
        return False
    return True


def cut(raw: bytes) -> list[bytes]:
    """The lines of text; a very long one in several."""
    if b"\t" in raw:
        raw = raw.expandtabs(4)  # bytes.expandtabs starts anew at each line
    lines = raw.removesuffix(b"\n").split(b"\n")
    if max(map(len, lines)) <= _LINE_BYTES:
        return lines
    return [part for line in lines for part in parts(line)]


def parts(line: bytes) -> Sequence[bytes]:
    """A very long line is cut, at UTF-8 borders, so that no row costs more than a window of it."""
    if len(line) <= _LINE_BYTES:
        return (line,)
    found: list[bytes] = []
    start = 0
    while start < len(line):
        end = min(len(line), start + _LINE_BYTES)
        while end < len(line) and end > start + 1 and line[end] & 0xC0 == 0x80:
            end -= 1
        found.append(line[start:end])
        start = end
    return found
