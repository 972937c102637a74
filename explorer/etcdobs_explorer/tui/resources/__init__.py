"""Decides which views there are, in the order of their keys."""

from typing import Any

from .keys import KEYS
from .leases import LEASES
from .members import MEMBERS
from .resource import Reading, Resource, Source
from .traffic import CALLS
from .watch import WATCH

RESOURCES: tuple[Resource[Any], ...] = (KEYS, LEASES, MEMBERS, WATCH, CALLS)

__all__ = ["CALLS", "KEYS", "LEASES", "MEMBERS", "RESOURCES", "WATCH", "Reading", "Resource", "Source"]
