"""What each piece of news does to the state: the one way in which the model changes after a call."""

from .change import Change, Topic, topics
from .cluster import StatusArrived, StatusFailed
from .history import (
    Compared,
    HistoryArrived,
    HistoryBegan,
    HistoryFailed,
    HistoryOpened,
    Travelled,
)
from .keys import (
    BelowCounted,
    ChildrenArrived,
    EntryArrived,
    EntryFailed,
    LoadBegan,
    LoadEnded,
    LoadFailed,
    ObjectsArrived,
    Offered,
    Selected,
    Sought,
    Vanished,
)
from .leases import LeaseKept, LeaseOpened, LeasesArrived, LeasesFailed, LeasesListed
from .members import AlarmsArrived, AlarmsFailed, MembersArrived, MembersFailed
from .search import SearchBegan, SearchCounted, SearchEnded, SearchFound
from .survey import Surveyed
from .traffic import CallsArrived, TrafficSampled
from .troubles import note
from .value import SchemaLoaded, ValueRead
from .watch import EventsArrived, Inspected, RecordingChanged, WatchBegan, WatchFailed
from .writes import WriteApplying, WriteBegan, WriteEnded, WriteNoted, WritePlanned, WriteRead, WriteRefused

__all__ = [
    "AlarmsArrived",
    "AlarmsFailed",
    "BelowCounted",
    "CallsArrived",
    "Change",
    "ChildrenArrived",
    "Compared",
    "EntryArrived",
    "EntryFailed",
    "EventsArrived",
    "HistoryArrived",
    "HistoryBegan",
    "HistoryFailed",
    "HistoryOpened",
    "Inspected",
    "LeaseKept",
    "LeaseOpened",
    "LeasesArrived",
    "LeasesFailed",
    "LeasesListed",
    "LoadBegan",
    "LoadEnded",
    "LoadFailed",
    "MembersArrived",
    "MembersFailed",
    "ObjectsArrived",
    "Offered",
    "RecordingChanged",
    "SchemaLoaded",
    "SearchBegan",
    "SearchCounted",
    "SearchEnded",
    "SearchFound",
    "Selected",
    "Sought",
    "StatusArrived",
    "StatusFailed",
    "Surveyed",
    "Topic",
    "TrafficSampled",
    "Travelled",
    "ValueRead",
    "Vanished",
    "WatchBegan",
    "WatchFailed",
    "WriteApplying",
    "WriteBegan",
    "WriteEnded",
    "WriteNoted",
    "WritePlanned",
    "WriteRead",
    "WriteRefused",
    "note",
    "topics",
]
