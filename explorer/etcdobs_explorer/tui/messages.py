"""Decides what travels between workers, widgets and the app: typed messages, never calls into a widget."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from textual.message import Message

from etcdobs_explorer.feeds import Feeds
from etcdobs_explorer.model.changes import Change
from etcdobs_explorer.model.state import State


class Where(Protocol):
    """The app or a view: what messages are posted from."""

    state: State

    @property
    def app(self) -> Any:
        """The app that it belongs to."""
        ...

    def post_message(self, message: Message, /) -> bool:
        """Send a message up from here; answers whether it was taken."""
        ...


class Changed(Message):
    """News for the model, from a worker or a widget; `state` is the one it is news for, None: the one in sight."""

    def __init__(self, change: Change, state: State | None = None) -> None:
        super().__init__()
        self.change = change
        self.state = state


class Work(Message):
    """Something to be read or done by the feeds; a new one takes the place of the last one of its group."""

    def __init__(self, group: str, work: Callable[[Feeds], Awaitable[object]]) -> None:
        super().__init__()
        self.group = group
        self.work = work


class Tell(Message):
    """A notice for the reader; `severity` is "information", "warning" or "error"."""

    def __init__(self, text: str | bytes, severity: str = "information") -> None:
        super().__init__()
        self.text = text
        self.severity = severity


class Copied(Message):
    """Bytes for the terminal's clipboard; None: there is nothing to copy."""

    def __init__(self, raw: bytes | None) -> None:
        super().__init__()
        self.raw = raw


class Failed(Message):
    """A panel, a feed or a verb met an error of the explorer's own; `place` is its name."""

    def __init__(self, place: str, error: BaseException) -> None:
        super().__init__()
        self.place = place
        self.error = error


class DirectoryOpened(Message):
    """A directory was opened whose children are not known."""

    def __init__(self, prefix: bytes) -> None:
        super().__init__()
        self.prefix = prefix


class RootChosen(Message):
    """Another part of the keyspace is to be shown."""

    def __init__(self, prefix: bytes) -> None:
        super().__init__()
        self.prefix = prefix


class KeySelected(Message):
    """The cursor rests on a key or a directory whose value or size is not known."""

    def __init__(self, key: bytes, *, is_branch: bool) -> None:
        super().__init__()
        self.key = key
        self.is_branch = is_branch


class ViewChosen(Message):
    """The name or the pane of a view was clicked."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class PromptAnswered(Message):
    """A line was typed into the prompt: a command after `:`, a filter after `/`."""

    def __init__(self, kind: str, text: str, *, final: bool) -> None:
        super().__init__()
        self.kind = kind
        self.text = text
        self.final = final


class PromptLeft(Message):
    """The prompt was closed without an answer."""
