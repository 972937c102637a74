"""Decides how rows become data frames: columns of one type each, JSON in values opened on request."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

_DEEPEST = 20
_MOST_COLUMNS = 500
# Controls but tab and line ends, and the bidi ones.
_ACTS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
Type = Literal["text", "bytes", "int", "float", "bool"]
_ARROW = {"text": "string", "bytes": "binary", "int": "int64", "float": "float64", "bool": "bool_"}
_POLARS = {"text": "String", "bytes": "Binary", "int": "Int64", "float": "Float64", "bool": "Boolean"}
_PANDAS = {"text": "string", "bytes": "object", "int": "Int64", "float": "Float64", "bool": "boolean"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, the type of all that is in it, and what is; None where there is nothing."""

    name: str
    type: Type
    values: Sequence[Any]


class FrameError(ModuleNotFoundError):
    """What would make the frame is not installed."""


def to_pandas(columns: Iterable[Column]) -> "pd.DataFrame":
    """A pandas DataFrame with nullable types."""
    pandas = _module("pandas")
    series = {each.name: pandas.Series(list(each.values), dtype=_PANDAS[each.type]) for each in columns}
    frame: pd.DataFrame = pandas.DataFrame(series)
    return frame


def to_polars(columns: Iterable[Column]) -> "pl.DataFrame":
    """A polars DataFrame."""
    polars = _module("polars")
    series = [polars.Series(each.name, list(each.values), getattr(polars, _POLARS[each.type])) for each in columns]
    frame: pl.DataFrame = polars.DataFrame(series)
    return frame


def to_arrow(columns: Iterable[Column]) -> Any:
    """A pyarrow Table."""
    arrow = _module("pyarrow")
    arrays = {each.name: arrow.array(list(each.values), getattr(arrow, _ARROW[each.type])()) for each in columns}
    return arrow.table(arrays)


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        raise FrameError(f"{name} is not installed: pip install {name}", name=missing.name) from None


def as_text(raw: bytes) -> str:
    """Bytes as text, what is no UTF-8 in it as `\\xff`, what a terminal or a page acts on as `\\x1b`, `\\u202e`."""
    return _ACTS.sub(_escaped, raw.decode("utf-8", "backslashreplace"))


def _escaped(found: "re.Match[str]") -> str:
    code = ord(found.group())
    # From 0x80 on \x would be a byte that is no UTF-8.
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}"


def expanded(values: Sequence[bytes], prefix: str = "value") -> list[Column]:
    """Columns for what is in values that are JSON objects: `value.spec.replicas`; the others have None there."""
    rows = [dict(_flat(_parsed(value), prefix)) for value in values]
    names = list(dict.fromkeys(name for row in rows for name in row))[:_MOST_COLUMNS]
    return [_typed(name, [row.get(name) for row in rows]) for name in names]


def _parsed(value: bytes) -> Any:
    """What is in a JSON object; None of anything else."""
    try:
        held: Any = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return cast("Mapping[str, Any]", held) if held and isinstance(held, dict) else None


def _flat(held: Any, name: str, depth: int = 0) -> Iterable[tuple[str, Any]]:
    if isinstance(held, Mapping) and held and depth < _DEEPEST:
        for key, value in cast("Mapping[str, Any]", held).items():
            yield from _flat(value, f"{name}.{_printable(key)}", depth + 1)
    elif isinstance(held, (Mapping, list)):
        yield name, json.dumps(held, ensure_ascii=False)
    elif held is not None:
        yield name, held


def _typed(name: str, values: Sequence[Any]) -> Column:
    """The narrowest type that holds all of them; text where they are of several."""
    kinds: set[type] = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return Column(name, "bool", values)
    if kinds == {int} and all(value is None or -(1 << 63) <= value < 1 << 63 for value in values):
        return Column(name, "int", values)
    if kinds and kinds <= {int, float}:
        return Column(name, "float", [None if value is None else float(value) for value in values])
    return Column(name, "text", [_as_column_text(value) for value in values])


def _as_column_text(value: Any) -> str | None:
    text = value if value is None or isinstance(value, str) else json.dumps(value)
    return None if text is None else _printable(text)


def _printable(text: str) -> str:
    # Half a surrogate pair, which JSON can spell, is in no column.
    return as_text(text.encode("utf-8", "backslashreplace"))
