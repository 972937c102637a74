"""Decides how JSON becomes a tree that folds: every token as it is stored, and no more nodes than a page can bear."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from .blocks import Cell, Node, Tone, Toned

_MOST_NODES = 500
_DEEPEST = 30
_LONGEST = 2_000  # characters of one string
_OPEN_TO = 1


class _Number(str):
    """A number as it is stored, whatever its size."""


class _Object(list[tuple[str, Any]]):
    """An object's names and values, repeated ones among them."""


def json_nodes(raw: bytes) -> Sequence[Node] | None:
    """The nodes of a JSON object or array; None where `raw` is neither."""
    try:
        held = json.loads(
            raw, parse_int=_Number, parse_float=_Number, parse_constant=_Number, object_pairs_hook=_Object
        )
        return list(_Nodes().of(held, 0)) if _holds(held) else None
    except (ValueError, RecursionError):
        return None


def _holds(value: Any) -> bool:
    """Whether it is an object or an array."""
    return isinstance(value, list)


class _Nodes:
    """Counts the nodes that it makes, and stops."""

    def __init__(self) -> None:
        self._left = _MOST_NODES

    def of(self, held: list[Any], depth: int) -> Iterator[Node]:
        named = held if isinstance(held, _Object) else ((None, each) for each in held)
        for at, (name, value) in enumerate(named):
            if self._left <= 0 or depth >= _DEEPEST:
                yield Node((Toned(f"… {len(held) - at:,} more", Tone.MUTED),))
                return
            self._left -= 1
            yield self._node(at if name is None else name, value, depth)

    def _node(self, name: str | int, value: Any, depth: int) -> Node:
        label: tuple[Cell, ...] = (Toned(str(name), Tone.STRONG), ": ")
        if not _holds(value):
            return Node((*label, _scalar(value)))
        brackets = f"{{{len(value):,}}}" if type(value) is _Object else f"[{len(value):,}]"
        children = tuple(self.of(value, depth + 1))
        return Node((*label, Toned(brackets, Tone.MUTED)), children, depth < _OPEN_TO)


def _scalar(value: Any) -> str:
    text = str(value) if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + f"… {len(text):,} characters"
