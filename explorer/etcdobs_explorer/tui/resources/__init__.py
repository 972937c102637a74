"""Decides which views there are, in the order of their keys."""

from typing import Any

from .calls import CALLS
from .history import HISTORY
from .journal import JOURNAL
from .keys import KEYS
from .leases import LEASES
from .members import MEMBERS
from .resource import Reading, Resource, Source
from .traffic import TRAFFIC
from .watch import FEED, WATCH, WATCHES

RESOURCES: tuple[Resource[Any], ...] = (KEYS, LEASES, MEMBERS, WATCH, TRAFFIC, CALLS, HISTORY, JOURNAL)

__all__ = [
    "CALLS",
    "FEED",
    "HISTORY",
    "JOURNAL",
    "KEYS",
    "LEASES",
    "MEMBERS",
    "RESOURCES",
    "TRAFFIC",
    "WATCH",
    "WATCHES",
    "Reading",
    "Resource",
    "Source",
]
