"""Decides what can be done with the writes of a session: take one back, and save them as a script."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.writes import script
from etcdobs_explorer.tui.messages import Tell
from etcdobs_explorer.tui.screens import changing
from etcdobs_explorer.tui.screens.target import TargetScreen

from .verb import Verb

if TYPE_CHECKING:
    from etcdobs_explorer.tui.screens.view import ViewScreen


def _export(view: "ViewScreen", name: str) -> None:
    if not view.state.journal.steps:
        view.post_message(Tell("nothing was written yet", "warning"))
    elif name:
        save(view, name.encode("utf-8", "surrogateescape"))
    else:
        proposed = f"etcdobs-{time.strftime('%Y%m%dT%H%M%S')}.sh".encode()
        changing.app_of(view).push_screen(
            TargetScreen("save as an etcdctl script", b"", proposed), lambda path: save(view, path)
        )


def save(view: "ViewScreen", name: bytes | None) -> None:
    """A file of that name, never over another one; it holds values, and so is its owner's alone."""
    if name is None:
        return
    path = Path(inert(name).plain).expanduser()
    try:
        with path.open("x", encoding="utf-8") as file:
            path.chmod(0o700)
            file.write(script(view.state.journal.steps))
    except OSError as error:
        view.post_message(Tell(f"{path}: {error.strerror}", "error"))
    else:
        view.post_message(Tell(f"saved {path}"))


VERBS = (
    Verb(
        "undo-step",
        "take the write under the cursor back",
        lambda view, _: changing.undo(view, view.current()),
        "u",
        ("undo",),
        "journal",
        "undo",
        writes=True,
    ),
    Verb(
        "export",
        "save the writes as an etcdctl script",
        _export,
        "s",
        ("save",),
        "journal",
        "export",
        argument="FILE",
    ),
)
