"""Decides which of the reader's choices holds for a key: the one for the longest prefix of it."""

from collections.abc import Mapping
from typing import TypeVar

C = TypeVar("C")


def choice_for(key: bytes, held: Mapping[bytes, C]) -> C | None:
    """What was chosen for the longest prefix of a key, None where nothing was."""
    prefixes = [prefix for prefix in held if key.startswith(prefix)]
    return held[max(prefixes, key=len)] if prefixes else None


def directory_of(key: bytes, separator: bytes) -> bytes:
    """The prefix that a choice made at a key holds for: up to its last separator, that one included."""
    if not separator:
        return b""
    return key[: key.rfind(separator) + len(separator)] if separator in key else b""


def choose(held: dict[bytes, str], key: bytes, separator: bytes, name: str) -> None:
    """Remember a choice for the directory of a key. "" goes back to none, and is kept where a wider one is held."""
    place = directory_of(key, separator)
    held.pop(place, None)
    if name or choice_for(key, held):
        held[place] = name
