"""Waits for snapshots by awaiting: one stream of one member, checked to the last byte."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from os import PathLike
from typing import Any

import grpc

from etcdobs._attempts import TOKEN_RENEWALS
from etcdobs._call import Timeout, checked_timeout
from etcdobs._drive.aio import Driver
from etcdobs._drive.part_file import PartFile
from etcdobs._flow import open_stream, token_of
from etcdobs._retry import TOKEN_REFUSED
from etcdobs._snapshot import SNAPSHOT, SnapshotCheck
from etcdobs._steps import Metadata
from etcdobs._wire import etcdserverpb as pb
from etcdobs.config import Endpoint
from etcdobs.errors import EtcdError, UnavailableError

Progress = Callable[[int, int | None], object]


def snapshot(driver: Driver, timeout: Timeout) -> AsyncIterator[bytes]:
    """The parts of a snapshot, the checksum included."""
    return _checked(driver, driver.session.seconds(checked_timeout(timeout)), SnapshotCheck())


async def save_snapshot(driver: Driver, path: str | PathLike[str], progress: Progress | None, timeout: Timeout) -> int:
    """Write a snapshot to a file; its size."""
    check = SnapshotCheck()
    with PartFile(path) as file:
        async with aclosing(_checked(driver, driver.session.seconds(checked_timeout(timeout)), check)) as blobs:
            async for blob in blobs:
                file.write(blob)
                if progress is not None:
                    progress(check.done, check.total)
        await asyncio.to_thread(file.keep)
    return check.done


async def _checked(driver: Driver, timeout: float | None, check: SnapshotCheck) -> AsyncGenerator[bytes, None]:
    async with aclosing(_parts(driver, timeout)) as parts:
        async for part in parts:
            check.add(part.blob, part.remaining_bytes)
            yield part.blob
    check.finish()


async def _parts(driver: Driver, timeout: float | None) -> AsyncGenerator[pb.SnapshotResponse, None]:
    """The messages of the stream; it is opened elsewhere as long as none has arrived."""
    attempts = len(driver.session.endpoints.all) + TOKEN_RENEWALS
    arrived = False
    while True:
        endpoint, metadata = await driver.run(open_stream(driver.session, frozenset()))
        try:
            async with aclosing(_stream(driver, endpoint, metadata, timeout)) as parts:
                async for part in parts:
                    arrived = True
                    yield part
            return
        except EtcdError as error:
            attempts -= 1
            if arrived or not attempts or not await _may_try_again(driver, endpoint, metadata, error):
                raise


async def _stream(
    driver: Driver, endpoint: Endpoint, metadata: Metadata, timeout: float | None
) -> AsyncGenerator[pb.SnapshotResponse, None]:
    call: Any = await driver.stream(SNAPSHOT, endpoint, pb.SnapshotRequest(), metadata, timeout)
    try:
        async for part in call:
            yield part
    except grpc.RpcError as error:
        driver.fail(error, SNAPSHOT, endpoint)
    finally:
        call.cancel()


async def _may_try_again(driver: Driver, endpoint: Endpoint, metadata: Metadata, error: EtcdError) -> bool:
    if isinstance(error, TOKEN_REFUSED) and driver.session.credentials.can_renew:
        await driver.renew(token_of(metadata))
        return True
    driver.session.endpoints.failed(endpoint, time.monotonic())
    return isinstance(error, UnavailableError)
