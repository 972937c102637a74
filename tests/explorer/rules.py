"""Decides which source breaks the explorer's rules: what may be drawn, decoded, run and written, and where."""

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

Rule: TypeAlias = "Callable[[Source], Iterator[str]]"


class Source(NamedTuple):
    """A file by its place in the package, and its syntax tree."""

    place: str
    tree: ast.AST

    @property
    def is_interface(self) -> bool:
        """Whether it is of what draws."""
        return self.place.startswith("tui/")


# -- what a file says --------------------------------------------------------------------------------------------


def name_of(node: ast.AST) -> str:
    """The last name of an expression: `b` of `a.b`, of `a.b()` and of `b`."""
    match node:
        case ast.Call(func=func):
            return name_of(func)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def calls(source: Source) -> Iterator[tuple[str, ast.Call]]:
    """Each call with the name of what is called."""
    return ((name_of(node), node) for node in ast.walk(source.tree) if isinstance(node, ast.Call))


def imported(source: Source) -> Iterator[tuple[str, str]]:
    """Each import: the module, and the name out of it, "" for the whole module."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


# -- bytes become text in one place ----------------------------------------------------------------------------------

_READING = {"decode", "fsdecode", "unhexlify", "b64decode", "TextIOWrapper", "getincrementaldecoder", "getdecoder"}
# value.decode() reads formats; a data frame is data, and what a command printed is no server's.
_READERS = {"model/text.py", "notebook/frames.py"}
_DECODE = {"model/value.py", "model/diff.py", "notebook/masked.py", "notebook/reading.py", "notebook/json_view.py"}
_CHARS = {"model/decode/body.py", "model/etcdctl.py", "model/recording.py", "model/writes/draft.py"}


def decoding(source: Source) -> Iterator[str]:
    """Bytes turned into text, by whatever name: `map(bytes.decode, raws)` calls nothing, and does it all the same."""
    if source.place in _READERS:
        return
    for node in ast.walk(source.tree):
        name = name_of(node) if isinstance(node, ast.Name | ast.Attribute) else ""
        if name in _READING and not (name == "decode" and isinstance(node, ast.Name)):
            yield f"{name} at line {node.lineno}"  # type: ignore[attr-defined]
    for name, call in calls(source):
        if name == "str" and (len(call.args) > 1 or call.keywords):
            yield f"str(bytes, encoding) at line {call.lineno}"
        if name == "getattr" and len(call.args) > 1 and ast.unparse(call.args[1]).strip("'\"") in _READING:
            yield f"getattr at line {call.lineno}"
    for module, name in imported(source):
        if module == "codecs" or (name == "decode" and source.place not in _DECODE and "value" not in module):
            yield f"import of {module}.{name}"


def characters(source: Source) -> Iterator[str]:
    """Bytes made into characters one by one."""
    names = (node for node in ast.walk(source.tree) if isinstance(node, ast.Name) and node.id == "chr")
    if source.place not in _CHARS and not source.place.startswith(("model/text", "notebook/")):
        yield from (f"chr at line {node.lineno}" for node in names)


# -- segments are made in one place ----------------------------------------------------------------------------------

_STRIPS = "tui/widgets/strips.py"
# Where Textual and rich make text on the screen of a str, several of them by parsing it as markup.
_DRAWING: Mapping[str, Mapping[str, set[str]]] = {
    "textual.widgets": {"Input": {"tui/widgets/line_input.py"}, "TextArea": {"tui/screens/edit.py"}},
    "rich.segment": {"Segment": {_STRIPS}},
    "textual.content": {"Content": {_STRIPS, "tui/offered.py"}},
}
_FREE = {"rich.style": {"Style"}, "rich.cells": {"cell_len", "chop_cells"}, "textual": {"events", "on", "work"}}
_MARKUP = ("textual.markup", "textual.visual", "textual.renderables", "textual._", "textual.widgets._")
_LINES = {"tui/screens/password.py"}  # a password is not drawn: it is bullets


def drawing(source: Source) -> Iterator[str]:
    """What draws by itself, imported under any name. `Input` stands also for the messages that it sends."""
    if not source.is_interface:
        return
    for module, name in imported(source):
        if not name and module.split(".")[0] in ("textual", "rich"):
            yield f"the whole of {module}"
        elif module in _DRAWING:
            if name != "Input" and source.place not in _DRAWING[module].get(name, ()):
                yield f"{module}.{name}"
        elif not _is_free(module, name):
            yield f"{module}.{name}"


def _is_free(module: str, name: str) -> bool:
    if module == "textual" or module.startswith("rich"):
        return name in _FREE.get(module, ())
    return not module.startswith(_MARKUP)


def typing(source: Source) -> Iterator[str]:
    """Lines to type in that take what is pasted as it is."""
    if source.is_interface and source.place not in {*_DRAWING["textual.widgets"]["Input"], *_LINES}:
        yield from (f"Input at line {call.lineno}" for name, call in calls(source) if name == "Input")
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef) and "Input" in map(name_of, node.bases):
                yield f"a kind of Input at line {node.lineno}"


def rendering(source: Source) -> Iterator[str]:
    """`render`, whose str Textual parses as markup; widgets draw lines."""
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.FunctionDef)
            and node.name in ("render", "_render", "render_str")
            and source.is_interface
        ):
            yield f"{node.name} at line {node.lineno}"


_MARKED = {"border_title", "border_subtitle", "tooltip", "sub_title", "loading"}


def captions(source: Source) -> Iterator[str]:
    """What stands in a frame or a tooltip, which Textual parses as markup: the explorer's own words, or `caption()`."""
    if not source.is_interface:
        return
    for target, value in _assigned(source):
        if isinstance(target, ast.Attribute) and target.attr in _MARKED and not _is_own(value):
            yield f"{target.attr} at line {target.lineno}"
    for _, call in calls(source):
        for keyword in call.keywords:
            if keyword.arg in _MARKED and not _is_own(keyword.value):
                yield f"{keyword.arg} at line {call.lineno}"


def _assigned(source: Source) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What is assigned to what; to several at once, the whole to each."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from ((each, value) for target in targets for each in _each(target))
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.AugAssign(target=target, value=value):
                yield target, value
            case _:
                pass


def _each(target: ast.expr) -> list[ast.expr]:
    return target.elts if isinstance(target, ast.Tuple) else [target]


def _is_own(value: ast.expr) -> bool:
    if isinstance(value, ast.IfExp):
        return _is_own(value.body) and _is_own(value.orelse)
    return isinstance(value, ast.Constant) or name_of(value) == "caption"


# -- what leaves the process -----------------------------------------------------------------------------------------

_SAFE = {"copyable", "copied"}
_WRITES_INERT = {"tui/screens/write.py"}  # the lines of a plan, each of which is inert


def leaving(source: Source) -> Iterator[str]:
    """The clipboard, notices, and what is printed."""
    for name, call in calls(source):
        first = call.args[0] if call.args else None
        if name == "copy_to_clipboard" and source.place not in _WRITES_INERT and name_of(first or call) not in _SAFE:
            yield f"copy_to_clipboard at line {call.lineno}"
        if name in ("notify", "Notification"):
            markup = _keyword(call, "markup")
            if not isinstance(markup, ast.Constant) or markup.value is not False:
                yield f"{name} with markup at line {call.lineno}"
        if name == "say" and not _is_said_inert(first, source):
            yield f"say at line {call.lineno}"
        if name == "print" and source.place != "cli.py" and not source.place.startswith("notebook/"):
            yield f"print at line {call.lineno}"


def _is_said_inert(said: ast.expr | None, source: Source) -> bool:
    if source.is_interface or source.place != "commands.py" or said is None:
        return True
    return isinstance(said, ast.Constant) or "inert(" in ast.unparse(said)


_TERMINAL = {"stdout", "stderr", "__stdout__", "__stderr__", "console", "_driver"}


def terminal(source: Source) -> Iterator[str]:
    """The terminal itself, which is Textual's, past all that is drawn."""
    for node in ast.walk(source.tree):
        if source.is_interface and isinstance(node, ast.Attribute) and node.attr in _TERMINAL:
            yield f"{node.attr} at line {node.lineno}"
    for name, call in calls(source):
        if source.is_interface and ast.unparse(call.func) in ("os.write", "os.system", "os.popen"):
            yield f"{name} at line {call.lineno}"


_RUNNING = {"Popen", "run_command", "create_subprocess_exec", "create_subprocess_shell", "check_output", "check_call"}
_RUNNERS = {"tui/terminal.py", "model/passwords.py"}


def running(source: Source) -> Iterator[str]:
    """Other programs: one place lends the terminal, one asks for a password. A shell reads the latter's command, which
    is the reader's own."""
    if source.place.startswith("notebook/") or source.place in _RUNNERS:
        return
    yield from (f"{name} at line {call.lineno}" for name, call in calls(source) if name in _RUNNING)
    yield from (module for module, _ in imported(source) if module in ("subprocess", "pty", "pexpect"))
    yield from (f"a shell at line {call.lineno}" for _, call in calls(source) if _keyword(call, "shell") is not None)


RULES: tuple[Rule, ...] = (
    decoding, characters, drawing, typing, rendering, captions, leaving, terminal, running,
)  # fmt: skip
