"""Decides what is wrong with a TOML file, by file, line and key, and reads what is right about it."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeGuard

_HEADER = re.compile(r"\s*\[{1,2}\s*(?P<name>[^\]]+?)\s*\]{1,2}\s*(?:#.*)?")
_KEY = re.compile(r"\s*(?P<name>(?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
Where = tuple[str, ...]
Parse = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in the file; `line` counts from 1, 0 where it is the file as a whole."""

    path: Path
    line: int
    where: Where
    text: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else f"{self.path}"
        return f"{place}: {'.'.join(self.where)}: {self.text}" if self.where else f"{place}: {self.text}"


class Reader:
    """A TOML file being read. What is wrong is kept in `problems` and left out of what is answered."""

    def __init__(self, path: Path) -> None:
        self.problems: list[Problem] = []
        self._path = path
        self._lines: Mapping[Where, int] = {}
        self.content: dict[str, Any] = {}
        text = ""
        try:
            text = path.read_text(encoding="utf-8")
            self.content = tomllib.loads(text)
            self._lines = _lines(text)
        except FileNotFoundError:
            pass
        except tomllib.TOMLDecodeError as error:
            self._refuse_syntax(str(error), text.count("\n") + 1)
        except UnicodeDecodeError:
            self.complain((), "it is no UTF-8")
        except (ValueError, RecursionError) as error:  # numbers of thousands of digits, brackets within brackets
            self.complain((), f"it cannot be read: {error}")
        except OSError as error:
            self.complain((), error.strerror or str(error))

    def _refuse_syntax(self, message: str, last: int) -> None:
        found = _AT_LINE.search(message)
        line = int(found[1] or last) if found else 0
        self.problems.append(Problem(self._path, line, (), f"it is no TOML: {_AT_LINE.sub('', message)}"))

    def complain(self, where: Where, text: str) -> None:
        """Something is wrong with a key."""
        line = next((self._lines[where[:n]] for n in range(len(where), 0, -1) if where[:n] in self._lines), 0)
        self.problems.append(Problem(self._path, line, where, text))

    def fields(self, where: Where, table: Any, parsers: Mapping[str, Parse]) -> dict[str, Any]:
        """What is right in a table whose keys are those of `parsers`; a parser says by ValueError what is wrong."""
        if not is_table(table):
            self.complain(where, f"a table is wanted, not {shown(table)}")
            return {}
        right: dict[str, Any] = {}
        for key, value in table.items():
            if key not in parsers:
                near = "".join(f", did you mean {name}?" for name in get_close_matches(key, parsers, 1))
                self.complain((*where, key), f"there is no such key{near or ';'} there are {', '.join(parsers)}")
                continue
            try:
                right[key] = parsers[key](value)
            except ValueError as error:
                self.complain((*where, key), str(error))
        return right


def is_table(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a value is a table."""
    return isinstance(value, dict)


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Whether a value is an array."""
    return isinstance(value, list)


def shown(value: Any) -> str:
    """A wrong value, as the file has it."""
    if is_table(value) or is_array(value):
        return "a table" if is_table(value) else "an array"
    kinds = {"str": "string", "bool": "boolean", "int": "number", "float": "number"}
    kind = kinds.get(type(value).__name__, type(value).__name__)
    return f"{value!r} (a {kind})"


def _lines(text: str) -> dict[Where, int]:
    """The line on which each table and each key begins."""
    found: dict[Where, int] = {}
    above: Where = ()
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.fullmatch(line):
            above = _parts(header["name"])
            found.setdefault(above, number)
        elif key := _KEY.match(line):
            found.setdefault((*above, *_parts(key["name"])), number)
    return found


def _parts(name: str) -> Where:
    """The parts of a dotted key, without their quotes."""
    try:
        table: Any = tomllib.loads(f"{name} = 0")
    except tomllib.TOMLDecodeError:  # within a string of several lines
        return ()
    parts: list[str] = []
    while is_table(table):
        part, table = next(iter(table.items()))
        parts.append(part)
    return tuple(parts)
