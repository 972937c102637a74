"""Decides how JSON is laid out: indented, with every token exactly as stored (numbers, escapes, repeated names)."""

import json
import re

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
_INDENT = b"  "
_DEEPEST = 200  # past this the indent would be the whole screen


def pretty(raw: bytes) -> bytes | None:
    """The same JSON over several lines, or None where `raw` is no JSON."""
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return b"".join(_layout(_TOKEN.findall(raw)))


def _layout(tokens: list[bytes]) -> list[bytes]:
    out: list[bytes] = []
    depth = 0
    for index, token in enumerate(tokens):
        if token in (b"{", b"["):
            depth += 1
            out.append(token)
            if tokens[index + 1] not in (b"}", b"]"):
                out.append(_line(depth))
        elif token in (b"}", b"]"):
            depth -= 1
            if tokens[index - 1] not in (b"{", b"["):
                out.append(_line(depth))
            out.append(token)
        elif token == b",":
            out.append(b"," + _line(depth))
        else:
            out.append(b": " if token == b":" else token)
    return out


def _line(depth: int) -> bytes:
    return b"\n" + _INDENT * min(depth, _DEEPEST)
