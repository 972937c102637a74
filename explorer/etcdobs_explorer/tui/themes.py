"""Decides the explorer's own palettes: dark, light, the terminal's 16 colours, and none; Textual's work as well."""

from textual.theme import Theme

DARK = Theme(
    name="etcdobs-dark",
    primary="#5fb3e4",
    secondary="#7f9fb6",
    accent="#5fb3e4",
    success="#7fc08a",
    warning="#e0b35a",
    error="#e5707a",
    foreground="#d5dbe1",
    background="#14181d",
    surface="#14181d",
    panel="#1e252d",
    dark=True,
)
LIGHT = Theme(
    name="etcdobs-light",
    primary="#1769a0",
    secondary="#4c6679",
    accent="#1769a0",
    success="#2b7a3b",
    warning="#8f5f00",
    error="#b3263a",
    foreground="#23292f",
    background="#fbfbf9",
    surface="#fbfbf9",
    panel="#e9ecee",
    dark=False,
)
_INPUT = {
    "ansi-background": "ansi_black",  # Textual's own style sheets ask for these two
    "ansi-foreground": "ansi_white",
    "border-blurred": "ansi_default",
    "block-cursor-foreground": "ansi_black",
    "block-cursor-background": "ansi_cyan",
    "input-cursor-background": "ansi_default",
    "input-cursor-foreground": "ansi_default",
    "input-cursor-text-style": "reverse",
    "input-selection-background": "ansi_cyan",
    "input-selection-foreground": "ansi_black",
}


def _of_terminal(name: str) -> Theme:
    """A theme of the terminal's own colours."""
    default = "ansi_default"
    return Theme(
        name,
        primary="ansi_cyan",
        secondary="ansi_cyan",
        accent="ansi_cyan",
        success="ansi_green",
        warning="ansi_yellow",
        error="ansi_red",
        foreground=default,
        background=default,
        surface=default,
        panel=default,
        boost=default,
        ansi=True,
        variables=_INPUT,
    )


ANSI = _of_terminal("etcdobs-ansi")
# Where there are no colours, those of this one are left out when lines are written: the styles say what stands out.
NONE = _of_terminal("etcdobs-none")
THEMES = {"dark": DARK, "light": LIGHT, "ansi": ANSI, "none": NONE}


def full_name(name: str) -> str:
    """The name of a theme: `dark`, `light`, `ansi` and `none` stand for the explorer's own."""
    return THEMES[name].name if name in THEMES else name


def short_name(name: str) -> str:
    """How a theme is called where it is chosen."""
    return next((short for short, theme in THEMES.items() if theme.name == name), name)
