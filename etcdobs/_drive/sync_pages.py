"""Waits for long reads by blocking: page by page, and for what the server streams."""

import contextvars
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import TypeAlias, TypeVar

import grpc

from etcdobs._call import Call
from etcdobs._drive.sync import Driver
from etcdobs._drive.uninterrupted import Latch
from etcdobs._flow import open_stream
from etcdobs._namespace import confine
from etcdobs._scan import STREAM, Pages, ScanCursor
from etcdobs.errors import EtcdError, UnavailableError, UnimplementedError
from etcdobs.types import KeyValue, RangeResponse

T = TypeVar("T")

Read: TypeAlias = tuple[RangeResponse, float]


class _Ahead:
    """A page that is read while the caller works on the one before: by a thread that ends with it."""

    def __init__(self, driver: Driver, call: Call[RangeResponse]) -> None:
        self._driver, self._call = driver, call
        self._read: Read | None = None
        self._error: BaseException | None = None
        self._over = Latch()
        context = contextvars.copy_context()
        if not driver.forked:  # where the locks of the parent are not to be touched
            driver.start(threading.Thread(target=context.run, args=(self._run,), name="etcdobs-page", daemon=True))

    def _run(self) -> None:
        try:
            self._read = _timed(self._driver, self._call)
        except BaseException as error:  # noqa: BLE001 - raised where the page is wanted
            self._error = error
        finally:
            self._over.set()

    def result(self) -> Read:
        """The page, and the seconds that it took."""
        # In a forked child it is read by nobody.
        self._driver.check_usable()
        self._over.wait()
        if self._read is None:
            assert self._error is not None
            raise self._error
        return self._read


def _timed(driver: Driver, call: Call[RangeResponse]) -> Read:
    began = time.monotonic()
    return driver.call(call), time.monotonic() - began


def _now(driver: Driver, cursor: Pages[T]) -> Read | None:
    call = cursor.request()
    return None if call is None else _timed(driver, call)


def _ahead(driver: Driver, cursor: Pages[T]) -> _Ahead | None:
    call = cursor.request()
    return None if call is None else _Ahead(driver, call)


def pages(driver: Driver, cursor: Pages[T]) -> Iterator[T]:
    """What the pages add."""
    read = _now(driver, cursor)
    while read is not None:
        found = cursor.receive(*read)
        ahead = _ahead(driver, cursor)
        yield from found
        read = None if ahead is None else ahead.result()


def scanned(driver: Driver, cursor: ScanCursor, namespace: bytes) -> Iterator[KeyValue]:
    """All keys of the range."""
    with closing(scanned_pages(driver, cursor, namespace)) as found:
        for kvs in found:
            yield from kvs


def scanned_pages(driver: Driver, cursor: ScanCursor, namespace: bytes) -> Generator[Sequence[KeyValue], None, None]:
    """The same as they come: a page, then a stream where the server has it; after one that broke, a page again."""
    read, first = _now(driver, cursor), True
    while read is not None:
        kvs = cursor.receive(*read)
        if (rest := cursor.stream()) is not None:
            yield kvs
            with closing(_streamed(driver, cursor, confine(rest, namespace))) as parts:
                yield from parts
            read = _now(driver, cursor)
        else:
            # Who takes but a few keys is read no further page for; who comes for the second takes more.
            if first:
                half, first = (len(kvs) + 1) // 2, False
                yield kvs[:half]
                kvs = kvs[half:]
            ahead = _ahead(driver, cursor)
            yield kvs
            read = None if ahead is None else ahead.result()


def _streamed(
    driver: Driver, cursor: ScanCursor, call: Call[RangeResponse]
) -> Generator[Sequence[KeyValue], None, None]:
    endpoint, metadata = driver.run(open_stream(driver.session, frozenset()))
    if endpoint.address in driver.streamless:
        return
    try:
        stream = driver.stream(STREAM, endpoint, call.request, metadata, driver.session.seconds(call.timeout))
        try:
            for part in stream:
                yield cursor.receive_part(call.decode(part.range_response))
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
