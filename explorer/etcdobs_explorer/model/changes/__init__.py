"""What each piece of news does to the state: the one way in which the model changes after a call."""

from .change import Change, Topic, topics
from .cluster import StatusArrived, StatusFailed
from .keys import (
    BelowCounted,
    ChildrenArrived,
    EntryArrived,
    EntryFailed,
    LoadBegan,
    LoadEnded,
    LoadFailed,
    Selected,
    Vanished,
)
from .leases import LeasesArrived, LeasesFailed, LeasesListed
from .members import MembersArrived, MembersFailed
from .traffic import CallsSampled
from .watch import EventsArrived, WatchBegan, WatchFailed

__all__ = [
    "BelowCounted",
    "CallsSampled",
    "Change",
    "ChildrenArrived",
    "EntryArrived",
    "EntryFailed",
    "EventsArrived",
    "LeasesArrived",
    "LeasesFailed",
    "LeasesListed",
    "LoadBegan",
    "LoadEnded",
    "LoadFailed",
    "MembersArrived",
    "MembersFailed",
    "Selected",
    "StatusArrived",
    "StatusFailed",
    "Topic",
    "Vanished",
    "WatchBegan",
    "WatchFailed",
    "topics",
]
