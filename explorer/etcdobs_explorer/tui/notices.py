"""Decides how notices are shown: the same one once, with how often it was told, and no more than can be read."""

from typing import Any

from textual.app import App
from textual.notifications import Notification, Notify

_SERIOUS, _USUAL = 8.0, 4.0  # seconds that a notice stays
_MOST = 5


class Notices:
    """The notices of an app."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._shown: dict[tuple[str, str], tuple[Notification, int]] = {}

    def show(self, text: str, severity: Any) -> None:
        """Show a notice in place of the same one."""
        told = self._taken_away(text, severity) + 1
        said = text if told == 1 else f"{text} ({told} times)"
        seconds = _SERIOUS if severity == "error" else _USUAL
        notice = Notification(said, severity=severity, timeout=seconds, markup=False)
        self._make_room()
        self._shown[text, severity] = notice, told
        self._app.post_message(Notify(notice))

    def _taken_away(self, text: str, severity: str) -> int:
        """Answers how often it was told, where it is shown."""
        self._shown = {name: each for name, each in self._shown.items() if not each[0].has_expired}
        held, told = self._shown.pop((text, severity), (None, 0))
        if held is not None:
            held.timeout = 0  # over: Textual takes it away when it shows the next one
        return told

    def _make_room(self) -> None:
        for name in list(self._shown)[: max(0, len(self._shown) - _MOST + 1)]:
            self._shown.pop(name)[0].timeout = 0
