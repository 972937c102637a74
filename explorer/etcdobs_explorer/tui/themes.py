"""Decides the two palettes of the explorer's own, dark and light; any of Textual's themes works as well."""

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
NAMES = {"dark": DARK.name, "light": LIGHT.name}


def full_name(name: str) -> str:
    """The name of a theme: `dark` and `light` stand for the explorer's own."""
    return NAMES.get(name, name)
