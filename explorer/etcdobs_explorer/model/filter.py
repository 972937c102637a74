"""Decides what a `/` filter keeps: a part of a key, `!part` for all others; capitals make it case-sensitive."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as typed. The empty filter keeps everything."""

    text: str = ""

    def __bool__(self) -> bool:
        return self.text not in ("", "!")

    def keeps(self, raw: bytes) -> bool:
        """Whether `raw` passes."""
        if not self:
            return True
        inverse = self.text.startswith("!")
        needle = self.text.removeprefix("!")
        haystack = raw if needle != needle.lower() else raw.lower()
        return (needle.encode() in haystack) is not inverse
