"""Waits for transactions, which a cell holds in the text that etcdctl txn reads."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from etcdobs import Compare, Operation
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.notebook.grammar import Command, Grammar, Invocation
from etcdobs_explorer.notebook.kinds import hex_id, whole
from etcdobs_explorer.notebook.operations import delete_operation, get_operation, keys_of, put_operation
from etcdobs_explorer.notebook.run import Run
from etcdobs_explorer.notebook.words import LineError, Word, split

from .keys import DEL, GET, PUT

_COMPARE = re.compile(r"""\s*(\w+)\(\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^()\s]+)\s*\)\s*(!=|=|<|>)\s*(.+?)\s*$""")
_TARGETS = {
    "value": "value",
    "val": "value",
    "version": "version",
    "ver": "version",
    "create": "create_revision",
    "c": "create_revision",
    "mod": "mod_revision",
    "m": "mod_revision",
    "lease": "lease",
}
_OPERATIONS = Grammar((GET, PUT, DEL), ())


@dataclass(frozen=True, slots=True)
class Parts:
    """A transaction as it was read: `compares` hold target, key, relation and operand."""

    compares: tuple[tuple[str, bytes, str, bytes | int], ...]
    then: tuple[Invocation, ...]
    otherwise: tuple[Invocation, ...]

    @property
    def writes(self) -> bool:
        """Whether any of its operations does."""
        return any(each.command.writes for each in (*self.then, *self.otherwise))


def parts(text: str, names: Mapping[str, Any]) -> Parts:
    """What etcdctl txn reads: compares, then what is done where they hold, then what is done where they do not; each
    block is ended by an empty line.

    Raises:
        LineError: a line is wrong; the message names it.
    """
    blocks: list[list[tuple[int, str]]] = [[]]
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip().startswith("#"):
            continue
        if line.strip():
            blocks[-1].append((number, line))
        elif len(blocks) < 3 or blocks[-1]:
            blocks.append([])
    if any(blocks[3:]):
        raise LineError(f"txn: line {next(filter(None, blocks[3:]))[0][0]}: three blocks are read, this is a fourth")
    compares, then, otherwise = ([*blocks, [], []])[:3]
    return Parts(
        tuple(_at(number, _compare, line, names) for number, line in compares),
        tuple(_at(number, _operation, line, names) for number, line in then),
        tuple(_at(number, _operation, line, names) for number, line in otherwise),
    )


def _at(number: int, read: Any, line: str, names: Mapping[str, Any]) -> Any:
    try:
        return read(line, names)
    except LineError as problem:
        raise LineError(f"txn: line {number}: {problem}") from None


def _compare(line: str, names: Mapping[str, Any]) -> tuple[str, bytes, str, bytes | int]:
    found = _COMPARE.match(line)
    if found is None or found[1] not in _TARGETS:
        raise LineError(f'a compare like mod("key") > "0" is wanted, not {inert(line.strip(), 60).plain!r}')
    target = _TARGETS[found[1]]
    keys, operands = split(found[2], names), split(found[4], names)
    if len(keys) != 1 or len(operands) != 1:
        raise LineError(f"one operand is wanted after {found[3]}; quote what holds blanks")
    return target, keys[0].text, found[3], _operand(target, operands[0])


def _operand(target: str, word: Word) -> bytes | int:
    if target == "value":
        return word.text
    return hex_id(word, "lease") if target == "lease" else whole(word, target)


def _operation(line: str, names: Mapping[str, Any]) -> Invocation:
    asked = _OPERATIONS.parse(split(line, names))
    if not isinstance(asked, Invocation):
        raise LineError("get, put or del is wanted")
    if asked.given & {"if-absent", "if-mod", "as"}:
        raise LineError("in a transaction the conditions are its compares")
    operation_of(asked)
    return asked


def operation_of(asked: Invocation) -> Operation:
    """The operation of a line in a transaction."""
    match asked.command.name:
        case "get":
            return get_operation(asked)
        case "del":
            return delete_operation(asked)
        case _:
            return put_operation(asked, asked.arguments[1].text if len(asked.arguments) > 1 else None)


def compare_of(part: tuple[str, bytes, str, bytes | int]) -> Compare:
    """The library's compare of a line."""
    target, key, relation, operand = part
    side = getattr(Compare, target)(key)
    match relation:
        case "=":
            held = side == operand
        case "!=":
            held = side != operand
        case "<":
            held = side < operand
        case _:
            held = side > operand
    assert isinstance(held, Compare)
    return held


def txn(run: Run) -> Any:
    """The transaction of a cell is sent."""
    read = parts(run.cell or "", run.names)
    if not (read.compares or read.then or read.otherwise):
        raise LineError(f"txn: the cell is empty: {HELP}")
    if read.writes:
        run.check_may_write("txn")
    for asked in (*read.then, *read.otherwise):
        if asked.command.writes:
            keys = keys_of(asked) if asked.command is DEL else None
            run.check_not_protected("txn", asked.text(0), keys.end if keys else b"")
    builder = run.client.txn().when(*map(compare_of, read.compares))
    return builder.then(*_all(read.then)).otherwise(*_all(read.otherwise)).commit(timeout=run.seconds)


def _all(asked: Sequence[Invocation]) -> list[Operation]:
    return [operation_of(each) for each in asked]


HELP = 'compares like mod("/k") > "0", an empty line, what is done where they hold, an empty line, what is done else'
COMMANDS = (
    Command(
        ("txn",),
        "a transaction, in a cell",
        txn,
        details=f"The cell holds what etcdctl txn reads: {HELP}. Targets are value, version, create, mod and lease;"
        " operations are get, put and del with their options.",
        examples=('%%etcd txn\nvalue("/config/mode") = "blue"\n\nput /config/mode green\n\nget /config/mode',),
        cell="must",
    ),
)
