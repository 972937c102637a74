"""Knows in which of a line of forked processes this is, without asking the system: that takes as long as an event."""

import os
import sys


class Generation:
    """Attributes: number: how often what was forked off was forked off again."""

    number: int = 0


def _forked() -> None:
    Generation.number += 1


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_forked)
