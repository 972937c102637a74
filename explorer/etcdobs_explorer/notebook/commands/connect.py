"""Decides which cluster the lines that follow go to: connect, contexts, disconnect."""

from typing import Any

from etcdobs_explorer.model import units
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.notebook.blocks import Note, Tone, Toned
from etcdobs_explorer.notebook.connections import asked, configured
from etcdobs_explorer.notebook.grammar import Argument, Command, Invocation
from etcdobs_explorer.notebook.results.cluster import Cells, Rows, Typed
from etcdobs_explorer.notebook.run import Run
from etcdobs_explorer.notebook.words import LineError

from .access import Done


class Connected(Done):
    """Where lines go from now on, and what answered there. `client` is the library's blocking Client."""

    def __init__(self, client: Any, words: str, facts: tuple[str, ...], limits: Any) -> None:
        super().__init__(words, limits)
        self.client = client
        self._facts = facts

    def blocks(self) -> Any:
        """One line."""
        return (Note((Toned("connected", Tone.GOOD), Toned(self.words, Tone.STRONG), *self._facts)),)


def connect(run: Run) -> Connected:
    """Lines go there from now on, if something answers; else all stays as it was."""
    options, given = _with_name(run.asked)
    context = asked(options, given, None if "context" in given else run.connections.current)
    connection = run.connections.to(context)
    status = connection.client.maintenance.status(timeout=max(run.timeout or 0.0, context.command_timeout))
    run.connections.use(context)
    facts = [f"etcd {status.version}", f"rev {status.revision}", units.size(status.db_size)]
    forbidden = run.read_only or context.read_only
    return Connected(connection.client, connection.title, (*facts, *(["read-only"] if forbidden else [])), run.limits)


def _with_name(invocation: Invocation) -> tuple[dict[str, Any], frozenset[str]]:
    """`connect prod` is `connect --context prod`, and `connect host:2379` is `connect --endpoints host:2379`."""
    options, given = dict(invocation.options), invocation.given
    if not invocation.arguments:
        return options, given
    name = _text(invocation)
    if ":" not in name:
        _check_context(name)
        return options | {"context": name}, given | {"context"}
    return options | {"endpoints": tuple(name.split(","))}, given | {"endpoints"}


def _check_context(name: str) -> None:
    try:
        configured().context(name)
    except ValueError as error:
        raise LineError(f"{error}; an endpoint is HOST:PORT") from None


def _text(invocation: Invocation) -> str:
    return inert(invocation.text(0), 500).plain


def disconnect(run: Run) -> Done:
    """Every client of this notebook's magics is closed."""
    run.connections.close()
    return Done("disconnected", run.limits)


def listed(run: Run) -> Rows:
    """The contexts of the configuration file, and the one that etcdctl's variables make."""
    config = configured()
    here = run.connections.current.context.name if run.connections.current else config.current
    table: Cells = (
        ("", lambda each: Toned("●", Tone.GOOD) if each.name == here else ""),
        ("context", lambda each: each.name),
        ("endpoints", lambda each: ", ".join(each.endpoints)),
        ("user", lambda each: each.user or ""),
        ("", lambda each: Toned("read-only", Tone.WARN) if each.read_only else ""),
    )
    columns: Typed = (
        ("context", "text", lambda each: each.name),
        ("endpoints", "text", lambda each: ",".join(each.endpoints)),
        ("user", "text", lambda each: each.user),
        ("read_only", "bool", lambda each: each.read_only),
    )
    problems = tuple(Toned(str(problem), Tone.BAD) for problem in config.problems)
    return Rows(
        list(config.contexts.values()), run.limits, table=table, columns=columns, what="context", origin=problems
    )


COMMANDS = (
    Command(
        ("connect",),
        "choose the cluster, by context or by endpoints",
        connect,
        (Argument("CONTEXT_OR_ENDPOINTS", optional=True, completes="context"),),
        details="Without anything: the configuration file's current context, or what ETCDCTL_* variables say. The same"
        " options with any other command hold for that line alone. Answers an object with .client.",
        examples=("%etcd connect --endpoints localhost:2379", "%etcd connect prod"),
    ),
    Command(("contexts",), "the contexts there are", listed, connects=False),
    Command(("disconnect",), "close every client of this notebook's magics", disconnect, connects=False),
)
