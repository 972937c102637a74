"""Decides what is told of what happened in the background: which counter a note moves, what the log says."""

import logging

from etcdobs._flow import Note
from etcdobs.errors import InternalError
from etcdobs.observe import ClientMetrics

_LOGGER = logging.getLogger("etcdobs")


def record(metrics: ClientMetrics, note: Note) -> None:
    """Count a note of a flow."""
    if note.event == "retried":
        metrics.retried(note.method, note.detail)
    elif note.event == "failed_over":
        metrics.failed_over(note.detail)
    else:
        metrics.token_renewed(note.detail)


def unexpected(error: Exception, method: str) -> InternalError:
    """The error to hand to users for one that no rule foresaw, such as of a password callable; it is logged too."""
    _LOGGER.error("%s: a background stream failed", method, exc_info=error)
    failure = InternalError(f"{type(error).__name__}: {error}", method=method)
    failure.__cause__ = error
    return failure
