"""Decides what a line asks for: a command of etcdctl's grammar, its arguments and options, or what is wrong with it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from etcdobs_explorer.model.text import inert

from .kinds import FLAG, Kind, boolean
from .words import LineError, Word


@dataclass(frozen=True, slots=True)
class Option:
    """An option. `many`: it may be given several times, and its value is a list. `hidden` from short help."""

    name: str
    help: str
    kind: Kind = FLAG
    short: str = ""
    default: Any = None
    many: bool = False

    @property
    def start(self) -> Any:
        """Its value where it is not given."""
        return [] if self.many else False if self.kind is FLAG else self.default

    @property
    def spelled(self) -> str:
        """As help shows it: `-w, --write-out FORMAT`."""
        short = f"-{self.short}, " if self.short else ""
        return f"{short}--{self.name}" + (f" {self.kind.metavar}" if self.kind.metavar else "")


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument by position. `completes`: "key", "lease" or "context", for completion."""

    name: str
    optional: bool = False
    many: bool = False
    completes: str = ""

    @property
    def spelled(self) -> str:
        """As help shows it."""
        name = f"{self.name}..." if self.many else self.name
        return f"[{name}]" if self.optional else name


@dataclass(frozen=True, slots=True)
class Command:
    """A command: the words that name it, what it takes, and what carries it out.

    Attributes:
        writes: it changes something in the cluster, so that read-only forbids it.
        connects: it needs a client.
        cell: it takes the rest of the cell (`%%etcd`): "no", "may" or "must".
    """

    path: tuple[str, ...]
    summary: str
    run: Callable[..., Any]
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    details: str = ""
    examples: tuple[str, ...] = ()
    writes: bool = False
    connects: bool = True
    cell: str = "no"

    @property
    def name(self) -> str:
        """As it is typed."""
        return " ".join(self.path)

    @property
    def usage(self) -> str:
        """One line: `%etcd get KEY [RANGE_END] [options]`."""
        magic = "%%etcd" if self.cell == "must" else "%etcd"
        options = ("[options]",) if self.options else ()
        return " ".join((magic, *self.path, *(argument.spelled for argument in self.arguments), *options))


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a line asks for; `options` holds every option of the command, and those of all commands."""

    command: Command
    arguments: tuple[Word, ...]
    options: Mapping[str, Any]
    given: frozenset[str] = field(default=frozenset[str]())

    def __getitem__(self, name: str) -> Any:
        return self.options[name]

    def text(self, at: int) -> bytes:
        """The argument at a position, empty where it is left out."""
        return self.arguments[at].text if at < len(self.arguments) else b""


# Options of etcdctl's that a notebook does in another way.
_INSTEAD = {
    "--print-value-only": "x = %etcd get KEY, then x[0].value or x[0].text",
    "--hex": "--as hex",
    "--cluster": "%etcd endpoint status --cluster asks every member",
}


@dataclass(frozen=True, slots=True)
class HelpWanted:
    """The line asks how to: for one command, for a group of them, or for all (no words)."""

    words: tuple[str, ...] = ()


class Grammar:
    """All commands, and the options that every one of them takes."""

    def __init__(self, commands: Iterable[Command], shared: Sequence[Option]) -> None:
        self.commands: dict[tuple[str, ...], Command] = {command.path: command for command in commands}
        self.shared = tuple(shared)

    def parse(self, words: Sequence[Word]) -> Invocation | HelpWanted:
        """What the words ask for.

        Raises:
            LineError: they ask for nothing that there is.
        """
        return _Reading(self, words).read()

    def following(self, path: Sequence[str]) -> list[str]:
        """The words that may come next in the name of a command."""
        depth = len(path)
        return list(
            dict.fromkeys(
                known[depth] for known in self.commands if known[:depth] == tuple(path) and len(known) > depth
            )
        )

    def options_of(self, command: Command | None) -> dict[str, Option]:
        """The options that may be given with a command, by name."""
        own = command.options if command else ()
        return {option.name: option for option in (*own, *self.shared)}


class _Reading:
    """One line while it is read, word by word."""

    def __init__(self, grammar: Grammar, words: Sequence[Word]) -> None:
        self._grammar = grammar
        self._words = list(words)
        self._path: tuple[str, ...] = ()
        self._arguments: list[Word] = []
        self._early: list[tuple[Word, Word | None]] = []
        self._given: dict[str, Any] = {}
        self._help = False

    def read(self) -> Invocation | HelpWanted:
        self._read_all()
        command = self._grammar.commands.get(self._path)
        if self._help or not self._path:
            return HelpWanted(self._path)
        if command is None:
            following = ", ".join(self._grammar.following(self._path))
            raise LineError(f"{' '.join(self._path)} needs one of: {following}")
        _check_count(command, self._arguments)
        options = {option.name: option.start for option in self._grammar.options_of(command).values()}
        return Invocation(command, tuple(self._arguments), options | self._given, frozenset(self._given))

    def _read_all(self) -> None:
        only_arguments = False
        while self._words:
            word = self._words.pop(0)
            if only_arguments or not is_option(word):
                self._take(word)
            elif word.text == b"--":
                only_arguments = True
            else:
                self._option(word)

    def _take(self, word: Word) -> None:
        """One more word of the command's name, or an argument."""
        following = self._grammar.following(self._path)
        if self._path in self._grammar.commands and not following:
            self._arguments.append(word)
            return
        name = inert(word.text, 60).plain
        if name == "help" and not self._path:
            self._help = True
        elif name in following:
            self._path += (name,)
        else:
            where = f"{' '.join(self._path)} has" if self._path else "there is"
            raise LineError(f"{where} no command {name!r}{_nearest(name, following)}{self._see_help()}")

    def _option(self, word: Word) -> None:
        typed, equals, value = word.text.partition(b"=")
        name = inert(typed, 60).plain
        if name in ("--help", "-h"):
            self._help = True
            return
        option = self._named(name)
        if option.kind is FLAG:
            self._given[option.name] = boolean(Word(value), f"--{option.name}") if equals else True
            return
        if equals:
            following = Word(value, given=word.given)
        elif self._words:
            following = self._words.pop(0)
        else:
            raise LineError(f"{name} needs a value: {option.spelled}")
        read = option.kind.read(following, f"--{option.name}")
        self._given[option.name] = [*self._given.get(option.name, []), read] if option.many else read

    def _named(self, name: str) -> Option:
        known = self._grammar.options_of(self._grammar.commands.get(self._path))
        for option in known.values():
            if name in (f"--{option.name}", f"-{option.short}" if option.short else None):
                return option
        who = " ".join(self._path) or "%etcd"
        if instead := _INSTEAD.get(name):
            raise LineError(f"{who} has no option {name}: {instead}{self._see_help()}")
        near = _nearest(name, [f"--{each}" for each in known])
        raise LineError(f"{who} has no option {name}{near}{self._see_help()}")

    def _see_help(self) -> str:
        return f" (%etcd {' '.join((*self._path, '--help'))})"


def is_option(word: Word) -> bool:
    """Whether the word was typed as an option: what is put in for a name of the notebook never is one."""
    return word.bare and word.literal >= 2 and word.text[:1] == b"-" and not word.text[1:2].isdigit()


def _check_count(command: Command, arguments: Sequence[Word]) -> None:
    needed = [argument for argument in command.arguments if not argument.optional]
    if len(arguments) < len(needed):
        raise LineError(f"{command.name} needs {needed[len(arguments)].name}: {command.usage}")
    if any(argument.many for argument in command.arguments):
        return
    if len(arguments) > len(command.arguments):
        extra = inert(arguments[len(command.arguments)].text, 40).plain
        open_json = any(word.bare and word.text[:1] in (b"{", b"[") for word in arguments)
        quote = "; the JSON before it does not end" if open_json else "; quote what holds blanks"
        quote = quote if command.arguments else ""
        raise LineError(f"{command.name} does not take {extra!r}{quote}: {command.usage}")


def _nearest(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name.lower(), known, 1)
    if near:
        return f"; did you mean {near[0]}?"
    return f": one of {', '.join(known)}" if known and not name.startswith("-") else ""
