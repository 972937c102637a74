"""Decides what a regular expression finds in bytes, in time that grows with them and with nothing else.

Python's `re` goes back and tries again: for some expressions, and keys that somebody made for them, longer than anybody
waits. It does the work where the steps from each place are few. Else an automaton does, whose states are made when they
are come to: it reads each byte once.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

_FEW = 1_000  # steps from one place
_MOST_NODES = 1_000
_MOST_STATES = 2_000  # kept at a time
_FINAL_NEWLINE, _END = 256, 257  # beside the bytes: `$` holds before both
_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_BYTES = frozenset(range(256))
# The parser's names of it; of the tree that it makes nothing is documented, nor has it changed for long.
_CATEGORIES = {"DIGIT": rb"\d", "SPACE": rb"\s", "WORD": rb"\w"}
_GROUPS = {"SUBPATTERN": -1, "ATOMIC_GROUP": None, "ASSERT": 1, "ASSERT_NOT": 1}
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


class Finder:
    """Whether an expression is found in bytes.

    Raises:
        re.error: it is no regular expression, or none whose time can be bounded; the message says why.
    """

    def __init__(self, pattern: bytes, flags: re.RegexFlag = re.NOFLAG) -> None:
        self._compiled = re.compile(pattern, flags)
        parser: Any = import_module("re._parser")
        tree = parser.parse(pattern, int(flags))
        self.find: Callable[[bytes], bool] = self._tried
        self.is_walked = _steps(tree) > _FEW
        if self.is_walked:
            self._cased = not self._compiled.flags & re.IGNORECASE
            self._literal = _literal(tree) if self._cased else _literal(tree).lower()
            self._automaton = Automaton(Nodes(tree, self._compiled.flags))
            self.find = self._walked

    def _tried(self, raw: bytes) -> bool:
        return self._compiled.search(raw) is not None

    def _walked(self, raw: bytes) -> bool:
        if not raw:
            return self._tried(raw)
        return self._literal in (raw if self._cased else raw.lower()) and self._automaton.find(raw)


# -- how much work `re` may have ---------------------------------------------------------------------------------


def _steps(tree: Any) -> float:
    return _ways(tree) * _length(tree)


def _ways(tree: Any) -> float:
    """How many ways there are to match, at most, from one place."""
    found = 1.0
    for op, of in tree:
        found *= _ways_of(str(op), of)
        if found > _FEW:
            return float("inf")
    return found


def _ways_of(op: str, of: Any) -> float:
    if op == "BRANCH":
        return sum(map(_ways, of[1]))
    if op == "GROUPREF_EXISTS":
        return _ways(of[1]) + _ways(of[2] or ())
    if op in _REPEATS:
        least, most, tree = of
        each = _ways(tree)
        if each > 1 and most > 10:
            return float("inf")
        return sum(each**times for times in range(least, most + 1)) if most - least <= _FEW else float("inf")
    return _ways(_within(op, of)) if op in _GROUPS else 1.0


def _length(tree: Any) -> float:
    return sum(_length_of(str(op), of) for op, of in tree)


def _length_of(op: str, of: Any) -> float:
    if op == "BRANCH":
        return max(map(_length, of[1])) + 1
    if op in _REPEATS:
        return float(of[1]) * max(1.0, _length(of[2]))
    return _length(_within(op, of)) + 1 if op in _GROUPS else 1.0


def _within(op: str, of: Any) -> Any:
    place = _GROUPS[op]
    return of if place is None else of[place]


def _literal(tree: Any) -> bytes:
    """The longest text that is in all that matches."""
    best = run = b""
    for op, of in tree:
        run = run + bytes([of]) if str(op) == "LITERAL" else b""
        best = max(best, run, key=len)
    return best


# -- the automaton -----------------------------------------------------------------------------------------------


class _Node(NamedTuple):
    """One of some bytes is read (`bytes`), a condition holds (`at`), or neither: then it goes on, to each of `after`.
    Where nothing is after it, that is a match."""

    after: tuple[int, ...]
    bytes: frozenset[int] | None = None
    at: str = ""


class Nodes:
    """The nodes of an expression, made from its end to its start."""

    def __init__(self, tree: Any, flags: int) -> None:
        self.held = [_Node(())]
        self.start = self._sequence(tree, flags, 0)

    def _add(self, node: _Node) -> int:
        if len(self.held) >= _MOST_NODES:
            raise re.error("it is too large")
        self.held.append(node)
        return len(self.held) - 1

    def _sequence(self, tree: Any, flags: int, after: int) -> int:
        for op, of in reversed(list(tree)):
            after = self._item(str(op), of, flags, after)
        return after

    def _item(self, op: str, of: Any, flags: int, after: int) -> int:
        match op:
            case "BRANCH":
                return self._add(_Node(tuple(self._sequence(each, flags, after) for each in of[1])))
            case "SUBPATTERN":
                _, added, removed, tree = of
                return self._sequence(tree, (flags | added) & ~removed, after)
            case "MAX_REPEAT" | "MIN_REPEAT":
                return self._repeat(of, flags, after)
            case "AT":
                return self._add(_Node((after,), at=_condition(str(of), flags)))
            case "LITERAL" | "NOT_LITERAL" | "IN" | "ANY":
                return self._add(_Node((after,), _bytes_of(op, of, flags)))
            case _:
                raise re.error("what looks around or back cannot be bounded beside * and +")

    def _repeat(self, of: tuple[int, int, Any], flags: int, after: int) -> int:
        least, most, tree = of
        if most - least > _MOST_NODES:
            start = self._add(_Node(()))
            self.held[start] = _Node((self._sequence(tree, flags, start), after))
        else:
            start = after
            for _ in range(most - least):
                start = self._add(_Node((self._sequence(tree, flags, start), after)))
        for _ in range(least):
            start = self._sequence(tree, flags, start)
        return start


def _condition(at: str, flags: int) -> str:
    is_line = bool(flags & re.MULTILINE)
    return {"AT_BEGINNING": "AT_LINE", "AT_END": "AT_LINE_END"}.get(at, at) if is_line else at


def _bytes_of(op: str, of: Any, flags: int) -> frozenset[int]:
    if op == "ANY":
        return _BYTES if flags & re.DOTALL else _BYTES - {0x0A}
    items = of if op == "IN" else [(op.removeprefix("NOT_"), of)]
    is_negated = op == "NOT_LITERAL" or any(str(kind) == "NEGATE" for kind, _ in items)
    found = {byte for kind, what in items for byte in _members(str(kind), what)}
    if flags & re.IGNORECASE:
        found |= set(bytes(found).swapcase())
    return _BYTES - found if is_negated else frozenset(found)


def _members(kind: str, what: Any) -> Iterable[int]:
    if kind == "LITERAL":
        return (what,)
    if kind == "RANGE":
        return range(what[0], what[1] + 1)
    if kind != "CATEGORY":
        return ()
    name = str(what).removeprefix("CATEGORY_")
    those = {byte for byte in _BYTES if re.match(_CATEGORIES[name.removeprefix("NOT_")], bytes([byte]))}
    return _BYTES - those if name.startswith("NOT_") else those


class _State:
    """Where the automaton may be, after a byte (None: at the start); `next` are the states that follow, as far as they
    are known."""

    __slots__ = ("before", "next", "nodes")

    def __init__(self, nodes: frozenset[int], before: int | None) -> None:
        self.nodes = nodes
        self.before = before
        self.next: list[_State | None] = [None] * 258


class Automaton:
    """Walks bytes once: from each state the bytes lead to one other, which is found when it is come to, and kept."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes: Sequence[_Node] = nodes.held
        self._begin = nodes.start
        self._found = _State(frozenset(), None)
        self._states: dict[tuple[frozenset[int], int | None], _State] = {}
        self._start = self._state(frozenset({self._begin}), None)

    def find(self, raw: bytes) -> bool:
        """Whether the expression is found; `raw` has at least a byte."""
        found, state = self._found, self._start
        is_line = raw[-1] == 0x0A
        for symbol in memoryview(raw)[:-1] if is_line else raw:
            state = state.next[symbol] or self._follow(state, symbol)
            if state is found:
                return True
        for symbol in (_FINAL_NEWLINE, _END) if is_line else (_END,):
            state = state.next[symbol] or self._follow(state, symbol)
            if state is found:
                return True
        return False

    def _state(self, nodes: frozenset[int], before: int | None) -> _State:
        if len(self._states) > _MOST_STATES:
            self._states.clear()
            self._start = self._state(frozenset({self._begin}), None)
        key = (nodes, before)
        if key not in self._states:
            self._states[key] = _State(nodes, before)
        return self._states[key]

    def _follow(self, state: _State, symbol: int) -> _State:
        byte = 0x0A if symbol == _FINAL_NEWLINE else symbol
        reached: set[int] = {self._begin}
        for number in self._reachable(state, symbol):
            node = self._nodes[number]
            if not node.after:
                state.next[symbol] = self._found
                return self._found
            if node.bytes is not None and byte in node.bytes:
                reached.update(node.after)
        follower = self._state(frozenset(reached), _kind(byte))
        state.next[symbol] = follower
        return follower

    def _reachable(self, state: _State, symbol: int) -> set[int]:
        """The nodes that are come to without reading more."""
        seen, waiting = set(state.nodes), list(state.nodes)
        while waiting:
            node = self._nodes[waiting.pop()]
            if node.bytes is None and (not node.at or _HOLDS[node.at](state.before, symbol)):
                fresh = [number for number in node.after if number not in seen]
                seen.update(fresh)
                waiting.extend(fresh)
        return seen


def _kind(byte: int) -> int:
    """Of a byte what conditions after it ask for: a letter, a line's end, or another one."""
    return 0x61 if byte in _WORD else byte if byte == 0x0A else 0


def _is_boundary(before: int | None, symbol: int) -> bool:
    return (before in _WORD) is not (symbol in _WORD)


_HOLDS: Mapping[str, Callable[[int | None, int], bool]] = {
    "AT_BEGINNING": lambda before, symbol: before is None,
    "AT_BEGINNING_STRING": lambda before, symbol: before is None,
    "AT_LINE": lambda before, symbol: before in (None, 0x0A),
    "AT_END": lambda before, symbol: symbol in (_FINAL_NEWLINE, _END),
    "AT_END_STRING": lambda before, symbol: symbol == _END,
    "AT_LINE_END": lambda before, symbol: symbol in (0x0A, _FINAL_NEWLINE, _END),
    "AT_BOUNDARY": _is_boundary,
    "AT_NON_BOUNDARY": lambda before, symbol: not _is_boundary(before, symbol),
}
