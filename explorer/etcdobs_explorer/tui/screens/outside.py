"""Waits for the user's own editor, which has the terminal for as long as it runs."""

import os
import shlex
import stat
import tempfile
from pathlib import Path

from textual.app import App, SuspendNotSupported

from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.terminal import lend

_DEFAULT = "vi"


class EditorError(Exception):
    """The editor could not be run, or failed; the message is one line."""


async def edited_outside(app: App[object], value: bytes, suffix: str = ".txt") -> bytes:
    """A value as $VISUAL or $EDITOR leaves it. The newline that editors put at the end is taken away again where the
    value had none.

    The rest goes on meanwhile, but nothing is drawn.

    Raises:
        EditorError: there is no such editor, it failed, or left no file.
    """
    command = _command()
    with tempfile.TemporaryDirectory(prefix="etcdobs-") as directory:
        path = _written(Path(directory, f"value{suffix}"), value)
        await _run(app, [*command, str(path)])
        edited = _read(path)
    return edited.removesuffix(b"\n") if edited.endswith(b"\n") and not value.endswith(b"\n") else edited


def _command() -> list[str]:
    try:
        return shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "") or [_DEFAULT]
    except ValueError as error:
        raise EditorError(f"$EDITOR is no command: {error}") from None


def _written(path: Path, value: bytes) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(value)
    return path


def _read(path: Path) -> bytes:
    """What the editor left; where that is no file any more, there is nothing to wait for."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise EditorError("the editor left something else in place of the file: nothing is written")
        return path.read_bytes()
    except OSError as error:
        raise EditorError(f"what the editor left cannot be read: {error.strerror}: nothing is written") from None


async def _run(app: App[object], command: list[str]) -> None:
    try:
        code = await lend(app, command)
    except SuspendNotSupported:
        raise EditorError("this terminal cannot be given to an editor: e edits here") from None
    except OSError as error:
        raise EditorError(f"{inert(command[0]).plain}: {error.strerror}; $EDITOR names another") from None
    if code:
        raise EditorError(f"{inert(command[0]).plain} ended with {code}: nothing is written")
