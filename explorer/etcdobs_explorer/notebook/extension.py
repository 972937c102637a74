"""Decides what loading and unloading the extension does to a shell."""

import re
from typing import Any

from IPython.core.error import UsageError
from traitlets import TraitError

from .assignment import KeepIn
from .completion import Completion
from .following.background import stop_all
from .formatters import register, unregister
from .magics import EtcdMagic


class Extension:
    """What one shell was given, so that all of it can be taken back."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.magic = EtcdMagic(shell)
        self._completion = Completion(self.magic)
        shell.register_magics(self.magic)
        register(shell, self.magic.limits)
        shell.Completer.custom_matchers.append(self._completion.matcher)
        shell.input_transformer_manager.token_transformers.append(KeepIn)
        shell.events.register("post_run_cell", self._after_cell)

    def _after_cell(self, *_: Any) -> None:
        self.magic.telemetry.glance()

    def unload(self) -> None:
        """Take all of it back; close the clients and stop the watches."""
        stop_all()
        self.shell.events.unregister("post_run_cell", self._after_cell)
        self.shell.input_transformer_manager.token_transformers.remove(KeepIn)
        self.shell.Completer.custom_matchers.remove(self._completion.matcher)
        unregister(self.shell)
        for kind in ("line", "cell"):
            self.shell.magics_manager.magics[kind].pop("etcd", None)
        self.magic.close()


_loaded: dict[int, Extension] = {}


def load(shell: Any) -> None:
    """Give a shell the magics; a shell that has them keeps them."""
    if id(shell) not in _loaded:
        try:
            _loaded[id(shell)] = Extension(shell)
        except TraitError as refused:
            raise UsageError(_refused(str(refused))) from refused


def _refused(why: str) -> str:
    # A setting that was refused stays in the shell's configuration, whoever sets another.
    name = re.search(r"'(\w+)' trait", why)
    setting = "EtcdMagic" + (f".{name[1]}" if name else "")
    return f"{why}; `del get_ipython().config.{setting}`, then load it again"


def unload(shell: Any) -> None:
    """Take them back, where it has them."""
    extension = _loaded.pop(id(shell), None)
    if extension is not None:
        extension.unload()


def loaded() -> Extension | None:
    """What was loaded last."""
    return next(reversed(_loaded.values()), None)
