"""Decides how a value is put into an editor and read back, byte for byte, and whether it may be written."""

import json
import re
from dataclasses import dataclass

from etcdobs_explorer.model.text import inert

MOST_BYTES = 256 * 1024  # edited within the explorer: a text area lays out all of it at each key
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|([nrt0\\\\]))|\\")
_SHORT = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}


class DraftError(ValueError):
    """What was typed cannot be written. `line` and `column` count from 1; 0 where the place is not known."""

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"line {line}, column {column}: {reason}" if line else reason)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Draft:
    """A value as text. Where it is printable text, `text` is the value; else `is_escaped`: every byte that cannot be
    shown is \\xNN, and a backslash is \\\\."""

    text: str
    is_escaped: bool

    def read(self, text: str) -> bytes:
        """The value that an edited text stands for.

        Raises:
            DraftError: it holds an escape that means nothing.
        """
        raw = text.encode("utf-8", "surrogateescape")
        if not self.is_escaped:
            return raw

        def byte(found: re.Match[bytes]) -> bytes:
            if found[1]:
                return bytes([int(found[1], 16)])
            if found[2]:
                return _SHORT[found[2]]
            line, column = _place(raw, found.start())
            raise DraftError("a backslash begins \\xNN, \\n, \\r, \\t or \\\\", line, column)

        return _ESCAPE.sub(byte, raw)


def draft(value: bytes) -> Draft:
    """Put a value into an editor."""
    text = "\n".join("\t".join(inert(part).plain for part in row.split(b"\t")) for row in value.split(b"\n"))
    if text.encode("utf-8", "surrogateescape") == value:
        return Draft(text, is_escaped=False)
    return Draft("\n".join(_escaped(row) for row in value.split(b"\n")), is_escaped=True)


def typed(text: str) -> str:
    """What was pasted, with everything that a terminal would act upon escaped."""
    return draft(text.encode("utf-8", "surrogateescape")).text


def check_json(before: bytes, after: bytes) -> None:
    """JSON stays JSON.

    Raises:
        DraftError: the value was JSON and is to be something else; it says where that ends.
    """
    if before.lstrip()[:1] not in (b"{", b"[") or _json_error(before) is not None:
        return
    error = _json_error(after)
    if error is not None:
        raise error


def _json_error(raw: bytes) -> DraftError | None:
    try:
        json.loads(raw)
    except json.JSONDecodeError as error:
        return DraftError(f"no JSON: {error.msg}", error.lineno, error.colno)
    except UnicodeDecodeError as error:
        return DraftError("no JSON: it is not UTF-8", *_place(raw, error.start))
    except RecursionError:
        return DraftError("no JSON that can be checked: it is nested too deeply")
    return None


def _escaped(row: bytes) -> str:
    """Printable text with doubled backslashes; a row that holds anything else as its bytes."""
    shown = inert(row)
    if not any(run.escaped for run in shown.runs):
        return shown.plain.replace("\\", "\\\\")
    return "".join(chr(byte) if 0x20 <= byte < 0x7F and byte != 0x5C else _byte(byte) for byte in row)


def _byte(byte: int) -> str:
    return "\\\\" if byte == 0x5C else f"\\x{byte:02x}"


def _place(raw: bytes, at: int) -> tuple[int, int]:
    line = raw.count(b"\n", 0, at) + 1
    return line, at - raw.rfind(b"\n", 0, at)
