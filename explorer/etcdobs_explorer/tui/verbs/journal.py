"""Decides what can be done with the writes of a session: take one back, and save them as a script."""

import os
import time
from typing import TYPE_CHECKING

from etcdobs_explorer.model import units
from etcdobs_explorer.model.secrets import WITH_SECRETS, asked_for
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.writes import left_out, script
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
            TargetScreen("save as an etcdctl script", b"", proposed, note=_note(view)), lambda path: save(view, path)
        )


def _note(view: "ViewScreen") -> str:
    number = left_out(view.state.journal.steps)
    if not number:
        return ""
    what = units.plural(number, "write of a Secret is", "writes of Secrets are")
    return f"{what} left out; type {WITH_SECRETS} behind the name"


def save(view: "ViewScreen", name: bytes | None) -> None:
    """A file of that name, never over another one; it holds values, and so is its owner's alone. Secrets are not among
    them, unless the name has `with-secrets` behind it."""
    if name is None:
        return
    typed, with_secrets = asked_for(name)
    steps = view.state.journal.steps
    path = inert(typed).plain
    try:
        path = os.path.expanduser(path)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700), "w", encoding="utf-8") as file:
            file.write(script(steps, with_secrets=with_secrets))
    except OSError as error:
        view.post_message(Tell(f"{path}: {error.strerror}", "error"))
        return
    number = 0 if with_secrets else left_out(steps)
    if number:
        out = units.plural(number, "write of a Secret is", "writes of Secrets are")
        view.post_message(Tell(f"saved {path}; {out} left out", "warning"))
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
