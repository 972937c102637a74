"""Decides how the grammar is told: all commands, a group of them, or one with its options."""

from collections.abc import Sequence

from .grammar import Command, Grammar, Option
from .words import LineError

_WIDTH = 24
INTRODUCTION = """etcd in a notebook: the words of etcdctl.

    %etcd connect --endpoints localhost:2379     choose the cluster; else ETCDCTL_* variables say which
    %etcd get /config --prefix --limit 20        a table; `x = %etcd ...` and `x << %etcd ...` keep it
    %etcd put /config/db {"host": "db-1"}        JSON stays as it is typed
    %%etcd txn                                   the rest of the cell is what etcdctl txn reads

{name} and $name are the notebook's, outside of '...' and of JSON. Quotes are etcdctl's: '...' as it stands,
"..." with \\n, \\xff and \\". %etcd COMMAND --help tells the options; %config EtcdMagic the settings."""


def overview(grammar: Grammar) -> str:
    """Every command with a few words."""
    lines = [INTRODUCTION, "", "Commands:"]
    lines += [_line(command.name, command.summary) for command in grammar.commands.values()]
    lines += ["", "Options of every command:", *(_option(option) for option in grammar.shared)]
    return "\n".join(lines)


def told(grammar: Grammar, words: Sequence[str]) -> str:
    """Help for the words of a command, or of a group.

    Raises:
        LineError: there is no such command.
    """
    if not words:
        return overview(grammar)
    command = grammar.commands.get(tuple(words))
    if command is not None:
        return _of_command(command)
    group = [each for path, each in grammar.commands.items() if path[: len(words)] == tuple(words)]
    if not group:
        raise LineError(f"there is no command {' '.join(words)!r}: %etcd --help lists them")
    return "\n".join([each.usage.ljust(_WIDTH * 2) + each.summary for each in group])


def _of_command(command: Command) -> str:
    lines = [command.usage, "", f"{command.summary[:1].upper()}{command.summary[1:]}."]
    lines += [command.details] if command.details else []
    if command.options:
        lines += ["", "Options:", *(_option(option) for option in command.options)]
    if command.examples:
        lines += ["", "Examples:", *(f"  {line}" for example in command.examples for line in example.split("\n"))]
    return "\n".join(lines)


def _option(option: Option) -> str:
    choices = f" ({', '.join(option.kind.choices)})" if option.kind.choices else ""
    return _line(option.spelled, f"{option.help}{choices}")


def _line(name: str, words: str) -> str:
    return f"  {name.ljust(_WIDTH)} {words}"


class Help:
    """Help that a line asked for."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text
