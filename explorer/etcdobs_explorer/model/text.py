"""The choke point: decides how bytes from a server become text that no terminal and no markup parser acts upon."""

import re
from dataclasses import dataclass
from typing import NamedTuple

# C0, DEL, C1, every format character (bidi and zero-width controls, BOM, tags, ...), variation selectors and
# invisible fillers, separators that break a line, and the lone surrogates that `surrogateescape` makes of bytes
# that are no UTF-8.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]+"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
CLIPBOARD_BYTES = 74_994  # what terminals accept in one OSC 52 sequence


class Run(NamedTuple):
    """A stretch of text; `escaped` says that it stands for bytes that cannot be shown as they are."""

    text: str
    escaped: bool


@dataclass(frozen=True, slots=True)
class Inert:
    """Text that is safe to draw: runs without control characters, each plain or escaped."""

    runs: tuple[Run, ...]

    @property
    def plain(self) -> str:
        """The text without the distinction between plain and escaped."""
        return "".join(run.text for run in self.runs)


def inert(raw: bytes | str, limit: int | None = None) -> Inert:
    """Turn what a server sent into inert text, at most `limit` characters of it (then an escaped `…`)."""
    text, cut = _decoded(raw, limit)
    runs = tuple(_runs(text))
    return Inert((*runs, Run("…", True)) if cut else runs)


def copyable(raw: bytes) -> str:
    """What goes to the clipboard: the text itself where it is harmless, else its inert form, bounded."""
    return inert(raw[:CLIPBOARD_BYTES]).plain[:CLIPBOARD_BYTES]


def legible(raw: bytes) -> str:
    """Text for a clipboard or a pager: its lines and tabs stay, everything else is inert."""
    return "\n".join("\t".join(inert(part).plain for part in line.split(b"\t")) for line in raw.split(b"\n"))


def harmless(text: str) -> str:
    """Text that is about to be drawn, all that a terminal would act upon blanked: there is nothing to blank but where
    something passed the choke point by."""
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(lambda found: " " * len(found[0]), text)


def is_utf8(raw: bytes) -> bool:
    """Whether bytes are text at all."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def utf8(raw: bytes) -> str | None:
    """Bytes as exactly the text they are, for a file that escapes it, never for the screen; None: they are no text."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _decoded(raw: bytes | str, limit: int | None) -> tuple[str, bool]:
    if limit is None:
        return _decode(raw), False
    text = _decode(raw[: 4 * limit + 4])  # UTF-8 needs at most four bytes a character
    return text[:limit], len(text) > limit


def _decode(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else raw.decode("utf-8", "surrogateescape")


def _runs(text: str) -> list[Run]:
    runs: list[Run] = []
    end = 0
    for match in _UNSAFE.finditer(text):
        if match.start() > end:
            runs.append(Run(text[end : match.start()], False))
        runs.append(Run("".join(map(_escape, match.group())), True))
        end = match.end()
    if end < len(text):
        runs.append(Run(text[end:], False))
    return runs


def _escape(char: str) -> str:
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
