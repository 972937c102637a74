"""Decides which screen shows a resource: a table where nothing else is said."""

from typing import Any

from etcdobs_explorer.tui.resources import Resource

from .keys import KeysScreen
from .table import TableScreen
from .view import ViewScreen
from .watch import WatchScreen

_SCREENS: dict[str, type[ViewScreen]] = {
    "keys": KeysScreen,
    "watch": WatchScreen,
}


def screen_of(resource: Resource[Any]) -> type[ViewScreen]:
    """The class of the screen that shows a resource."""
    return _SCREENS.get(resource.name, TableScreen)
