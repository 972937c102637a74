"""Decides how a protobuf message reads without its schema: a tree of field numbers, whose types are guesses."""

import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from etcdobs_explorer.model import units

from .cbor import quoted
from .lines import is_text, parts
from .wire import BYTES, FIXED64, Field, fields

MOST_LINES = 50_000
_MOST_FIELDS = 200_000
_DEEPEST = 12
_SHOWN_BYTES = 32
_INDENT = b"  "
_YEAR_2000, _YEAR_2100 = 946_684_800, 4_102_444_800


def message(data: bytes) -> list[Field] | None:
    """The fields of what may be a message; None where it is none, is empty, or has over 200,000 of them."""
    try:
        found = list(islice(fields(data), _MOST_FIELDS + 1))
    except ValueError:
        return None
    return found if 0 < len(found) <= _MOST_FIELDS else None


def tree(found: Iterable[Field], depth: int = 0) -> Iterator[bytes]:
    """The fields of a message as lines, one a field, and those of a message within indented below it."""
    for field in found:
        yield from named(b"%d" % field.number, field, depth)


def named(name: bytes, field: Field, depth: int) -> Iterator[bytes]:
    """One field as lines, under a name."""
    indent = _INDENT * depth
    if isinstance(field.value, int):
        yield indent + name + b": " + _number(field.value)
    elif field.type == BYTES:
        yield from _delimited(name, field.value, depth)
    else:
        yield indent + name + b": " + _fixed(field.value, field.type)


def text_or_bytes(name: bytes, value: bytes, depth: int) -> Iterator[bytes]:
    """A value that is text, over several lines where it has them, or else bytes."""
    indent = _INDENT * depth
    if not is_text(value):
        yield indent + name + b": " + _bytes(value)
    elif b"\n" in value.rstrip(b"\n"):
        yield indent + name + b": |"
        yield from (indent + _INDENT + each for each in value.removesuffix(b"\n").split(b"\n"))
    else:
        yield indent + name + b": " + quoted(value)


def bounded(lines: Iterable[bytes]) -> list[bytes]:
    """The first MOST_LINES lines, and a word where there are more."""
    held = list(islice((part for line in lines for part in parts(line)), MOST_LINES + 1))
    return held if len(held) <= MOST_LINES else [*held[:MOST_LINES], b"# there is more; it is not shown"]


def _delimited(name: bytes, value: bytes, depth: int) -> Iterator[bytes]:
    within = None if _reads_as_text(value) or depth + 1 >= _DEEPEST else message(value)
    if within is None:
        yield from text_or_bytes(name, value, depth)
    else:
        yield _INDENT * depth + name + b":" + _time(within)
        yield from tree(within, depth + 1)


def _time(found: Sequence[Field]) -> bytes:
    """A guess: seconds, and perhaps nanoseconds, are how protobuf and Kubernetes write times."""
    seconds = found[0].value
    if found[0].number != 1 or [field.number for field in found[1:]] not in ([], [2]):
        return b""
    if not isinstance(seconds, int) or not _YEAR_2000 <= seconds < _YEAR_2100:
        return b""
    return time.strftime("  # %Y-%m-%dT%H:%M:%SZ?", time.gmtime(seconds)).encode()


def _reads_as_text(value: bytes) -> bool:
    """A line break in front is also the head of a string in field 1, and far more often that."""
    return is_text(value) and all(byte >= 0x20 or byte in b"\r\n\t" for byte in value[:64]) and value[:1] != b"\n"


def _number(value: int) -> bytes:
    return b"%d" % value if value < 1 << 63 else b"%d  # or %d" % (value - (1 << 64), value)


def _fixed(value: bytes, type: int) -> bytes:
    code = "d" if type == FIXED64 else "f"
    (real,) = struct.unpack(f"<{code}", value)
    return b"%d  # or %s" % (int.from_bytes(value, "little"), f"{real:.9g}".encode())


def _bytes(value: bytes) -> bytes:
    cut = b"\xe2\x80\xa6" if len(value) > _SHOWN_BYTES else b""
    return value[:_SHOWN_BYTES].hex(" ").encode() + cut + b"  # " + units.size(len(value)).encode()
