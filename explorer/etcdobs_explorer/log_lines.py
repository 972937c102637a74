"""Decides how a record of the log is written: inert, for a log is read on a terminal too; a message is one line."""

import logging
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

from .model.text import inert

_Raised: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
_MOST = 4_000  # characters of a line


class InertFormatter(logging.Formatter):
    """Formats records so that nothing they tell of can act upon a terminal, nor pass for another record."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The message, in one line."""
        return inert(super().formatMessage(record), _MOST).plain

    def formatException(self, ei: _Raised) -> str:  # noqa: N802 - logging's name
        """A traceback, line by line."""
        return _indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - logging's name
        """A stack, line by line."""
        return _indented(super().formatStack(stack_info))


def _indented(text: str) -> str:
    return "\n".join("  " + inert(line, _MOST).plain for line in text.split("\n"))


def handler_of(file: str | Path) -> logging.Handler:
    """Appends records to a file; it is made for its owner alone, for names of keys are in it. Raises OSError."""
    Path(file).touch(mode=0o600)
    handler = logging.FileHandler(file, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(InertFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler
