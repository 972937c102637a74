"""Decides what happens when telemetry itself fails: the call goes on, and the log says so once."""

import logging

_LOGGER = logging.getLogger("etcdobs.observe")


class FailureLog:
    """Reports the first failure of one recorder or tracer, and stays silent about the next ones."""

    def __init__(self) -> None:
        self._reported = False

    def report(self, what: str) -> None:
        """Log the exception being handled, unless one was logged before. `what` names what failed."""
        if not self._reported:
            self._reported = True
            _LOGGER.warning("%s failed; calls go on, later failures are not logged", what, exc_info=True)
