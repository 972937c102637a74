"""Decides what any piece of news says about the connection as a whole, whatever it is about."""

from etcdobs_explorer.model.records import FailureKind
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.trouble import Trouble

from .change import Change, Topic, topics
from .keys import ChildrenArrived, EntryArrived
from .watch import WatchBegan, WatchFailed


def note(change: Change, state: State, now: float) -> frozenset[Topic]:
    """Enter it; answers what has to be drawn again."""
    connection, before = state.connection, state.connection.troubles.worst
    match change:
        case WatchBegan():
            connection.answered()
            connection.troubles.end(Trouble.DENIED, Trouble.COMPACTED)
        case WatchFailed(kind=FailureKind.DENIED):
            connection.troubles.set(Trouble.DENIED, True, now, change.reason)
        case ChildrenArrived() | EntryArrived():
            connection.answered()
        case _:
            pass
    connection.heard(getattr(change, "reason", b""), now)
    return topics(Topic.STATUS) if connection.troubles.worst != before else frozenset()
