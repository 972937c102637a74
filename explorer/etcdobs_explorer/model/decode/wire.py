"""Decides how a protobuf message is cut into fields without its schema: what is no message raises ValueError."""

from collections.abc import Iterator
from typing import NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_VARINT_BYTES = 10
_WIDTHS = {FIXED64: 8, FIXED32: 4}
_LARGEST_NUMBER = (1 << 29) - 1
_YEAR_10000 = 253_402_300_800


class Field(NamedTuple):
    """A field as it is on the wire: `value` is a number for VARINT, else the bytes."""

    number: int
    type: int
    value: int | bytes


def fields(data: bytes) -> Iterator[Field]:
    """The fields of a message, in order. ValueError where it is damaged, or no message at all."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        number, type = tag >> 3, tag & 7
        if not 0 < number <= _LARGEST_NUMBER:
            raise ValueError(f"there is no field {number}")
        if type == VARINT:
            value, at = varint(data, at)
            yield Field(number, type, value)
            continue
        length = _WIDTHS.get(type)
        if type == BYTES:
            length, at = varint(data, at)
        if length is None:
            raise ValueError(f"there is no wire type {type}, or it is one of the groups of old")
        if at + length > len(data):
            raise ValueError("a field reaches past the end")
        yield Field(number, type, data[at : at + length])
        at += length


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that starts at `at`, and where it ends."""
    number = 0
    for shift in range(0, 7 * _VARINT_BYTES, 7):
        if at >= len(data):
            raise ValueError("a number reaches past the end")
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at += 1
        if not byte & 0x80:
            return number, at
    raise ValueError("a number is too long")


def first(data: bytes, *wanted: int) -> dict[int, bytes]:
    """The first occurrence of each of some length-delimited fields, as far as the message is whole."""
    found: dict[int, bytes] = {}
    try:
        for number, _, value in fields(data):
            if number in wanted and number not in found and isinstance(value, bytes):
                found[number] = value
                if len(found) == len(wanted):
                    break
    except ValueError:
        pass
    return found


def seconds_of(time: bytes) -> int | None:
    """The seconds since 1970 of Kubernetes' `Time`, None where it is none, or no time of this era."""
    try:
        said = next((value for number, _, value in fields(time) if number == 1 and isinstance(value, int)), None)
    except ValueError:
        return None
    return said if said is not None and said < _YEAR_10000 else None
