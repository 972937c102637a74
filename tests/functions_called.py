"""Which of the library's own functions something goes through: times differ from machine to machine, this does not."""

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import etcdobs

LIBRARY = str(Path(etcdobs.__file__).parent)


def calls_of(action: Callable[[], object]) -> list[str]:
    """The library's functions that `action` calls, one after the other."""
    called: list[str] = []

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(LIBRARY):
            called.append(frame.f_code.co_qualname)

    before = sys.getprofile()
    gc.disable()  # what others left behind is finalised by functions of the library, too
    sys.setprofile(profile)
    try:
        action()
    finally:
        sys.setprofile(before)
        gc.enable()
    return called
