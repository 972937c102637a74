"""Decides how a change of a value is said in a few words, where a few words are enough."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from etcdobs_explorer.model.text import utf8

_MOST_BYTES = 64 * 1024  # of a value that is parsed for it
_MOST_FIELDS = 3
_LONGEST = 40  # of either side
_GONE = "-"


def summary(before: bytes, after: bytes | None) -> str | None:
    """`5s → 30s`, or the fields of a JSON object that differ: `spec.replicas: 3 → 5`; None: it takes the lines."""
    if after is None:
        return f"{text} → {_GONE}" if (text := _line(before)) else None
    if (fields := _fields(before, after)) is not None:
        return fields or None
    old, new = _line(before), _line(after)
    return f"{old} → {new}" if old and new else None


def _line(value: bytes) -> str:
    """A value that is a short line of text; "" where it is none."""
    is_short = 0 < len(value) <= _LONGEST and b"\n" not in value
    return (utf8(value) or "") if is_short else ""


def _fields(before: bytes, after: bytes) -> str | None:
    """The fields that differ; "" where the objects are equal, None where the values are no JSON objects."""
    objects = _object(before), _object(after)
    if objects[0] is None or objects[1] is None:
        return None
    old, new = (dict(_flat(each, "")) for each in objects)
    names = [name for name in {**old, **new} if old.get(name, _GONE) != new.get(name, _GONE)]
    said = [f"{name}: {_clipped(old.get(name, _GONE))} → {_clipped(new.get(name, _GONE))}" for name in names]
    left = len(said) - _MOST_FIELDS
    return ", ".join((*said[:_MOST_FIELDS], *([f"{left:,} more"] if left > 0 else [])))


def _object(value: bytes) -> Mapping[str, Any] | None:
    if len(value) > _MOST_BYTES or not value.lstrip().startswith(b"{"):
        return None
    try:
        return cast("Mapping[str, Any]", json.loads(value))
    except (ValueError, RecursionError):
        return None


def _flat(held: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(held, Mapping) and (held or not name):
        for key, value in cast("Mapping[str, Any]", held).items():
            yield from _flat(value, f"{name}.{key}" if name else key)
    else:
        yield name, json.dumps(held, ensure_ascii=False)


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
