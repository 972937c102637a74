"""Decides what `name << %etcd get /k` is: the assignment that IPython knows, `name = %etcd get /k`."""

import tokenize
from collections.abc import Sequence
from typing import Any

from IPython.core.inputtransformer2 import TokenTransformBase


class KeepIn(TokenTransformBase):
    """Finds `name << %etcd` outside of strings, as IPython's own transformers find theirs."""

    priority = 9

    @classmethod
    def find(cls, tokens_by_line: Sequence[Sequence[Any]]) -> "KeepIn | None":
        """The first of them, None where there is none."""
        for line in tokens_by_line:
            words = [token for token in line if token.type not in _SPACE][:4]
            if [token.string for token in words[1:]] == ["<<", "%", "etcd"] and words[0].type == tokenize.NAME:
                return cls(words[1].start)
        return None

    def transform(self, lines: list[str]) -> list[str]:
        """The same lines, with `=` for `<<`."""
        place: Any = self
        at, column = int(place.start_line), int(place.start_col)
        changed: str = lines[at][:column] + "=" + lines[at][column + 2 :]
        return [*lines[:at], changed, *lines[at + 1 :]]


_SPACE = (tokenize.INDENT, tokenize.DEDENT, tokenize.NL)
