"""Waits for long reads by awaiting: page by page, and for what the server streams."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TypeVar

import grpc

from etcdobs._call import Call
from etcdobs._drive.aio import Driver
from etcdobs._flow import open_stream
from etcdobs._namespace import confine
from etcdobs._scan import STREAM, Pages, ScanCursor
from etcdobs.errors import EtcdError, UnavailableError, UnimplementedError
from etcdobs.types import KeyValue, RangeResponse

T = TypeVar("T")


async def pages(driver: Driver, cursor: Pages[T]) -> AsyncIterator[T]:
    """What the pages add."""
    while (call := cursor.request()) is not None:
        for item in cursor.receive(await driver.call(call)):
            yield item


async def scanned(driver: Driver, cursor: ScanCursor, namespace: bytes) -> AsyncIterator[KeyValue]:
    """All keys of the range: a page, then a stream where the server has it; after one that broke, a page again."""
    while (call := cursor.request()) is not None:
        began = time.monotonic()
        page = await driver.call(call)
        for item in cursor.receive(page, time.monotonic() - began):
            yield item
        if (rest := cursor.stream()) is not None:
            async with aclosing(_streamed(driver, cursor, confine(rest, namespace))) as streamed:
                async for item in streamed:
                    yield item


async def _streamed(driver: Driver, cursor: ScanCursor, call: Call[RangeResponse]) -> AsyncGenerator[KeyValue, None]:
    endpoint, metadata = await driver.run(open_stream(driver.session, frozenset()))
    if endpoint.address in driver.streamless:
        return
    try:
        stream = await driver.stream(STREAM, endpoint, call.request, metadata, driver.session.seconds(call.timeout))
        try:
            async for part in stream:
                for item in cursor.receive_part(call.decode(part.range_response)):
                    yield item
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
