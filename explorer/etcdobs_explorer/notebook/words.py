"""Decides what the words of a line are: etcdctl's quoting, JSON kept as it was typed, and names of the notebook."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(rb"\{([A-Za-z_][A-Za-z0-9_]*)\}|\$([A-Za-z_][A-Za-z0-9_]*)|\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-7]{3})|(.))", re.S)
_DOUBLE = re.compile(r'"(?:[^"\\]|\\.)*"', re.S)
_SINGLE = re.compile(r"'[^']*'", re.S)
_SHORT = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
}


class LineError(Exception):
    """The line is wrong; the message is one line that says what is, and what would be right."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word: what it stands for, and where it was typed.

    Attributes:
        text: the bytes that it stands for.
        bare: it was typed without quotes and is no JSON, so that it may be an option.
        given: the notebook's own value, where the word is a name of it and nothing else.
        start: where it begins in the line.
        literal: how many bytes at its beginning were typed, rather than put in for a name.
    """

    text: bytes
    bare: bool = True
    given: object = None
    start: int = 0
    literal: int = 0


def split(line: str, names: Mapping[str, object]) -> list[Word]:
    """The words of a line, with `names` in the place of `{name}` and `$name`.

    Raises:
        LineError: a quote is not closed, or an escape unknown.
    """
    words: list[Word] = []
    at = 0
    while (at := _skip_blanks(line, at)) < len(line):
        word, at = _word(line, at, names)
        words.append(word)
    return words


def _skip_blanks(line: str, at: int) -> int:
    while at < len(line) and line[at].isspace():
        at += 1
    return at


def _word(line: str, at: int, names: Mapping[str, object]) -> tuple[Word, int]:
    if line[at] in "{[" and (end := _json_end(line, at)):
        return Word(_encoded(line[at:end]), bare=False, start=at), end
    if line[at] in "\"'":
        text, end = _quoted(line, at, names)
        return Word(text, bare=False, start=at), end
    return _bare(line, at, names)


def _json_end(line: str, at: int) -> int:
    """Where the JSON that begins here ends; 0 where it is none, or goes on as something else."""
    try:
        _, end = json.JSONDecoder().raw_decode(line, at)
    except (ValueError, RecursionError):
        return 0
    return end if end == len(line) or line[end].isspace() else 0


def _quoted(line: str, at: int, names: Mapping[str, object]) -> tuple[bytes, int]:
    """A quoted word, as etcdctl reads it: '...' as it stands, "..." with Go's escapes."""
    quote = line[at]
    found = (_DOUBLE if quote == '"' else _SINGLE).match(line, at)
    if found is None:
        raise LineError(f"the closing {quote} is missing: {_glimpse(line[at:])}")
    end = found.end()
    if end < len(line) and not line[end].isspace():
        raise LineError(f"after the closing {quote} a blank is wanted: {_glimpse(line[at : end + 10])}")
    inside = found.group()[1:-1]
    return (_encoded(inside) if quote == "'" else expanded(_unescaped(inside), names)), end


def _bare(line: str, at: int, names: Mapping[str, object]) -> tuple[Word, int]:
    end = at
    while end < len(line) and not line[end].isspace():
        if line[end] in "\"'" and line[at : at + 2] == "--" and line[end - 1] == "=":
            value, stop = _quoted(line, end, names)
            return Word(_encoded(line[at:end]) + value, start=at, literal=end - at), stop
        end += 1
    typed = _encoded(line[at:end])
    text = expanded(typed, names)
    value = typed.partition(b"=")[2] if typed.startswith(b"--") else typed
    first = _NAME.search(typed)
    literal = len(typed) if text == typed or first is None else first.start()
    return Word(text, start=at, given=_only_name(value, names), literal=literal), end


def _only_name(typed: bytes, names: Mapping[str, object]) -> object:
    found = _NAME.fullmatch(typed)
    return names.get(_name_of(found)) if found else None


def _name_of(found: "re.Match[bytes]") -> str:
    return "".join(map(chr, next(group for group in found.groups() if group)))  # ASCII, by its pattern


def expanded(text: bytes, names: Mapping[str, object]) -> bytes:
    """`text` with the notebook's value for each simple name in it; what is no name of the notebook stays."""

    def value(found: "re.Match[bytes]") -> bytes:
        name = _name_of(found)
        return as_typed(names[name]) if name in names else found.group()

    return _NAME.sub(value, text)


def as_typed(value: Any) -> bytes:
    """A value of the notebook as it would be typed: bytes and text as they are, a lease's id in hex, data as JSON."""
    match value:
        case bytes():
            return value
        case bytearray():
            return bytes(value)
        case _ if isinstance(value, (dict, list, tuple)):
            return _json(value)
        case _ if isinstance(getattr(value, "id", None), int) and hasattr(value, "ttl"):
            return b"%x" % getattr(value, "id", 0)
        case _:
            return _encoded(str(value))


def _json(value: Any) -> bytes:
    try:
        return _encoded(json.dumps(value, ensure_ascii=False))
    except (TypeError, ValueError) as error:
        raise LineError(f"a value that is no JSON cannot be typed here: {error}") from None


def _unescaped(text: str) -> bytes:
    out: list[bytes] = []
    end = 0
    for found in _ESCAPE.finditer(text):
        out += [_encoded(text[end : found.start()]), _escape(found)]
        end = found.end()
    return b"".join([*out, _encoded(text[end:])])


def _escape(found: re.Match[str]) -> bytes:
    byte, short, long, octal, other = found.groups()
    if byte:
        return bytes([int(byte, 16)])
    if octal and int(octal, 8) < 256:
        return bytes([int(octal, 8)])
    code = int(short or long or "0", 16)
    if (short or long) and code < 0x110000:
        return _encoded(chr(code))
    if other in _SHORT:
        return _SHORT[other].encode()
    raise LineError(f"unknown escape {found.group()} in double quotes; single quotes keep every character")


def _encoded(text: str) -> bytes:
    # Half a surrogate pair cannot be UTF-8: it is sent as the three bytes that stand for it alone.
    return text.encode("utf-8", "surrogatepass")


def _glimpse(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
