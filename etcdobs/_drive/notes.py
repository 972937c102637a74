"""Decides what is told of what happened: which counter a note moves, how an operation ended, what the log says."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from time import perf_counter
from typing import TypeVar

from etcdobs._drive.log import Log
from etcdobs._operations import LOCK
from etcdobs._steps import Note
from etcdobs.errors import EtcdError, InternalError
from etcdobs.observe import ClientMetrics
from etcdobs.observe.recorder import CODE_NAMES

E = TypeVar("E", bound=BaseException)

_LOGGER = logging.getLogger("etcdobs")


def tell(log: Log, note: Note) -> None:
    """Write a note of a flow to the log, where it is worth a line."""
    if note.event == "failed_over":
        log.tell("failed_over", method=note.method, endpoint=note.endpoint, cause=note.detail)
    elif note.event == "retried":
        log.tell("retried", method=note.method, endpoint=note.endpoint, cause=note.detail)
    elif note.event == "token_renewed":
        log.tell("token_renewed")


def record(metrics: ClientMetrics, note: Note) -> None:
    """Count a note of a flow."""
    if note.event == "retried":
        metrics.retried(note.method, note.detail)
    elif note.event == "failed_over":
        metrics.failed_over(note.detail)
    else:
        metrics.token_renewed("OK")


def renewal_failed(metrics: ClientMetrics | None, error: EtcdError) -> None:
    """Count a token that could not be renewed."""
    if metrics is not None:
        metrics.token_renewed(outcome(error))


OUTCOME_UNKNOWN = "OutcomeUnknown"
"""The outcome of a mutation of which nobody knows whether it was carried out."""


def outcome(error: BaseException) -> str:
    """What an operation that raised `error` counts as: its code as gRPC for Go writes it, or OUTCOME_UNKNOWN."""
    if isinstance(error, EtcdError):
        return OUTCOME_UNKNOWN if error.outcome_unknown else CODE_NAMES.get(error.code, "Unknown")
    if isinstance(error, TimeoutError):
        return "DeadlineExceeded"
    return "Unknown" if isinstance(error, Exception) else "Canceled"


@contextmanager
def operation(metrics: ClientMetrics | None, op: str) -> Generator[None]:
    """Record the block as one operation."""
    if metrics is None:
        yield
        return
    recorder = metrics.operation(op)
    began = recorder.begin()
    try:
        yield
    except BaseException as error:
        recorder.end(began, outcome(error))
        raise
    recorder.end(began)


@contextmanager
def lock_wait(metrics: ClientMetrics | None) -> Generator[None]:
    """Record the block, which gets a lock, as an operation, and as a wait for a lock."""
    began, ended = perf_counter(), "OK"
    try:
        with operation(metrics, LOCK):
            yield
    except BaseException as error:
        ended = outcome(error)
        raise
    finally:
        if metrics is not None:
            metrics.lock_waited(perf_counter() - began, ended)


def unexpected(error: Exception, method: str) -> InternalError:
    """The error to hand to users for one that no rule foresaw, such as of a password callable; it is logged too."""
    _LOGGER.error("%s: a background stream failed", method, exc_info=error)
    failure = InternalError(f"{type(error).__name__}: {error}", method=method)
    failure.__cause__ = error
    return failure


def quiet(error: E) -> E:
    """`error` without its traceback: the locals of its frames are requests and tokens, and some tools show locals."""
    return error.with_traceback(None)
