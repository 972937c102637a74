"""Waits for a key's history by awaiting: a stream of its own, closed when the last event is there."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc

from etcdobs._call import Call
from etcdobs._drive.aio import Driver
from etcdobs._flow import open_stream
from etcdobs._history import QUESTION, SECONDS_BETWEEN_QUESTIONS, HistoryOptions, Past, Reading, read
from etcdobs._watch import METHOD, WATCH
from etcdobs.config import Endpoint
from etcdobs.errors import EtcdError, UnavailableError
from etcdobs.ops import maintenance
from etcdobs.types import Event


async def history(driver: Driver, options: HistoryOptions, namespace: bytes) -> AsyncIterator[Event]:
    """The events, newest first."""
    for event in await _performed(driver, read(options, namespace), driver.session.seconds(options.timeout)):
        yield event


async def _performed(driver: Driver, reading: Reading, timeout: float | None) -> list[Event]:
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
                answer = await driver.call(step)
            else:
                await _fill(driver, step, timeout)
        except EtcdError as error:
            failure = error


async def _fill(driver: Driver, past: Past, timeout: float | None) -> None:
    endpoint, metadata = await driver.run(open_stream(driver.session, frozenset()))
    version = await _version(driver, endpoint, timeout) if past.needs_version else ""
    ended = asyncio.Event()
    call = await driver.stream(WATCH, endpoint, _requests(past, past.begin(version), ended), metadata, timeout)
    try:
        async for response in call:
            past.receive(response, endpoint.address)
            if past.over:
                return
    except grpc.RpcError as error:
        try:
            driver.fail(error, WATCH, endpoint)
        except UnavailableError:
            driver.session.endpoints.failed(endpoint, time.monotonic())
            raise
    finally:
        call.cancel()
        ended.set()
    raise UnavailableError("the server ended the stream", method=METHOD, endpoint=endpoint.address)


async def _version(driver: Driver, endpoint: Endpoint, timeout: float | None) -> str:
    try:
        return (await driver.call(maintenance.status(endpoint.address, timeout=timeout))).version
    except EtcdError:
        # Whoever may not ask, or cannot, is content with what is true of every version.
        return ""


async def _requests(past: Past, first: Any, ended: asyncio.Event) -> AsyncIterator[Any]:
    yield first
    while not ended.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), SECONDS_BETWEEN_QUESTIONS)
        if past.asks and not ended.is_set():
            yield QUESTION
