"""Decides what the page and the kernel tell each other of a watch: drawings one way; pause, stop and signs of life the
other."""

import time
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from etcdobs_explorer.notebook.style import CSS

_PATIENCE = 150.0  # seconds without a sign of life: a page in the background is let wake up once a minute only
_AFTER_GOODBYE = 5.0  # seconds after a view was taken away, in which another may come


class LiveWidget(anywidget.AnyWidget):
    """A live table. Its page sends a sign of life every few seconds for as long as it is there."""

    _esm = (Path(__file__).parent / "widget.js").read_text(encoding="utf-8")
    _css = CSS

    html = traitlets.Unicode("").tag(sync=True)
    total = traitlets.Int(0).tag(sync=True)
    can_stop = traitlets.Bool(True).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.wants_stop = False
        self._until: float | None = None
        listen: Any = getattr(self, "on_msg")  # noqa: B009 - it is not typed
        listen(self._heard)

    @property
    def is_gone(self) -> bool:
        """Whether a page showed it and none does any more."""
        return self._until is not None and time.monotonic() > self._until

    def _heard(self, _widget: Any, content: Any, _buffers: Any) -> None:
        match content:
            case {"kind": "stop"}:
                self.wants_stop = True
            case {"kind": "here"}:
                self._until = time.monotonic() + _PATIENCE
            case {"kind": "gone"}:
                self._until = time.monotonic() + _AFTER_GOODBYE
            case _:
                pass
