"""Waits for long reads by blocking: page by page, and for what the server streams."""

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import TypeVar

import grpc

from etcdobs._call import Call
from etcdobs._drive.sync import Driver
from etcdobs._flow import open_stream
from etcdobs._namespace import confine
from etcdobs._scan import STREAM, Pages, ScanCursor
from etcdobs.errors import EtcdError, UnavailableError, UnimplementedError
from etcdobs.types import KeyValue, RangeResponse

T = TypeVar("T")


def pages(driver: Driver, cursor: Pages[T]) -> Iterator[T]:
    """What the pages add."""
    while (call := cursor.request()) is not None:
        yield from cursor.receive(driver.call(call))


def scanned(driver: Driver, cursor: ScanCursor, namespace: bytes) -> Iterator[KeyValue]:
    """All keys of the range: a page, then a stream where the server has it; after one that broke, a page again."""
    while (call := cursor.request()) is not None:
        began = time.monotonic()
        page = driver.call(call)
        yield from cursor.receive(page, time.monotonic() - began)
        if (rest := cursor.stream()) is not None:
            with closing(_streamed(driver, cursor, confine(rest, namespace))) as streamed:
                yield from streamed


def _streamed(driver: Driver, cursor: ScanCursor, call: Call[RangeResponse]) -> Generator[KeyValue, None, None]:
    endpoint, metadata = driver.run(open_stream(driver.session, frozenset()))
    if endpoint.address in driver.streamless:
        return
    try:
        stream = driver.stream(STREAM, endpoint, call.request, metadata, driver.session.seconds(call.timeout))
        try:
            for part in stream:
                yield from cursor.receive_part(call.decode(part.range_response))
        except grpc.RpcError as error:
            raise driver.error(error, STREAM, endpoint) from error
        finally:
            stream.cancel()
    except UnimplementedError:
        driver.streamless.add(endpoint.address)
    except UnavailableError:
        driver.session.endpoints.failed(endpoint, time.monotonic())
    except EtcdError:
        # The page that goes on here meets it again, if it is more than this stream's.
        return
