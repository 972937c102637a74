"""Decides what any piece of news says about the connection as a whole, whatever it is about."""

from etcdobs_explorer.model import watches
from etcdobs_explorer.model.records import FailureKind
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.trouble import Trouble, is_compacted

from .change import Change, Topic, topics
from .keys import BelowCounted, ChildrenArrived, EntryArrived, LoadFailed
from .watch import WatchBegan, WatchFailed


def note(change: Change, state: State, now: float) -> frozenset[Topic]:
    """Enter it; answers what has to be drawn again."""
    connection, before = state.connection, state.connection.troubles.worst
    was_refused = Trouble.REFUSED in connection.troubles
    match change:
        case WatchBegan():
            connection.answered()
            if change.watch == watches.BUILTIN:
                connection.troubles.end(Trouble.DENIED, Trouble.COMPACTED)
        case WatchFailed(watch=watches.BUILTIN):
            connection.troubles.set(Trouble.DENIED, change.kind is FailureKind.DENIED, now, change.reason)
            connection.troubles.set(Trouble.COMPACTED, is_compacted(change.reason), now, change.reason)
        case ChildrenArrived() | EntryArrived() | BelowCounted() | LoadFailed(kind=FailureKind.DENIED):
            connection.answered()
        case _:
            pass
    connection.heard(getattr(change, "reason", b""), now)
    if was_refused and Trouble.REFUSED not in connection.troubles:
        state.ask_again()
    return topics(Topic.STATUS) if connection.troubles.worst != before else frozenset()
