"""Decides which keys the reader has been at, in which order, and which they have marked to come back to."""

from dataclasses import dataclass, field

_MOST = 100


@dataclass(slots=True)
class Goal:
    """A key to go to, once the directories on the way are read; `tried` are those that were read for it."""

    key: bytes
    is_branch: bool
    tried: set[bytes] = field(default_factory=set[bytes])


class Visits:
    """Keys and directories in the order in which they were looked at, and the place among them."""

    def __init__(self) -> None:
        self._places: list[tuple[bytes, bool]] = []
        self._at = -1

    def visit(self, key: bytes, *, is_branch: bool) -> None:
        """Look at another one: what was gone back from is forgotten, as in a browser."""
        place = (key, is_branch)
        if self._places and self._places[self._at] == place:
            return
        self._places[self._at + 1 :] = [place]
        del self._places[:-_MOST]
        self._at = len(self._places) - 1

    def move(self, step: int) -> tuple[bytes, bool] | None:
        """The one before (-1) or after (1), which is the place from here on; None at the end."""
        at = self._at + step
        if not 0 <= at < len(self._places):
            return None
        self._at = at
        return self._places[at]


def toggled(bookmarks: list[bytes], key: bytes) -> bool:
    """Mark a key, or no more where it was; answers whether it is now."""
    if key in bookmarks:
        bookmarks.remove(key)
        return False
    bookmarks.append(key)
    bookmarks.sort()
    return True
