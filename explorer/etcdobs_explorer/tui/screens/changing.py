"""Decides which dialogs a write goes through, from the key under the cursor to the plan that is confirmed."""

import time
from typing import TYPE_CHECKING, Any

from textual.app import App

from etcdobs_explorer.model import changes
from etcdobs_explorer.model.key_tree import Row, RowKind
from etcdobs_explorer.model.records import Entry
from etcdobs_explorer.model.writes import Plan, RefusedError, Step, check_editable, create, delete_key, edit
from etcdobs_explorer.model.writes.draft import MOST_BYTES, DraftError, check_json
from etcdobs_explorer.tui.messages import Tell, Work

from .edit import EditScreen
from .outside import EditorError, edited_outside
from .target import TargetScreen
from .write import WriteScreen

if TYPE_CHECKING:
    from .view import ViewScreen  # the verbs, which use this, are shown by every view


def confirm(view: "ViewScreen", plan: Plan) -> None:
    """Show a plan; it is applied once it is confirmed. An empty one says that there is nothing to write."""
    if plan.is_empty:
        view.post_message(Tell("nothing changed: nothing is written"))
        return
    changes.WritePlanned(plan).apply(view.state, time.monotonic())
    _show(view)


def plan_by(view: "ViewScreen", title: str, work: Work) -> None:
    """Let a feed make a plan, and show it; `title` says what it is for."""
    changes.WriteBegan(title).apply(view.state, time.monotonic())
    view.post_message(work)
    _show(view)


def _show(view: "ViewScreen") -> None:
    def ended(answer: str | None) -> None:
        theirs = view.state.writing.theirs
        if answer == "theirs" and theirs is not None:
            _edit(view, theirs)

    app_of(view).push_screen(WriteScreen(view.state), ended)


def app_of(view: "ViewScreen") -> App[Any]:
    """The app that a view is in."""
    return view.app  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def may_write(view: "ViewScreen") -> bool:
    """Whether writing makes sense here; the reader is told why not. What forbids it is below the interface."""
    if view.state.read_only:
        view.post_message(Tell("read-only: nothing is written here", "warning"))
    elif view.state.past.revision:
        view.post_message(Tell("this is the past: go back to now to change something", "warning"))
    else:
        return True
    return False


# -- one key -----------------------------------------------------------------------------------------------------


def new_key(view: "ViewScreen") -> None:
    """Ask for a name, then for a value."""
    if not may_write(view):
        return
    row = view.current()
    beside = row.key if isinstance(row, Row) else view.state.tree.root
    cut = beside.rfind(view.state.separator) + 1 if view.state.separator else 0
    near = beside[: cut and cut + len(view.state.separator) - 1]

    def named(key: bytes | None) -> None:
        if key:
            app_of(view).push_screen(EditScreen(view.state, key, b"", 0), lambda value: valued(key, value))

    def valued(key: bytes, value: bytes | None) -> None:
        if value is not None:
            confirm(view, create(key, value))

    app_of(view).push_screen(TargetScreen("new key", b"", near), named)


def edit_here(view: "ViewScreen") -> None:
    """Edit the value under the cursor in a text area."""
    entry = _entry(view)
    if entry is None or not _is_editable(view, entry):
        return
    if len(entry.value) > MOST_BYTES:
        view.post_message(Tell("this is too long to be edited here: E edits it with $EDITOR", "warning"))
        return
    _edit(view, entry)


def _edit(view: "ViewScreen", entry: Entry, text: bytes | None = None, reason: str = "") -> None:
    def edited(value: bytes | None) -> None:
        if value is not None:
            confirm(view, edit(entry, value))

    app_of(view).push_screen(EditScreen(view.state, entry.key, entry.value, entry.mod_revision, text, reason), edited)


def edit_outside(view: "ViewScreen") -> None:
    """Edit the value under the cursor with $EDITOR."""
    entry = _entry(view)
    if entry is not None and _is_editable(view, entry):
        view.run_worker(_edit_outside(view, entry), group="editor", exclusive=True, exit_on_error=False)


async def _edit_outside(view: "ViewScreen", entry: Entry) -> None:
    decoded = view.state.selection.decoded
    suffix = {"JSON": ".json", "YAML": ".yaml", "TOML": ".toml"}.get(decoded.format if decoded else "", ".txt")
    try:
        value = await edited_outside(app_of(view), entry.value, suffix)
    except EditorError as error:
        view.post_message(Tell(str(error), "error"))
        return
    try:
        check_json(entry.value, value)
    except DraftError as error:
        _edit(view, entry, value, str(error))
        return
    confirm(view, edit(entry, value))


def _is_editable(view: "ViewScreen", entry: Entry) -> bool:
    try:
        check_editable(entry.value)
    except RefusedError as error:
        view.post_message(Tell(error.reason, "warning"))
        return False
    return True


# -- keys and directories ----------------------------------------------------------------------------------------


def delete(view: "ViewScreen") -> None:
    """Delete the key or the directory under the cursor."""
    row, separator = _row(view), view.state.separator
    if row is not None and row.kind is RowKind.BRANCH:
        work = Work("write", lambda feeds: feeds.writes.plan_deletion(row.key, separator))
        plan_by(view, "delete", work)
    elif (entry := _entry(view)) is not None:
        confirm(view, delete_key(entry))


def transfer(view: "ViewScreen", name: str = "", *, move: bool) -> None:
    """Rename (`move`) or copy the key or the directory under the cursor; `name` is the target, asked for where it is
    empty."""
    row = _row(view)
    if row is None:
        return
    entry = _entry(view) if row.kind is RowKind.LEAF else None
    if row.kind is RowKind.LEAF and entry is None:
        return
    verb = "rename" if move else "copy"

    def named(target: bytes | None) -> None:
        if target:
            plan_by(view, verb, _transfer_work(view, row, entry, target, move))

    if name:
        named(name.encode("utf-8", "surrogateescape"))
    else:
        app_of(view).push_screen(TargetScreen(f"{verb} to", row.key, row.key), named)


def _transfer_work(view: "ViewScreen", row: Row, entry: Entry | None, target: bytes, move: bool) -> Work:
    separator = view.state.separator
    if entry is None:
        return Work("write", lambda feeds: feeds.writes.plan_directory_transfer(row.key, target, separator, move))
    return Work("write", lambda feeds: feeds.writes.plan_transfer(entry, target, move))


def undo(view: "ViewScreen", step: Step | None) -> None:
    """Take a step of the journal back."""
    if not may_write(view):
        return
    if step is None:
        view.post_message(Tell("nothing to undo", "warning"))
    elif step.why_not_undoable:
        view.post_message(Tell(step.why_not_undoable, "warning"))
    else:
        plan_by(view, "undo", Work("write", lambda feeds: feeds.writes.plan_undo(step)))


# -- what is under the cursor ------------------------------------------------------------------------------------


def _row(view: "ViewScreen") -> Row | None:
    """The key or directory under the cursor, where it may be written."""
    row: Any = view.current()
    if not may_write(view):
        return None
    if isinstance(row, Row) and row.kind in (RowKind.BRANCH, RowKind.LEAF):
        return row
    view.post_message(Tell("no key is under the cursor", "warning"))
    return None


def _entry(view: "ViewScreen") -> Entry | None:
    """The key under the cursor as it is shown: a write is on the revision that the reader saw."""
    row = _row(view)
    if row is None:
        return None
    selection = view.state.selection
    if row.kind is RowKind.BRANCH:
        view.post_message(Tell("this is a directory: a key is wanted", "warning"))
    elif selection.entry is None or selection.entry.key != row.key:
        view.post_message(Tell("the key is still being read", "warning"))
    elif selection.missing:
        view.post_message(Tell("the key is gone", "warning"))
    else:
        return selection.entry
    return None
