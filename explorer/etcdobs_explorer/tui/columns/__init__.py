"""The columns of each table, a file a room."""

from .calls import CALLS
from .column import Column, meter, picked
from .history import HISTORY
from .journal import JOURNAL
from .leases import LEASES
from .members import MEMBERS
from .traffic import TRAFFIC
from .watch import EVENTS, WATCHES

__all__ = [
    "CALLS",
    "EVENTS",
    "HISTORY",
    "JOURNAL",
    "LEASES",
    "MEMBERS",
    "TRAFFIC",
    "WATCHES",
    "Column",
    "meter",
    "picked",
]
