"""Decides what the explorer still knows of a context the next time it is opened, and how that is written down."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

_VERSION = 1
_MOST = 200  # directories, which are read again one by one at the start


@dataclass(frozen=True, slots=True)
class Remembered:
    """Where the reader was, and what they chose. `view` is a view's name, `key` the key or the
    directory under the cursor, `forms` how values below a prefix are read."""

    view: str = "keys"
    root: bytes = b""
    expanded: tuple[bytes, ...] = ()
    key: bytes = b""
    is_branch: bool = False
    theme: str = ""
    overview: bool = True
    bookmarks: tuple[bytes, ...] = ()
    forms: Mapping[bytes, str] = field(default_factory=dict[bytes, str])


def state_directory(environ: Mapping[str, str]) -> Path | None:
    """Where the explorer keeps what it remembers, and its log; ETCDOBS_STATE, else the platform's directory. None where
    platformdirs, which the `explorer` extra brings, is not installed."""
    if given := environ.get("ETCDOBS_STATE"):
        return Path(given).expanduser()
    try:
        from platformdirs import user_state_path  # noqa: PLC0415 - of an extra
    except ModuleNotFoundError:
        return None
    return user_state_path("etcdobs", appauthor=False)


def path_of(directory: Path, identity: str) -> Path:
    """The file of a context."""
    return directory / "contexts" / f"{quote(identity, safe=' ,@')[:200]}.json"


def load(path: Path | None) -> Remembered:
    """What was remembered; nothing where the file is not there, or is not what `save` writes."""
    try:
        told: Any = json.loads(path.read_text(encoding="utf-8")) if path else {}
        return _remembered(told) if told.get("version") == _VERSION else Remembered()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Remembered()


def save(path: Path, remembered: Remembered) -> None:
    """Write it down, for this user's eyes only; a directory that cannot be written costs the memory, nothing else."""
    part = path.with_suffix(f".{os.getpid()}.part")
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.unlink(missing_ok=True)  # nor through a link that somebody left there
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(_told(remembered), file, indent=1)
        part.replace(path)


def _told(remembered: Remembered) -> dict[str, Any]:
    """Bytes as hexadecimal digits: keys need not be UTF-8."""
    return {
        "version": _VERSION,
        "view": remembered.view,
        "root": remembered.root.hex(),
        "expanded": [prefix.hex() for prefix in remembered.expanded[:_MOST]],
        "key": remembered.key.hex(),
        "is_branch": remembered.is_branch,
        "theme": remembered.theme,
        "overview": remembered.overview,
        "bookmarks": [key.hex() for key in remembered.bookmarks],
        "forms": {prefix.hex(): form for prefix, form in remembered.forms.items()},
    }


def _remembered(told: Mapping[str, Any]) -> Remembered:
    return Remembered(
        view=_text(told["view"]),
        root=bytes.fromhex(told["root"]),
        expanded=_keys(told["expanded"]),
        key=bytes.fromhex(told["key"]),
        is_branch=bool(told["is_branch"]),
        theme=_text(told["theme"]),
        overview=bool(told["overview"]),
        bookmarks=_keys(told["bookmarks"]),
        forms={bytes.fromhex(prefix): _text(form) for prefix, form in told["forms"].items()},
    )


def _keys(told: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(key) for key in told)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a string is wanted")
    return value
