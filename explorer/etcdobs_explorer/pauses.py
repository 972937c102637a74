"""Decides when, and how long, the interpreter holds up the screen to look for garbage."""

import asyncio
import gc
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

# What the interpreter itself waits for: objects more than before, and looks at them. It comes to that only where there
# is no turn for `between_steps`, and is bounded then; through all that lives it never looks by itself.
_YOUNG = 20_000
_LOOKS = (3, 1_000_000)
_EVERY = 0.1  # seconds
_FEW = 500  # objects that are not worth a look
_MIDDLE = 4  # looks at the young, after which those that were there are looked at, too
_SETTLED = 8_000  # more objects that live on than were left, from which on they are looked at, too: ten milliseconds
_HELD_UP = 20_000  # that are left: more are set aside, or each look would take longer than that
_MUCH = 60_000  # that live on, of which a dialog is but a part
_MOST = 2_000_000  # objects set aside since the last look through everything: some of them are garbage by now
_AWAY = 30.0  # seconds without a key, after which nobody is held up
_SELDOM = 300.0  # seconds between two looks through everything


@contextmanager
def put_off() -> Generator[None]:
    """Look for no garbage meanwhile: an import makes much, and leaves nearly all of it to the end."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def shorten(last_key: Callable[[], float] = time.monotonic, has_dialog: Callable[[], bool] = lambda: False) -> None:
    """Look for garbage in steps of the running loop that do nothing else, and short ones: a look through all that lives
    takes a tenth of a second and more, and in a flood of events the interpreter comes to it every other second.

    To be called once, when everything is imported: modules and classes stay to the end and are set aside at once, and
    so is what else is much and lives on, such as a million keys. Not so while there is a dialog, as `has_dialog` tells:
    thousands of objects that are garbage together when it is closed. Garbage among what was set aside is looked for
    when the reader is away, which `last_key` tells: when, on the monotonic clock, they last pressed one.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, *_LOOKS)
    _Looks(asyncio.get_running_loop(), last_key, has_dialog).go_on()


class _Looks:
    """Looks for garbage, each in a step of its own."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, last_key: Callable[[], float], has_dialog: Callable[[], bool]
    ) -> None:
        self._loop = loop
        self._last_key = last_key
        self._has_dialog = has_dialog
        self._whole_at = time.monotonic()
        self._kept = gc.get_freeze_count()  # objects that were left by the last look through everything
        self._aside = 0  # objects since, at most
        # Objects that live on, from which on they are looked at: at first all that the application is made of.
        self._enough = 0

    def go_on(self) -> None:
        """Look now and then until the loop ends."""
        self._loop.call_later(_EVERY, self._look)

    def _look(self) -> None:
        young, middle, _ = gc.get_count()
        now = time.monotonic()
        if now - self._last_key() >= _AWAY and now - self._whole_at >= _SELDOM:
            self._look_at_all()
        elif middle >= _MIDDLE:
            gc.collect(1)
            self._loop.call_soon(self._settle)
        elif young >= _FEW:
            gc.collect(0)
        self.go_on()

    def _settle(self) -> None:
        """Look at what lives on, and set it aside where it is much."""
        lived_on = len(gc.get_objects(generation=2))
        if lived_on < self._enough or (lived_on < _MUCH and self._has_dialog()):
            return
        gc.collect()
        left = len(gc.get_objects(generation=2))
        if self._enough and left < _HELD_UP:
            self._enough = left + _SETTLED
            return
        gc.freeze()
        self._enough = _SETTLED
        self._aside += left
        if self._aside >= _MOST:
            # Much of it has gone without a look.
            self._aside = gc.get_freeze_count() - self._kept
        if self._aside >= _MOST:
            self._look_at_all()

    def _look_at_all(self) -> None:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._whole_at, self._kept, self._aside = time.monotonic(), gc.get_freeze_count(), 0
