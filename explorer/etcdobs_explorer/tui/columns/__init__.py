"""The columns of each table, a file a room."""

from .column import Column, meter, picked
from .leases import LEASES
from .members import MEMBERS
from .traffic import CALLS
from .watch import EVENTS

__all__ = ["CALLS", "EVENTS", "LEASES", "MEMBERS", "Column", "meter", "picked"]
