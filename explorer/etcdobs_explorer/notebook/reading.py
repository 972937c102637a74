"""Decides how a stored value is shown: short in a cell, whole where it stands alone, and never what is secret."""

from collections.abc import Sequence

from etcdobs_explorer.model import units
from etcdobs_explorer.model.value import Asked, Hex, hex_row
from etcdobs_explorer.model.value import decode as read_value

from .blocks import Block, Cell, Folded, Lines, Note, Tone, Toned, Tree
from .json_view import json_nodes
from .limits import Limits
from .masked import without_secrets

_SHORT = 96  # characters in a cell before it folds
_ROW = 16
_QUICK_BYTES = 64 * 1024
_PACKED = (b"k8s", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
_PLAIN = ("text", "JSON", "JSON, as stored", "YAML", "empty")


def short(raw: bytes, limits: Limits) -> Cell:
    """A value in one line, which opens where there is more of it."""
    shown = raw if limits.reveal_secrets else without_secrets(raw)
    if shown is None:
        return Toned(f"Secret, {units.size(len(raw))}, masked", Tone.MUTED)
    if not shown:
        return Toned("empty", Tone.MUTED)
    line = _one_line(shown, limits)
    is_whole = line is shown and len(shown) <= _SHORT and not _folds(shown)
    return line if is_whole else Folded(_clipped(line), whole(raw, limits))


def whole(raw: bytes, limits: Limits) -> Sequence[Block]:
    """A value as its format has it, its first `max_bytes`."""
    shown = raw if limits.reveal_secrets else without_secrets(raw)
    if shown is None:
        return (Note((f"a Secret of {units.size(len(raw))}: masked; %config EtcdMagic.reveal_secrets shows it",)),)
    return _body(shown, limits)


def _body(raw: bytes, limits: Limits) -> Sequence[Block]:
    match limits.form:
        case "hex":
            return _dump(raw, limits)
        case "text":
            return _lines(raw.split(b"\n"), limits)
        case _:
            nodes = json_nodes(raw) if _folds(raw) else None
            return (Tree(nodes),) if nodes is not None else _decoded(raw, limits)


def _decoded(raw: bytes, limits: Limits) -> Sequence[Block]:
    decoded = read_value(raw, Asked(reveal=limits.reveal_secrets))
    facts = [part for name, fact in decoded.facts for part in (name, fact)]
    kind = () if decoded.format in _PLAIN else (Note((decoded.format, *facts)),)
    body = decoded.body
    return (*kind, *(_dump(body.data, limits) if isinstance(body, Hex) else _lines(body.lines, limits)))


def _lines(lines: Sequence[bytes], limits: Limits) -> Sequence[Block]:
    """The first `max_bytes` of them, and how much that is."""
    left, kept = limits.max_bytes or sum(map(len, lines)), list[tuple[Tone, bytes]]()
    for line in lines:
        if left <= 0 and line:
            break
        kept.append((Tone.PLAIN, line[: max(left, 0)]))
        left -= len(line)
    total, shown = sum(map(len, lines)), sum(len(line) for _, line in kept)
    return (Lines(kept), *(_left_out(shown, total) if shown < total else ()))


def _dump(data: bytes, limits: Limits) -> Sequence[Block]:
    part = data[: limits.max_bytes] if limits.max_bytes > 0 else data
    rows = range((len(part) + _ROW - 1) // _ROW)
    lines = [(Tone.PLAIN, "  ".join(hex_row(part, row, _ROW)).encode()) for row in rows]
    return (Lines(lines), *(_left_out(len(part), len(data)) if len(part) < len(data) else ()))


def _left_out(shown: int, total: int) -> Sequence[Block]:
    return (Note((f"the first {units.size(shown)} of {units.size(total)}",)),)


def _one_line(raw: bytes, limits: Limits) -> bytes:
    """What is seen of a value before it is opened: binary as the name of what it is."""
    if limits.form == "hex":
        return raw[:_ROW].hex(" ").encode()
    if limits.form == "text" or _folds(raw):
        return raw
    if len(raw) > _QUICK_BYTES and not raw.startswith(_PACKED):
        return raw[: 4 * _SHORT]
    decoded = read_value(raw)
    if isinstance(decoded.body, Hex) or decoded.format not in _PLAIN:
        named = [decoded.format.encode(), *(fact for name, fact in decoded.facts if name in ("apiVersion", "kind"))]
        return b" ".join(named) + f", {units.size(len(raw))}".encode()
    return raw


def _clipped(line: bytes) -> bytes:
    flat = b" ".join(line[: 4 * _SHORT].split())
    return flat if len(flat) <= _SHORT else flat[:_SHORT] + "…".encode()


def _folds(raw: bytes) -> bool:
    """Whether it is worth to be asked for its parts."""
    return len(raw) > 2 and raw.lstrip()[:1] in (b"{", b"[")
