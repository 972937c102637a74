"""Decides what may follow on a line of `%etcd`: commands, options, and keys of one directory, within a deadline."""

import re
import threading
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import islice
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion

from etcdobs import Client, EtcdError, PermissionDeniedError
from etcdobs_explorer.model.contexts import Context
from etcdobs_explorer.model.text import inert

from .commands import GRAMMAR
from .connections import configured
from .grammar import Command, Invocation, is_option
from .magics import EtcdMagic
from .roots import permitted
from .words import LineError, Word, split

_matcher: Any = import_module("IPython.core.completer").context_matcher
DEADLINE = 0.3  # seconds that a reader waits for a Tab
_FRESH = 5.0  # seconds for which a directory that was read is taken for what it is
_MOST = 200  # names of one directory
_CALL = 2.0
_MAGIC = re.compile(r"(?:^|[=<]\s*|^\s*)%{1,2}etcd\s+")
_CELL = re.compile(r"\s*%%etcd\s+(?P<line>.*)")


class Directories:
    """The entries of directories, read in the background and kept for a moment."""

    def __init__(self) -> None:
        self._known: dict[tuple[Context, bytes], tuple[float, list[bytes]]] = {}
        self._reading: dict[tuple[Context, bytes], threading.Event] = {}
        self._lock = threading.Lock()

    def entries(self, context: Context, client: Client, prefix: bytes, deadline: float) -> list[bytes]:
        """The keys and directories right below a prefix; what is known of it where the server is slower than
        `deadline` seconds."""
        place = context, prefix
        known = self._known.get(place)
        if known is not None and time.monotonic() - known[0] < _FRESH:
            return known[1]
        self._begun(place, client).wait(deadline)
        return self._known.get(place, (0.0, []))[1]

    def _begun(self, place: tuple[Context, bytes], client: Client) -> threading.Event:
        with self._lock:
            done = self._reading.get(place)
            if done is None:
                done = self._reading[place] = threading.Event()
                threading.Thread(target=self._read, args=(place, client, done), daemon=True).start()
            return done

    def _read(self, place: tuple[Context, bytes], client: Client, done: threading.Event) -> None:
        context, prefix = place
        try:
            self._known[place] = (time.monotonic(), _listed(context, client, prefix))
        except EtcdError:
            pass  # a Tab says nothing of a server that is not there
        finally:
            with self._lock:
                self._reading.pop(place, None)
            done.set()


def _listed(context: Context, client: Client, prefix: bytes) -> list[bytes]:
    try:
        listed = client.children(prefix, separator=context.separator, timeout=_CALL)
        return [child.key for child in islice(listed, _MOST)]
    except PermissionDeniedError:
        return [root for root in permitted(client, context.user) if root.startswith(prefix)][:_MOST]


class Completion:
    """The matcher of one shell."""

    def __init__(self, magic: EtcdMagic) -> None:
        self._magic = magic
        self._directories = Directories()

        @_matcher(identifier="etcdobs.etcd")  # type: ignore[untyped-decorator]
        def matcher(context: CompletionContext) -> Any:
            return self._matched(context.full_text, context.text_until_cursor, context.cursor_line)

        self.matcher: Callable[[CompletionContext], Any] = matcher

    def _matched(self, text: str, until_cursor: str, cursor_line: int) -> dict[str, Any]:
        line = _line_of(text, until_cursor, cursor_line)
        if line is None:
            return {"completions": [], "suppress": False}
        try:
            fragment, found = self.following(line)
        except LineError:
            fragment, found = "", []
        # Where nothing is found IPython would ask others, who know Python: what is typed already is what there is.
        completions = [SimpleCompletion(each, type="etcd") for each in found or [fragment] if each]
        return {"completions": completions, "matched_fragment": fragment, "suppress": True, "ordered": True}

    def following(self, line: str) -> tuple[str, list[str]]:
        """What is typed of the last word of a line, and what that word may be."""
        fragment = re.search(r"\S*$", line)
        typed = fragment.group() if fragment else ""
        words = split(line[: len(line) - len(typed)], self._magic.page.user_ns)
        return typed, [each for each in self._choices(words, typed) if each.startswith(typed)]

    def _choices(self, words: Sequence[Word], typed: str) -> Sequence[str]:
        words = [word for word in words if word.text != b"explain"]
        path = _path(words)
        command = GRAMMAR.commands.get(path)
        if typed.startswith("-"):
            return [f"--{name}" for name in GRAMMAR.options_of(command)] + ["--help"]
        option = _awaits_value(words, command)
        if option is not None:
            return [*option.kind.choices, *(self._contexts() if option.name == "context" else ())]
        if command is None:
            return GRAMMAR.following(path)
        return self._arguments(command, words, typed)

    def _arguments(self, command: Command, words: Sequence[Word], typed: str) -> Sequence[str]:
        given = _given(command, words)
        if given >= len(command.arguments):
            return []
        match command.arguments[given].completes:
            case "key":
                return self._keys(typed)
            case "context":
                return self._contexts()
            case _:
                return []

    def _contexts(self) -> list[str]:
        return list(configured().contexts)

    def _keys(self, typed: str) -> list[str]:
        """The entries of the directory that is being typed. What cannot be typed without quotes is left out."""
        connection = self._magic.connections.default()
        separator = connection.context.separator
        raw = typed.encode("utf-8", "surrogatepass")
        prefix = raw[: raw.rfind(separator) + len(separator)] if separator and separator in raw else b""
        found = self._directories.entries(connection.context, connection.client, prefix, DEADLINE)
        return [name for name in map(_typeable, found) if name is not None]


def _line_of(text: str, until_cursor: str, cursor_line: int) -> str | None:
    """What follows `%etcd` up to the cursor; None where the cursor is in no such line."""
    if cursor_line == 0 and (cell := _CELL.match(until_cursor)):
        return cell["line"]
    found = _MAGIC.search(until_cursor)
    return until_cursor[found.end() :] if found else None


def _typeable(key: bytes) -> str | None:
    runs = inert(key).runs
    plain = "".join(run.text for run in runs)
    if any(run.escaped for run in runs) or any(char.isspace() or char in "\"'{$" for char in plain):
        return None
    return plain


def _path(words: Sequence[Word]) -> tuple[str, ...]:
    path: tuple[str, ...] = ()
    for word in words:
        name = inert(word.text, 60).plain
        if is_option(word) or name not in GRAMMAR.following(path):
            continue
        path += (name,)
    return path


def _awaits_value(words: Sequence[Word], command: Command | None) -> Any:
    if not words or not is_option(words[-1]) or b"=" in words[-1].text:
        return None
    name = inert(words[-1].text, 60).plain.lstrip("-")
    option = GRAMMAR.options_of(command).get(name)
    return option if option is not None and option.kind.metavar else None


def _given(command: Command, words: Sequence[Word]) -> int:
    """How many arguments are there already."""
    try:
        asked = GRAMMAR.parse([*words, *(Word(b"?") for _ in command.arguments)][: len(words)])
    except LineError:
        return 0
    return len(asked.arguments) if isinstance(asked, Invocation) else 0
