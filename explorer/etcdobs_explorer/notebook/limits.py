"""Decides how much of a result is shown, and how: what `%config EtcdMagic` sets, for all who draw."""

from dataclasses import dataclass
from typing import Literal

Form = Literal["auto", "text", "json", "hex"]


@dataclass
class Limits:
    """How results are drawn. One for all of a session: a change is seen by results that are drawn after it.

    Attributes:
        displaylimit: rows of a table, entries of a directory; 0: all.
        max_bytes: of a value, where it is shown whole.
        form: how values are read: "auto" as their format, or "text", "json", "hex".
        reveal_secrets: show the data of Kubernetes Secrets.
        feedback: 0: nothing beside the result, 1: a line of where and when.
    """

    displaylimit: int = 20
    max_bytes: int = 16 * 1024
    form: Form = "auto"
    reveal_secrets: bool = False
    feedback: int = 1

    def window(self, wanted: int) -> int:
        """How many of so many are shown."""
        return min(wanted, self.displaylimit) if self.displaylimit > 0 else wanted
