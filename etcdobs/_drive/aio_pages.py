"""Waits for long reads by awaiting: page by page, and for what the server streams."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import TypeAlias, TypeVar

import grpc

from etcdobs._call import Call
from etcdobs._drive.aio import Driver
from etcdobs._flow import open_stream
from etcdobs._namespace import confine
from etcdobs._scan import STREAM, Pages, ScanCursor
from etcdobs.errors import EtcdError, UnavailableError, UnimplementedError
from etcdobs.types import KeyValue, RangeResponse

T = TypeVar("T")

Read: TypeAlias = tuple[RangeResponse, float]


async def _timed(driver: Driver, call: Call[RangeResponse]) -> Read:
    began = time.monotonic()
    return await driver.call(call), time.monotonic() - began


async def _now(driver: Driver, cursor: Pages[T]) -> Read | None:
    call = cursor.request()
    return None if call is None else await _timed(driver, call)


def _ahead(driver: Driver, cursor: Pages[T]) -> asyncio.Task[Read] | None:
    """The next page, which is read while the caller works on this one."""
    call = cursor.request()
    return None if call is None else asyncio.create_task(_timed(driver, call), name="etcdobs-page")


async def pages(driver: Driver, cursor: Pages[T]) -> AsyncIterator[T]:
    """What the pages add."""
    ahead = None
    read = await _now(driver, cursor)
    try:
        while read is not None:
            found = cursor.receive(*read)
            ahead = _ahead(driver, cursor)
            for item in found:
                yield item
            read = None if ahead is None else await ahead
    finally:
        _give_up(ahead)


def _give_up(ahead: asyncio.Task[Read] | None) -> None:
    if ahead is not None:
        ahead.add_done_callback(_ignored)
        ahead.cancel()


def _ignored(ahead: asyncio.Task[Read]) -> None:
    if not ahead.cancelled():
        ahead.exception()


async def scanned(driver: Driver, cursor: ScanCursor, namespace: bytes) -> AsyncIterator[KeyValue]:
    """All keys of the range."""
    async with aclosing(scanned_pages(driver, cursor, namespace)) as found:
        async for kvs in found:
            for item in kvs:
                yield item


async def scanned_pages(
    driver: Driver, cursor: ScanCursor, namespace: bytes
) -> AsyncGenerator[Sequence[KeyValue], None]:
    """The same as they come: a page, then a stream where the server has it; after one that broke, a page again."""
    ahead, first = None, True
    read = await _now(driver, cursor)
    try:
        while read is not None:
            kvs = cursor.receive(*read)
            if (rest := cursor.stream()) is not None:
                yield kvs
                async with aclosing(_streamed(driver, cursor, confine(rest, namespace))) as parts:
                    async for part in parts:
                        yield part
                read = await _now(driver, cursor)
            else:
                # Who takes but a few keys is read no further page for; who comes for the second takes more.
                if first:
                    half, first = (len(kvs) + 1) // 2, False
                    yield kvs[:half]
                    kvs = kvs[half:]
                ahead = _ahead(driver, cursor)
                yield kvs
                read = None if ahead is None else await ahead
    finally:
        _give_up(ahead)


async def _streamed(
    driver: Driver, cursor: ScanCursor, call: Call[RangeResponse]
) -> AsyncGenerator[Sequence[KeyValue], None]:
    endpoint, metadata = await driver.run(open_stream(driver.session, frozenset()))
    if endpoint.address in driver.streamless:
        return
    try:
        stream = await driver.stream(STREAM, endpoint, call.request, metadata, driver.session.seconds(call.timeout))
        try:
            async for part in stream:
                yield cursor.receive_part(call.decode(part.range_response))
        except grpc.RpcError as error:
            driver.fail(error, STREAM, endpoint)
        finally:
            stream.cancel()
    except UnimplementedError:
        driver.streamless.add(endpoint.address)
    except UnavailableError:
        driver.session.endpoints.failed(endpoint, time.monotonic())
    except EtcdError:
        # The page that goes on here meets it again, if it is more than this stream's.
        return
