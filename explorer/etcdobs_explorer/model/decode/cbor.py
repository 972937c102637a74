"""Decides how CBOR reads as JSON: a bounded walk of its own, so that no tag is ever acted upon."""

import binascii
import struct
from typing import NamedTuple

from etcdobs_explorer.model.text import is_utf8

SELF_DESCRIBED = b"\xd9\xd9\xf7"
_SELF_DESCRIBED_TAG, _EXPECTED_BASE64_TAG = 55799, 22
_DEEPEST = 64
_MOST_TOKENS = 1_000_000
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_INDEFINITE = 31
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE = {20: b"false", 21: b"true", 22: b"null", 23: b"undefined"}
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(7)


class _Head(NamedTuple):
    major: int
    info: int
    argument: int  # a length, a number, or the bits of a float; nothing where `info` is indefinite


def tokens(raw: bytes) -> list[bytes] | None:
    """The one item that `raw` is, as JSON tokens: byte strings that are text as strings, others as "h'..'", a tag in
    front of what it is about. None where it is no CBOR, or deeper than 64 levels."""
    walk = _Walk(raw)
    try:
        walk.item(0)
    except ValueError:
        return None
    return walk.out if walk.at == len(raw) else None


def quoted(raw: bytes) -> bytes:
    """Bytes as a JSON string; what is no UTF-8 stays as it is."""
    escaped = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return b'"' + escaped.replace(b"\t", b"\\t") + b'"'


class _Walk:
    """A walk over the items of `raw`, which are written to `out`."""

    def __init__(self, raw: bytes) -> None:
        self.at = 0
        self.out: list[bytes] = []
        self._raw = raw

    def item(self, depth: int) -> None:
        """The next item, with everything in it."""
        if depth > _DEEPEST or len(self.out) > _MOST_TOKENS:
            raise ValueError("too deep, or too much")
        head = self._head()
        match head.major:
            case 0:
                self.out.append(b"%d" % head.argument)
            case 1:
                self.out.append(b"%d" % (-1 - head.argument))
            case 2 | 3:
                self.out.append(_string(self._chunks(head), head.major))
            case 4:
                self._container(head, depth, b"[", b"]")
            case 5:
                self._container(head, depth, b"{", b"}")
            case 6:
                self._tagged(head.argument, depth)
            case _:
                self.out.append(_simple(head))

    def _tagged(self, tag: int, depth: int) -> None:
        if tag == _EXPECTED_BASE64_TAG and self._raw[self.at : self.at + 1] >= b"\x40":
            head = self._head()
            if head.major == _BYTES:
                self.out.append(quoted(binascii.b2a_base64(self._chunks(head), newline=False)))
                return
            raise ValueError("what is to be base64 is no byte string")
        if tag != _SELF_DESCRIBED_TAG:
            self.out.append(b"%d " % tag)
        self.item(depth + 1)

    def _container(self, head: _Head, depth: int, opening: bytes, closing: bytes) -> None:
        self.out.append(opening)
        is_map = head.major == _MAP
        left = head.argument
        count = 0
        while self._goes_on(head, left - count):
            if count:
                self.out.append(b",")
            self.item(depth + 1)
            if is_map:
                self.out.append(b":")
                self.item(depth + 1)
            count += 1
        self.out.append(closing)

    def _goes_on(self, head: _Head, left: int) -> bool:
        if head.info != _INDEFINITE:
            return left > 0
        if self._raw[self.at : self.at + 1] == b"\xff":
            self.at += 1
            return False
        return True

    def _chunks(self, head: _Head) -> bytes:
        """A string: whole, or of indefinite length in chunks of the same type."""
        if head.info != _INDEFINITE:
            return self._take(head.argument)
        parts: list[bytes] = []
        while self._goes_on(head, 0):
            chunk = self._head()
            if chunk.major != head.major or chunk.info == _INDEFINITE:
                raise ValueError("a chunk of another type")
            parts.append(self._take(chunk.argument))
        return b"".join(parts)

    def _head(self) -> _Head:
        first = self._take(1)[0]
        major, info = first >> 5, first & 31
        if info < 24:
            return _Head(major, info, info)
        if info in _WIDTHS:
            return _Head(major, info, int.from_bytes(self._take(_WIDTHS[info])))
        if info == _INDEFINITE and major in (_BYTES, _TEXT, _ARRAY, _MAP):
            return _Head(major, info, 0)
        raise ValueError("a head that means nothing")

    def _take(self, length: int) -> bytes:
        end = self.at + length
        if end > len(self._raw):
            raise ValueError("an item reaches past the end")
        taken = self._raw[self.at : end]
        self.at = end
        return taken


def _string(raw: bytes, major: int) -> bytes:
    return quoted(raw) if major == _TEXT or is_utf8(raw) else b"\"h'" + raw.hex().encode() + b"'\""


def _simple(head: _Head) -> bytes:
    if head.info in _FLOATS:
        number = struct.unpack(_FLOATS[head.info], head.argument.to_bytes(_WIDTHS[head.info]))[0]
        return {"inf": b"Infinity", "-inf": b"-Infinity", "nan": b"NaN"}.get(repr(number), repr(number).encode())
    return _SIMPLE.get(head.argument, b"simple(%d)" % head.argument)
