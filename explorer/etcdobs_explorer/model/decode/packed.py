"""Decides what is within gzip, zstd and base64: inflated up to a bound, and never more than one layer at a time."""

import binascii
import re
import zlib
from typing import NamedTuple

GZIP = b"\x1f\x8b\x08"
ZSTD = b"\x28\xb5\x2f\xfd"
INFLATED_BYTES = 4 * 1024 * 1024
_WINDOW_BYTES = 8 * 1024 * 1024  # what every decoder of zstd has to offer; more would let a value claim gigabytes
_STEP = 256  # bytes at a time: at most 8 MiB come of them, and the decoder knows no bound of its own
_BASE64 = re.compile(rb"[A-Za-z0-9+/]++={0,2}+")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_SHORTEST_BASE64 = 16


class Inner(NamedTuple):
    """What is within: whole, or its first INFLATED_BYTES."""

    data: bytes
    is_whole: bool


class MissingError(Exception):
    """What is needed to look within is not installed."""


def gzip(raw: bytes) -> Inner | None:
    """What was compressed, None where it is damaged."""
    inflater = zlib.decompressobj(wbits=31)
    try:
        inflated = inflater.decompress(raw, INFLATED_BYTES)
    except zlib.error:
        return None
    if not inflater.eof and not inflater.unconsumed_tail:
        return None
    return Inner(inflated, inflater.eof)


def zstd(raw: bytes) -> Inner | None:
    """What was compressed, None where it is damaged. Raises MissingError without the `explorer` extra."""
    try:
        import zstandard  # noqa: PLC0415 - not needed by who has no such values
    except ImportError:
        raise MissingError("zstandard") from None
    inflater = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).decompressobj()
    out: list[bytes] = []
    size = at = 0
    try:
        while at < len(raw) and not inflater.eof and size < INFLATED_BYTES:
            out.append(inflater.decompress(raw[at : at + _STEP]))
            size += len(out[-1])
            at += _STEP
    except (zstandard.ZstdError, MemoryError):
        return None
    if size < INFLATED_BYTES and not inflater.eof:
        return None
    return Inner(b"".join(out)[:INFLATED_BYTES], inflater.eof and size <= INFLATED_BYTES)


def base64(raw: bytes) -> bytes | None:
    """What was encoded, None where it is no base64 of at least a dozen bytes; the alphabet for URLs counts too."""
    joined = raw.rstrip().translate(_URL_SAFE, b"\r\n")
    if len(joined) < _SHORTEST_BASE64 or len(joined) % 4 == 1 or not _BASE64.fullmatch(joined):
        return None
    try:
        return binascii.a2b_base64(joined + b"=" * (-len(joined) % 4), strict_mode=True)
    except binascii.Error:
        return None
