"""Waits for snapshots by blocking: one stream of one member, checked to the last byte."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from os import PathLike
from typing import Any

import grpc

from etcdobs._attempts import TOKEN_RENEWALS
from etcdobs._call import Timeout, checked_timeout
from etcdobs._drive.part_file import PartFile
from etcdobs._drive.sync import Driver
from etcdobs._flow import open_stream, token_of
from etcdobs._retry import TOKEN_REFUSED
from etcdobs._snapshot import SNAPSHOT, SnapshotCheck
from etcdobs._steps import Metadata
from etcdobs._wire import etcdserverpb as pb
from etcdobs.config import Endpoint
from etcdobs.errors import EtcdError, UnavailableError

Progress = Callable[[int, int | None], object]


def snapshot(driver: Driver, timeout: Timeout) -> Iterator[bytes]:
    """The parts of a snapshot, the checksum included."""
    return _checked(driver, driver.session.seconds(checked_timeout(timeout)), SnapshotCheck())


def save_snapshot(driver: Driver, path: str | PathLike[str], progress: Progress | None, timeout: Timeout) -> int:
    """Write a snapshot to a file; its size."""
    check = SnapshotCheck()
    with PartFile(path) as file:
        with closing(_checked(driver, driver.session.seconds(checked_timeout(timeout)), check)) as blobs:
            for blob in blobs:
                file.write(blob)
                if progress is not None:
                    progress(check.done, check.total)
        file.keep()
    return check.done


def _checked(driver: Driver, timeout: float | None, check: SnapshotCheck) -> Generator[bytes]:
    with closing(_parts(driver, timeout)) as parts:
        for part in parts:
            check.add(part.blob, part.remaining_bytes)
            yield part.blob
    check.finish()


def _parts(driver: Driver, timeout: float | None) -> Generator[pb.SnapshotResponse, None, None]:
    """The messages of the stream; it is opened elsewhere as long as none has arrived."""
    attempts = len(driver.session.endpoints.all) + TOKEN_RENEWALS
    arrived = False
    while True:
        endpoint, metadata = driver.run(open_stream(driver.session, frozenset()))
        try:
            with closing(_stream(driver, endpoint, metadata, timeout)) as parts:
                for part in parts:
                    arrived = True
                    yield part
            return
        except EtcdError as error:
            attempts -= 1
            if arrived or not attempts or not _may_try_again(driver, endpoint, metadata, error):
                raise


def _stream(
    driver: Driver, endpoint: Endpoint, metadata: Metadata, timeout: float | None
) -> Generator[pb.SnapshotResponse, None, None]:
    call: Any = driver.stream(SNAPSHOT, endpoint, pb.SnapshotRequest(), metadata, timeout)
    try:
        yield from call
    except grpc.RpcError as error:
        raise driver.error(error, SNAPSHOT, endpoint) from error
    finally:
        call.cancel()


def _may_try_again(driver: Driver, endpoint: Endpoint, metadata: Metadata, error: EtcdError) -> bool:
    if isinstance(error, TOKEN_REFUSED) and driver.session.credentials.can_renew:
        driver.renew(token_of(metadata))
        return True
    driver.session.endpoints.failed(endpoint, time.monotonic())
    return isinstance(error, UnavailableError)
