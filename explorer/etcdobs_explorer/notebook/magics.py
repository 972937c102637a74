"""Waits for what a line asks for, in the cell that it is in: `%etcd`, its settings, and its errors as one line."""

from typing import Any, cast

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from traitlets import Bool, Enum, Float, Int, observe

from etcdobs import EtcdError
from etcdobs_explorer.model.text import inert

from .commands import GRAMMAR
from .commands.explain import explained
from .connections import Connections
from .grammar import HelpWanted, Invocation
from .help import Help, overview, told
from .hints import said
from .limits import Limits
from .results.json_form import as_json
from .run import Run, Watching
from .telemetry import Telemetry
from .words import LineError, Word, split

_LIMITS = {"displaylimit", "max_bytes", "reveal_secrets", "feedback"}


@magics_class
class EtcdMagic(Magics):
    """The settings of `%etcd`."""

    displaylimit = Int(20, min=0, help="Rows of a table that are shown; 0: all.").tag(config=True)
    max_bytes = Int(16384, min=0, help="Bytes of a value that are shown; 0: all.").tag(config=True)
    timeout = Float(
        None, allow_none=True, help="Seconds that a call may take; None: the context's, 5 as with etcdctl."
    ).tag(config=True)
    decode = Enum(("auto", "text", "json", "hex"), "auto", help="How values are read.").tag(config=True)
    read_only = Bool(False, help="Forbid what writes.").tag(config=True)
    feedback = Int(1, min=0, max=1, help="1: say where and how long under a table; 0: do not.").tag(config=True)
    reveal_secrets = Bool(False, help="Show the data of Kubernetes Secrets.").tag(config=True)
    watch_seconds = Float(60.0, min=0.1, help="Seconds of a watch that names no bound.").tag(config=True)
    watch_events = Int(1000, min=1, help="Events of a watch that names no bound.").tag(config=True)
    live = Enum(("auto", "widget", "updates", "lines", "none"), "auto", help="How a watch is shown while it runs.").tag(
        config=True
    )

    def __init__(self, shell: Any, **settings: Any) -> None:
        # Before the settings of the profile are read, which are told of as any change of them is.
        self.limits = Limits()
        super().__init__(shell, **settings)
        self.page: Any = shell
        self.connections = Connections()
        self.telemetry = Telemetry()
        self.telemetry.read()

    @observe("displaylimit", "max_bytes", "reveal_secrets", "feedback", "decode")
    def _set(self, change: Any) -> None:
        if change["name"] in _LIMITS:
            setattr(self.limits, change["name"], change["new"])
        elif change["name"] == "decode":
            self.limits.form = change["new"]

    @no_var_expand
    @line_cell_magic
    def etcd(self, line: str, cell: str | None = None) -> Any:
        """etcd in a notebook."""
        try:
            return self._carried_out(line, cell)
        except LineError as problem:
            raise UsageError(_one_line(str(problem))) from None
        except EtcdError as error:
            raise UsageError(_one_line(str(error))) from error
        except KeyboardInterrupt:
            # The frames of the call below say nothing to who interrupted it.
            raise KeyboardInterrupt from None
        except (TypeError, ValueError, OSError, ModuleNotFoundError) as error:
            raise UsageError(_one_line(str(error))) from error

    def _carried_out(self, line: str, cell: str | None) -> Any:
        if not line.strip() and cell is not None:
            line, _, rest = cell.lstrip("\n").partition("\n")
            cell = rest or None
        target, words = _target(split(line, self._names), line)
        asked = self._asked(words, cell)
        result = asked if isinstance(asked, Help) else self._answer(asked, words, cell)
        if target is None:
            return result
        self.page.push({target: result})
        return None

    @property
    def _names(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self.page.user_ns)

    def _asked(self, words: list[Word], cell: str | None) -> Invocation | Help:
        explaining = bool(words) and words[0].bare and words[0].text == b"explain" and len(words) > 1
        asked = GRAMMAR.parse(words[1:] if explaining else words)
        if isinstance(asked, HelpWanted):
            return Help(told(GRAMMAR, asked.words))
        if cell is None and asked.command.cell == "must":
            raise LineError(f"{asked.command.name} takes the rest of a cell: {asked.command.usage}")
        if cell is not None and cell.strip() and asked.command.cell == "no":
            raise LineError(f"{asked.command.name} takes one line: %etcd, not %%etcd")
        return asked

    def _answer(self, asked: Invocation, words: list[Word], cell: str | None) -> Any:
        if words[0].bare and words[0].text == b"explain" and asked.command.name != "explain":
            return explained(asked, cell, self._names, self.limits)
        run = self._run(asked, cell)
        if asked.command.writes:
            run.check_may_write(asked.command.name)
        try:
            result = asked.command.run(run)
        except EtcdError as error:
            raise LineError(said(error, run)) from error
        return as_json(result) if asked["write-out"] == "json" else result

    def _run(self, asked: Invocation, cell: str | None) -> Run:
        return Run(
            asked,
            self.connections,
            self.limits,
            self._names,
            GRAMMAR,
            self.page,
            Watching(self.watch_seconds, self.watch_events, self.live),
            self.telemetry,
            cell,
            self.read_only,
            self.timeout,
        )

    def close(self) -> None:
        """Close the clients; the process has nothing more to do for it when it ends."""
        self.connections.forget()
        self.page.configurables.remove(self)


EtcdMagic.etcd.__doc__ = overview(GRAMMAR)


def _target(words: list[Word], line: str) -> tuple[str | None, list[Word]]:
    """`name << get /k`: what is answered goes to that name."""
    if len(words) >= 2 and words[1].bare and words[1].text == b"<<":
        name = inert(words[0].text).plain
        if not (words[0].bare and name.isidentifier()):
            raise LineError(f"before << a name is wanted: {_one_line(line[:40])}")
        return name, words[2:]
    return None, words


def _one_line(text: str) -> str:
    return inert(" ".join(text.split("\n")), 600).plain
