"""Decides what the value of an option may be, and what it is read as: numbers, durations, ids, choices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from etcdobs_explorer.model.go_values import boolean as go_boolean
from etcdobs_explorer.model.go_values import duration
from etcdobs_explorer.model.text import inert

from .words import LineError, Word


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value is: how help calls it, what reads it (naming `what` in complaints), and the choices there are."""

    metavar: str
    read: Callable[[Word, str], Any]
    choices: tuple[str, ...] = ()


def shown(word: Word) -> str:
    """A word for a message of one line."""
    return repr(inert(word.text, 60).plain)


def boolean(word: Word, what: str) -> bool:
    """True or False, as Go's flags spell them."""
    try:
        return go_boolean(inert(word.text, 40).plain)
    except ValueError as error:
        raise LineError(f"{what}: {error}") from None


def whole(word: Word, what: str) -> int:
    """A whole number, from 0."""
    text = inert(word.text, 40).plain
    if not (text.isascii() and text.isdigit()) or int(text) >= 1 << 63:
        raise LineError(f"{what}: a whole number from 0 is wanted, not {shown(word)}")
    return int(text)


def revision(word: Word, what: str) -> int:
    """A revision, or how many before the revision of now: `-100`."""
    text = inert(word.text, 40).plain
    if text.startswith("-"):
        return -whole(Word(word.text[1:]), what)
    return whole(word, what)


def seconds(word: Word, what: str) -> float:
    """Seconds, from a duration of Go's (`30s`, `1m30s`, `500ms`) or a plain number."""
    text = inert(word.text, 40).plain
    try:
        return duration(f"{text}s" if text.replace(".", "", 1).isdigit() else text)
    except ValueError as error:
        raise LineError(f"{what}: {error}") from None


def hex_id(word: Word, what: str) -> int:
    """The id of a lease or a member: in hex as etcdctl prints it, or a number or a lease of the notebook."""
    given = getattr(word.given, "id", word.given)
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    try:
        number = int(inert(word.text, 40).plain, 16)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 64:
        raise LineError(f"{what}: an id in hex is wanted, as etcdctl prints it, not {shown(word)}")
    return number


def plain(word: Word, _what: str) -> str:
    """Text, as it stands."""
    return inert(word.text).plain


def _raw(word: Word, _what: str) -> bytes:
    return word.text


def choice(metavar: str, choices: Sequence[str]) -> Kind:
    """One of a few words, whatever its capitals."""

    def read(word: Word, what: str) -> str:
        wanted = inert(word.text, 60).plain.lower()
        found = next((each for each in choices if each.lower() == wanted), None)
        if found is None:
            raise LineError(f"{what}: one of {', '.join(choices)} is wanted, not {shown(word)}")
        return found

    return Kind(metavar, read, tuple(choices))


FLAG = Kind("", boolean)
NUMBER = Kind("N", whole)
REVISION = Kind("REV", revision)
DURATION = Kind("DURATION", seconds)
ID = Kind("ID", hex_id)
TEXT = Kind("TEXT", plain)
BYTES = Kind("TEXT", _raw)


def text(metavar: str) -> Kind:
    """Text of any kind, which help calls `metavar`."""
    return Kind(metavar, plain)
