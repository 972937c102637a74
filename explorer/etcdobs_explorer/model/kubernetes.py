"""Decides what can be told of a Kubernetes storage object without its schema: the envelope, or how it is encrypted."""

from collections.abc import Iterator
from typing import NamedTuple

ENVELOPE = b"k8s\0"
ENCRYPTED = b"k8s:enc:"
_LENGTH_DELIMITED = 2


class Envelope(NamedTuple):
    """`runtime.Unknown`, the message around every protobuf object that an API server stores."""

    api_version: bytes
    kind: bytes
    object: bytes


def envelope(raw: bytes) -> Envelope | None:
    """Read the envelope of a value that starts with ENVELOPE; None where it is damaged."""
    try:
        unknown = dict(_fields(raw[len(ENVELOPE) :]))
        type_meta = dict(_fields(unknown.get(1, b"")))
    except ValueError:
        return None
    return Envelope(type_meta.get(1, b""), type_meta.get(2, b""), unknown.get(2, b""))


def encryption(raw: bytes) -> bytes:
    """`provider:version:key name` of an encrypted value: what precedes the ciphertext."""
    parts = raw[len(ENCRYPTED) : len(ENCRYPTED) + 256].split(b":", 3)
    return b":".join(parts[:3])


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        if tag & 7 != _LENGTH_DELIMITED:
            raise ValueError("the envelope holds strings and messages only")
        length, at = _varint(data, at)
        if at + length > len(data):
            raise ValueError("a field reaches past the end")
        yield tag >> 3, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("a number reaches past the end")
        number |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            return number, at
    raise ValueError("a number is too long")
