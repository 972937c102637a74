"""Decides what a filter or a search keeps: a text, /regex/ or ~regex, `!` for all others; capitals tell cases apart.

RE2 reads each byte once: Python's `re` goes back and tries again, for some expressions longer than anybody waits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from .text import inert

Test: TypeAlias = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as typed. The empty one keeps everything, and so does one whose regular expression means nothing."""

    text: str = ""

    def __bool__(self) -> bool:
        return _compiled(self.text)[0] is not None

    @property
    def error(self) -> str:
        """What is wrong with the regular expression, "" for nothing."""
        return _compiled(self.text)[1]

    def keeps(self, raw: bytes) -> bool:
        """Whether `raw` passes."""
        return self.test(raw)

    @property
    def test(self) -> Test:
        """`keeps` for many: what is typed is read once."""
        return _compiled(self.text)[0] or _everything


def _everything(raw: bytes) -> bool:
    return True


@lru_cache(maxsize=64)
def _compiled(text: str) -> tuple[Test | None, str]:
    """The test, None where all pass; and what is wrong."""
    wanted = text.removeprefix("!")
    is_inverse = wanted != text
    pattern = _pattern(wanted)
    if not wanted or pattern == "":
        return None, ""
    if pattern is None:
        return _containing(wanted, is_inverse), ""
    try:
        return _matching(pattern, is_inverse), ""
    except ValueError as error:
        return None, f"no regular expression: {error}"


def _pattern(wanted: str) -> str | None:
    """The regular expression; None for a text. A key may begin with a slash: only a second one makes it one."""
    if wanted.startswith("~"):
        return wanted[1:]
    is_enclosed = len(wanted) > 1 and wanted.startswith("/") and wanted.endswith("/")
    return wanted[1:-1] if is_enclosed and wanted != "//" else None


def _containing(text: str, is_inverse: bool) -> Test:
    needle = text.encode("utf-8", "surrogateescape")
    if text == text.lower():
        return (lambda raw: needle not in raw.lower()) if is_inverse else (lambda raw: needle in raw.lower())
    return (lambda raw: needle not in raw) if is_inverse else (lambda raw: needle in raw)


def _matching(pattern: str, is_inverse: bool) -> Test:
    import re2  # noqa: PLC0415 - of the `explorer` extra, which text output does without

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes as they are
    options.case_sensitive = pattern != pattern.lower()
    options.log_errors = False
    try:
        search = re2.compile(pattern.encode("utf-8", "surrogateescape"), options).search
    except re2.error as error:
        raise ValueError(inert(error.args[0]).plain) from None
    return (lambda raw: search(raw) is None) if is_inverse else (lambda raw: search(raw) is not None)
