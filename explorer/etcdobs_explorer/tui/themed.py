"""Decides in which colours the app is drawn, or without any: by choice, else as remembered, else as configured."""

import os
from collections.abc import Sequence
from typing import ClassVar

from textual.filter import LineFilter, Monochrome, NoColor

from .themes import ANSI, DARK, LIGHT, NONE, THEMES, full_name, short_name
from .visiting import VisitingApp
from .widgets.strips import COMPONENTS, Harmless

_HARMLESS = Harmless()
_NO_COLOUR = NoColor()
_TURNS = (DARK.name, LIGHT.name, ANSI.name)


class ThemedApp(VisitingApp):
    """An app with the explorer's own themes, and the roles that its widgets draw in."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(COMPONENTS)

    chosen_theme = ""
    """What the reader chose, "" where they chose nothing."""

    @property
    def own_themes(self) -> Sequence[str]:
        """The names of the explorer's own."""
        return tuple(THEMES)

    def knows_theme(self, name: str) -> bool:
        """Whether there is a theme of that name; "" is no choice."""
        self._add_own_themes()
        return not name or full_name(name) in self.available_themes

    def begin_theme(self, remembered: str) -> None:
        """The theme to start with."""
        self._add_own_themes()
        self.chosen_theme = remembered if self.knows_theme(remembered) else ""
        configured = self.session.config.ui.theme
        name = self.session.theme or self.chosen_theme or (configured if self.knows_theme(configured) else "") or "dark"
        # https://no-color.org: present and not empty.
        self._wear(NONE.name if os.environ.get("NO_COLOR") else full_name(name))

    def choose_theme(self, name: str) -> None:
        """Another theme; without a name, the next of the explorer's own."""
        after = _TURNS[(_TURNS.index(self.theme) + 1) % len(_TURNS)] if self.theme in _TURNS else DARK.name
        wanted = full_name(name) if name else after
        if wanted in self.available_themes:
            self.chosen_theme = short_name(wanted)
            self._wear(wanted)
        else:
            self.tell(f"no theme {name!r}; {', '.join(THEMES)} are the explorer's own", "warning")

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What all that is drawn passes. Without colours, none reaches the terminal, not even Textual's greys."""
        held = [each for each in super().get_line_filters() if not isinstance(each, (Monochrome, NoColor))]
        return [_HARMLESS, *held, *([_NO_COLOUR] if self.theme == NONE.name else [])]

    def _wear(self, name: str) -> None:
        self.theme = name
        self.set_class(name == NONE.name, "-no-colour")

    def _add_own_themes(self) -> None:
        for theme in THEMES.values():
            if theme.name not in self.available_themes:
                self.register_theme(theme)
