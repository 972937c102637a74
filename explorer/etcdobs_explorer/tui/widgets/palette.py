"""Decides where colours come from: component classes in the style sheet, one a role, so that themes reach all.

They are the app's, once: Textual makes a node of each whenever it styles the widget that has them, which for dozens of
widgets took most of a second. A widget that looks different in some roles has those as its component classes.
"""

from rich.style import Style
from textual.dom import DOMNode
from textual.scroll_view import ScrollView
from textual.widget import Widget

from etcdobs_explorer.tui.containment import ContainedPanel


class Painted(ContainedPanel, Widget):
    """A widget that draws lines in the roles of `strips.ROLES`."""

    def role(self, name: str) -> Style:
        """The style of a role, to be laid over the widget's own."""
        return _cached(self, self._rich_style_cache, f"role--{name}")


class PaintedScroll(ContainedPanel, ScrollView):
    """A scrolling widget that draws lines in the roles of `strips.ROLES`, each `line_width` cells wide."""

    def role(self, name: str) -> Style:
        """The style of a role, to be laid over the widget's own."""
        return _cached(self, self._rich_style_cache, f"role--{name}")

    @property
    def line_width(self) -> int:
        """The cells of a line: what the scroll bar leaves."""
        return self.scrollable_content_region.width


def _cached(widget: Widget, cache: dict[tuple[str, ...], tuple[Style, Style]], component: str) -> Style:
    """Styles are kept where Textual keeps its own, which it empties when the theme changes."""
    key = ("blended", component)
    if key not in cache:
        style = _blend(widget, component)
        cache[key] = (style, style)
    return cache[key][0]


def _holder(widget: Widget, component: str) -> DOMNode:
    if component in widget.COMPONENT_CLASSES:
        return widget
    return widget.app  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - Textual's own gap


def _blend(widget: Widget, component: str) -> Style:
    """A component's colours over the widget's background: a terminal knows no transparency."""
    styles = _holder(widget, component).get_component_styles(component)
    under = widget.background_colors[1]
    style = styles.text_style
    if styles.has_rule("background"):
        under = under + styles.background
        style += Style(bgcolor=under.rich_color)
    if styles.has_rule("color"):
        style += Style(color=(under + styles.color).rich_color)
    return style
