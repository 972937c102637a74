"""Waits for a key's history by blocking: a stream of its own, closed when the last event is there."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc

from etcdobs._call import Call
from etcdobs._drive.sync import Driver
from etcdobs._flow import open_stream
from etcdobs._history import QUESTION, SECONDS_BETWEEN_QUESTIONS, HistoryOptions, Past, Reading, read
from etcdobs._watch import METHOD, WATCH
from etcdobs.config import Endpoint
from etcdobs.errors import EtcdError, UnavailableError
from etcdobs.ops import maintenance
from etcdobs.types import Event


def history(driver: Driver, options: HistoryOptions, namespace: bytes) -> Iterator[Event]:
    """The events, newest first."""
    yield from _performed(driver, read(options, namespace), driver.session.seconds(options.timeout))


def _performed(driver: Driver, reading: Reading, timeout: float | None) -> list[Event]:
    answer: Any = None
    failure: EtcdError | None = None
    while True:
        try:
            step = reading.send(answer) if failure is None else reading.throw(failure)
        except StopIteration as stop:
            events: list[Event] = stop.value
            return events
        answer = failure = None
        try:
            if isinstance(step, Call):
                answer = driver.call(step)
            else:
                _fill(driver, step, timeout)
        except EtcdError as error:
            failure = error


def _fill(driver: Driver, past: Past, timeout: float | None) -> None:
    endpoint, metadata = driver.run(open_stream(driver.session, frozenset()))
    version = _version(driver, endpoint, timeout) if past.needs_version else ""
    ended = threading.Event()
    call = driver.stream(WATCH, endpoint, _requests(past, past.begin(version), ended), metadata, timeout)
    try:
        for response in call:
            past.receive(response, endpoint.address)
            if past.over:
                return
    except grpc.RpcError as error:
        failure = driver.error(error, WATCH, endpoint)
        if isinstance(failure, UnavailableError):
            driver.session.endpoints.failed(endpoint, time.monotonic())
        raise failure from error
    finally:
        call.cancel()
        ended.set()
    raise UnavailableError("the server ended the stream", method=METHOD, endpoint=endpoint.address)


def _version(driver: Driver, endpoint: Endpoint, timeout: float | None) -> str:
    try:
        return driver.call(maintenance.status(endpoint.address, timeout=timeout)).version
    except EtcdError:
        # Whoever may not ask, or cannot, is content with what is true of every version.
        return ""


def _requests(past: Past, first: Any, ended: threading.Event) -> Iterator[Any]:
    yield first
    while not ended.wait(SECONDS_BETWEEN_QUESTIONS):
        if past.asks:
            yield QUESTION
