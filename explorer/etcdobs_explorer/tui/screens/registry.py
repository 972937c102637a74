"""Decides which screen shows a resource: a table where nothing else is said."""

from typing import Any

from etcdobs_explorer.tui.resources import Resource

from .calls import CallsScreen
from .history import HistoryScreen
from .keys import KeysScreen
from .leases import LeasesScreen
from .members import MembersScreen
from .table import TableScreen
from .traffic import TrafficScreen
from .view import ViewScreen
from .watch import WatchScreen

_SCREENS: dict[str, type[ViewScreen]] = {
    "keys": KeysScreen,
    "history": HistoryScreen,
    "leases": LeasesScreen,
    "watch": WatchScreen,
    "members": MembersScreen,
    "traffic": TrafficScreen,
    "calls": CallsScreen,
}


def screen_of(resource: Resource[Any]) -> type[ViewScreen]:
    """The class of the screen that shows a resource."""
    return _SCREENS.get(resource.name, TableScreen)
