"""Decides what a value is and how it is best read: Kubernetes, gzip, JSON, YAML, text, or bytes."""

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from . import units
from .json_layout import pretty
from .kubernetes import ENCRYPTED, ENVELOPE, Envelope, encryption, envelope
from .syntax import Syntax

PRETTY_BYTES = 256 * 1024  # larger JSON is shown as it is stored: laying it out would hold up the screen
_INFLATED_BYTES = 256 * 1024
_LINE_BYTES = 2048
_YAML_LINE = re.compile(rb"\s*(?:#.*|---|\.\.\.|-(?:\s.*)?|(?:-\s+)*[\w./$\"'-]+:(?:\s.*)?)?$")
_YAML_NAME = re.compile(rb"^(?:-\s+)?[A-Za-z_][\w./$-]*:(?:\s|$)", re.M)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Lines:
    """A body of text lines, each a slice of the value (or of its layout)."""

    lines: Sequence[bytes]
    syntax: Syntax = Syntax.PLAIN


@dataclass(frozen=True, slots=True)
class Hex:
    """A body of bytes, to be dumped."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Decoded:
    """A value as read: the name of its format, facts found in it (name, bytes), and what to show of it."""

    format: str
    body: Lines | Hex
    facts: tuple[tuple[str, bytes], ...] = ()


def decode(raw: bytes) -> Decoded:
    """Read a value; the first format that fits wins, and bytes always fit."""
    for step in _CHAIN:
        decoded = step(raw)
        if decoded is not None:
            return decoded
    return Decoded("binary", Hex(raw))


def hex_row(data: bytes, row: int, width: int) -> tuple[str, str, str]:
    """One row of a dump of `width` bytes a row: offset, hex digits, and printable ASCII with dots for the rest."""
    chunk = data[row * width : (row + 1) * width]
    halves = [chunk[:8].hex(" "), chunk[8:].hex(" ")]
    digits = "  ".join(half for half in halves if half)
    printable = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in chunk)
    return f"{row * width:08x}", digits.ljust(width * 3 - 1 + (width > 8)), printable


def _empty(raw: bytes) -> Decoded | None:
    return Decoded("empty", Lines(())) if not raw else None


def _kubernetes(raw: bytes) -> Decoded | None:
    if raw.startswith(ENCRYPTED):
        return Decoded("Kubernetes, encrypted", Hex(raw), (("provider", encryption(raw)),))
    if not raw.startswith(ENVELOPE):
        return None
    found = envelope(raw) or Envelope(b"", b"", raw[len(ENVELOPE) :])
    facts = (
        ("apiVersion", found.api_version),
        ("kind", found.kind),
        ("object", units.size(len(found.object)).encode()),
    )
    return Decoded("Kubernetes", Hex(found.object), facts)


def _gzip(raw: bytes) -> Decoded | None:
    if not raw.startswith(b"\x1f\x8b\x08"):
        return None
    try:
        inflater = zlib.decompressobj(wbits=31)
        inflated = inflater.decompress(raw, _INFLATED_BYTES)
    except zlib.error:
        return Decoded("gzip, damaged", Hex(raw))
    whole = inflater.eof
    if not whole and not inflater.unconsumed_tail:
        return Decoded("gzip, damaged", Hex(raw))
    inner = decode(inflated) if not inflated.startswith(b"\x1f\x8b") else Decoded("gzip", Hex(inflated))
    amount = units.size(len(inflated)) if whole else f"first {units.size(len(inflated))}"
    return replace(inner, format=f"gzip of {inner.format}", facts=(("inflated", amount.encode()), *inner.facts))


def _json(raw: bytes) -> Decoded | None:
    if raw.lstrip()[:1] not in (b"{", b"["):
        return None
    if len(raw) > PRETTY_BYTES:
        return None if _BINARY.search(raw) else Decoded("JSON, as stored", Lines(_lines(raw), Syntax.JSON))
    laid_out = pretty(raw)
    return None if laid_out is None else Decoded("JSON", Lines(_lines(laid_out), Syntax.JSON))


def _text(raw: bytes) -> Decoded | None:
    if not _is_text(raw):
        return None
    lines = _lines(raw)
    if _looks_like_yaml(raw, lines):
        return Decoded("YAML", Lines(lines, Syntax.YAML))
    return Decoded("text", Lines(lines))


def _is_text(raw: bytes) -> bool:
    # A few control characters do not make a text binary: hostile or coloured text is still read as text.
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    head = raw[:4096]
    return b"\0" not in head and len(_BINARY.findall(head)) * 10 <= len(head)


def _looks_like_yaml(raw: bytes, lines: Sequence[bytes]) -> bool:
    head = lines[:200]
    if not _YAML_NAME.search(raw[:_LINE_BYTES]) or len(raw) < 4:
        return False
    if len(head) == 1:
        return False
    fitting = sum(_YAML_LINE.match(line) is not None or line.startswith(b" ") for line in head)
    return fitting == len(head)


def _lines(raw: bytes) -> list[bytes]:
    if b"\t" in raw:
        raw = raw.expandtabs(4)  # bytes.expandtabs starts anew at each line
    lines = raw.removesuffix(b"\n").split(b"\n")
    if max(map(len, lines)) <= _LINE_BYTES:
        return lines
    return [part for line in lines for part in _parts(line)]


def _parts(line: bytes) -> Sequence[bytes]:
    """A very long line is cut, at UTF-8 borders, so that no row costs more than a window of it."""
    if len(line) <= _LINE_BYTES:
        return (line,)
    parts: list[bytes] = []
    start = 0
    while start < len(line):
        end = min(len(line), start + _LINE_BYTES)
        while end < len(line) and end > start + 1 and line[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(line[start:end])
        start = end
    return parts


_CHAIN: tuple[Callable[[bytes], Decoded | None], ...] = (_empty, _kubernetes, _gzip, _json, _text)
