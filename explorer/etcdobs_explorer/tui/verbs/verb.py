"""Decides what a verb is: something to do, by whatever name or key, here or everywhere."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Verb:
    """Something to do. `key` is the key that does it ("" for none), `scope` the view where it holds ("" for all),
    `hint` what the key bar calls it ("" to leave it out), `argument` what may follow it in the `:` bar.

    `run` is given the view where the verb has a scope, and the app where it holds everywhere."""

    name: str
    help: str
    run: Callable[[Any, str], object]
    key: str = ""
    aliases: tuple[str, ...] = ()
    scope: str = ""
    hint: str = ""
    argument: str = ""
    writes: bool = False

    @property
    def wants_more(self) -> bool:
        """Whether it does nothing without its argument; one in brackets, or of a verb with a key, may be left out."""
        return bool(self.argument) and not self.key and not self.argument.startswith("[")

    def holds_in(self, view: str) -> bool:
        """Whether the verb does something in a view."""
        return self.scope in ("", view)
