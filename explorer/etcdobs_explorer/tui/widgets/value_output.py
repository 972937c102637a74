"""Decides what leaves the value pane: text for the clipboard and for the pager, inert in both."""

import os
import shlex
from typing import Any

from textual.app import App, SuspendNotSupported

from etcdobs_explorer.model.state import Selection
from etcdobs_explorer.model.text import CLIPBOARD_BYTES, legible
from etcdobs_explorer.model.value import Hex, hex_row
from etcdobs_explorer.tui.terminal import lend

_STORED = ("text", "yaml", "toml", "json")  # forms whose bytes are for reading as they are


def copied(raw: bytes) -> str:
    """What of a value goes to the clipboard: inert, its lines and tabs kept, as much as terminals take."""
    return legible(raw[:CLIPBOARD_BYTES])[:CLIPBOARD_BYTES]


def as_stored(selection: Selection) -> bytes | None:
    """What `copy` means by the value: its own bytes where they are text, the digits of bytes, else what is shown."""
    decoded, entry = selection.decoded, selection.entry
    if entry is None or decoded is None:
        return None
    is_covered = decoded.is_secret and not selection.asked.reveal
    if decoded.form in _STORED and not is_covered and not isinstance(decoded.body, Hex):
        return entry.value
    return decoded.body.data.hex().encode() if isinstance(decoded.body, Hex) else b"\n".join(decoded.body.lines)


def as_shown(selection: Selection) -> bytes | None:
    """What is on the screen, and above and below it."""
    decoded = selection.decoded
    if decoded is None:
        return None
    if isinstance(decoded.body, Hex):
        data = decoded.body.data
        return "\n".join("  ".join(hex_row(data, row, 16)) for row in range(-(-len(data) // 16))).encode()
    return b"\n".join(decoded.body.lines)


async def page(app: App[Any], raw: bytes) -> str:
    """Show text in the reader's pager, and wait until he is done; answers what went wrong, "" for nothing."""
    try:
        command = shlex.split(os.environ.get("PAGER", "")) or ["less"]
    except ValueError as error:
        return f"$PAGER is no command: {error}"
    try:
        await lend(app, command, legible(raw).encode())
    except SuspendNotSupported:
        return "this terminal cannot be lent to a pager"
    except OSError as error:
        return f"cannot run {command[0]}: {error.strerror}; $PAGER names another"
    return ""
