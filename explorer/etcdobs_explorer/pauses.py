"""Decides how often, and how long, the interpreter holds up the screen to look for garbage."""

import gc
from collections.abc import Generator
from contextlib import contextmanager

# Objects more than before, and looks at them. What is drawn lives for some frames, and is not to count as old by then.
_YOUNG = 5_000
_LOOKS = (5, 50)


@contextmanager
def put_off() -> Generator[None]:
    """Look for no garbage meanwhile: an import makes much, and leaves nearly all of it to the end."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def shorten() -> None:
    """Look for garbage less often, and never again through what is there by now: modules and classes stay to the end.

    To be called once, when everything is imported. A look through all that lives takes a tenth of a second; with the
    interpreter's own bounds, a watch of thousands of events a second makes it take one every other second.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, *_LOOKS)
