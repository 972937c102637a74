"""Decides how JSON is laid out: indented, with every token exactly as stored (numbers, escapes, repeated names)."""

import json
import re
from collections.abc import Sequence

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
_INDENT = b"  "
_DEEPEST = 200  # past this the indent would be the whole screen
_LAID_OUT_BYTES = 32 * 1024 * 1024  # a million numbers, hundreds of levels deep, are mostly indent
_LARGEST = 4 * 1024 * 1024  # bytes: larger JSON is shown as it is stored
_MOST_PARTS = 300_000  # with a line for each of millions, some kilobytes of gzip would be half a gigabyte


def pretty(raw: bytes) -> bytes | None:
    """The same JSON over several lines, or None where `raw` is no JSON, or none that can be shown so."""
    found = tokens(raw)
    return None if found is None else lay_out(found)


def is_too_much(raw: bytes) -> bool:
    """Whether JSON would be too large laid out, or even read: it is shown as it is stored."""
    return len(raw) > _LARGEST or raw.count(b",") > _MOST_PARTS


def tokens(raw: bytes) -> list[bytes] | None:
    """The tokens of JSON, None where `raw` is none."""
    if b"\0" in raw:
        return None
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return None
    # Match by match, not all at once: in a thread the others have their turn in between.
    return [match.group() for match in _TOKEN.finditer(raw)]


def lay_out(found: Sequence[bytes]) -> bytes | None:
    """Tokens over several lines, None where that would be over 32 MiB."""
    out: list[bytes] = []
    depth = size = 0
    for index, token in enumerate(found):
        if token in (b"{", b"["):
            depth += 1
            piece = token if found[index + 1] in (b"}", b"]") else token + _line(depth)
        elif token in (b"}", b"]"):
            depth -= 1
            piece = token if found[index - 1] in (b"{", b"[") else _line(depth) + token
        elif token == b",":
            piece = b"," + _line(depth)
        else:
            piece = b": " if token == b":" else token
        out.append(piece)
        size += len(piece)
        if size > _LAID_OUT_BYTES:
            return None
    return b"".join(out)


def _line(depth: int) -> bytes:
    return b"\n" + _INDENT * min(depth, _DEEPEST)
