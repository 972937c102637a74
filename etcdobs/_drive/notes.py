"""Decides what is told of what happened in the background: which counter a note moves, what the log says."""

import logging
from typing import TypeVar

from etcdobs._drive.log import Log
from etcdobs._flow import Note
from etcdobs.errors import InternalError
from etcdobs.observe import ClientMetrics

E = TypeVar("E", bound=BaseException)

_LOGGER = logging.getLogger("etcdobs")


def tell(log: Log, note: Note) -> None:
    """Write a note of a flow to the log, where it is worth a line."""
    if note.event == "failed_over":
        log.tell("failed_over", method=note.method, endpoint=note.endpoint, cause=note.detail)
    elif note.event == "token_renewed":
        log.tell("token_renewed")


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


def quiet(error: E) -> E:
    """`error` without its traceback: the locals of its frames are requests and tokens, and some tools show locals."""
    return error.with_traceback(None)
