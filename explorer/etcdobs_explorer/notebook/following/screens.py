"""Decides where a watch is drawn: in a widget, by display updates, as lines in a terminal, or nowhere."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, Protocol

from IPython.core.getipython import get_ipython

from etcdobs_explorer.model.text import inert
from etcdobs_explorer.notebook.as_html import fragment
from etcdobs_explorer.notebook.as_text import plain

from .follow import Follow

Show = Literal["auto", "widget", "updates", "lines", "none"]
SECONDS_BETWEEN_DRAWINGS = 0.25
_display: Any = import_module("IPython.display").display


def show(bundle: dict[str, Any], *, is_updated: bool = True) -> Any:
    """Show a mime bundle in the cell that runs; answers a handle to change it by, where it is to be updated."""
    return _display(bundle, raw=True, **({"display_id": True} if is_updated else {}))


class Screen(Protocol):
    """Where a watch is drawn. `draws`: its last state is seen there, so that it need not be shown again."""

    draws: bool

    def begin(self, follow: Follow) -> None:
        """Make the place for it."""

    def draw(self, follow: Follow) -> None:
        """How it is now."""

    def end(self, follow: Follow) -> None:
        """Leave what stays, without anything that moves."""

    @property
    def is_gone(self) -> bool:
        """Whether nobody looks at it any more."""
        ...


class Nowhere:
    """For a watch that is not drawn."""

    is_gone = False
    draws = False

    def begin(self, follow: Follow) -> None:
        """Nothing."""

    def draw(self, follow: Follow) -> None:
        """Nothing."""

    def end(self, follow: Follow) -> None:
        """Nothing."""


class Terminal(Nowhere):
    """A line an event, as it comes."""

    draws = True

    def __init__(self) -> None:
        self._printed = 0

    def draw(self, follow: Follow) -> None:
        """The events that came since."""
        fresh = min(follow.total - self._printed, len(follow))
        for event in follow.events[len(follow) - fresh :]:
            line = f"{event.type.name} {inert(event.kv.key, 200).plain} {inert(event.kv.value, 200).plain}"
            print(line.rstrip())  # noqa: T201 - a terminal's own way
        self._printed = follow.total


class Updates(Nowhere):
    """HTML that takes the place of the HTML before it; works in every front end."""

    draws = True

    def __init__(self) -> None:
        self._handle: Any = None
        self._drawn = ("", "")

    def begin(self, follow: Follow) -> None:
        """The first drawing, in the cell that runs."""
        self._handle = show(self._bundle(follow))

    def draw(self, follow: Follow) -> None:
        """The same place, drawn anew where anything changed."""
        before = self._drawn
        bundle = self._bundle(follow)
        if self._handle is not None and self._drawn != before:
            self._handle.update(bundle, raw=True)

    def end(self, follow: Follow) -> None:
        """The last state, which stays in the notebook."""
        self.draw(follow)

    def _bundle(self, follow: Follow) -> dict[str, str]:
        self._drawn = (plain(follow.blocks()), follow.html())
        return {"text/plain": self._drawn[0], "text/html": self._drawn[1]}


class InWidget:
    """A widget with pause and stop; static HTML once it is over."""

    draws = True

    def __init__(self, *, can_stop: bool) -> None:
        self._widget: Any = import_module(".widget", __package__).LiveWidget(can_stop=can_stop)
        self._handle: Any = None
        self._is_over = False

    @property
    def is_gone(self) -> bool:
        """Whether the page that showed it has closed, or the cell was run again."""
        return bool(self._widget.is_gone)

    @property
    def wants_stop(self) -> bool:
        """Whether its button was pressed."""
        return bool(self._widget.wants_stop)

    def begin(self, follow: Follow) -> None:
        """The widget, and beside it what a page without widgets shows."""
        drawn: Any = self._widget._repr_mimebundle_()
        bundle: dict[str, Any] = drawn[0] if drawn else dict[str, Any]()
        still = {"text/plain": plain(follow.blocks()), "text/html": follow.html()}
        self._handle = show({**bundle, **still})
        self.draw(follow)

    def draw(self, follow: Follow) -> None:
        """How it is now: what is unchanged is not sent."""
        self._widget.html = str(fragment(follow.blocks()))
        self._widget.total = follow.total

    def end(self, follow: Follow) -> None:
        """Static HTML in the widget's place."""
        if self._is_over:
            return
        self._is_over = True
        still = {"text/plain": plain(follow.blocks()), "text/html": follow.html()}
        if self._handle is not None:
            self._handle.update(still, raw=True)
        self._widget.close()


def screen(wanted: Show, *, in_background: bool) -> Screen:
    """The place for a watch: what was asked for, else what serves here."""
    shell = get_ipython()
    has_page = shell is not None and hasattr(shell, "kernel")
    if wanted == "auto":
        wanted = ("widget" if has_widgets() else "updates") if has_page else "lines" if shell else "none"
    match wanted:
        case "widget":
            return InWidget(can_stop=in_background)
        case "updates":
            return Updates()
        case "lines":
            return Nowhere() if in_background else Terminal()
        case _:
            return Nowhere()


def has_widgets() -> bool:
    """Whether anywidget is installed."""
    return find_spec("anywidget") is not None
