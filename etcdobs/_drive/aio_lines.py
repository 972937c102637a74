"""Waits for loads and dumps by awaiting: a task for each transaction that is under way."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from io import BufferedReader
from typing import TypeAlias, TypeVar

from etcdobs._batch_entry import Entries
from etcdobs._drive.aio import Driver
from etcdobs._drive.aio_pages import scanned_pages
from etcdobs._drive.line_file import PatientFile, target_of
from etcdobs._dump import Dumping
from etcdobs._load import Loading
from etcdobs.errors import EtcdError

T = TypeVar("T")
UnderWay: TypeAlias = dict[asyncio.Task[None], Entries]


async def dumped(driver: Driver, dumping: Dumping, namespace: bytes) -> int:
    """Write all lines; how many keys there were."""
    dumping.namespace = namespace
    with target_of(dumping) as file:
        async with aclosing(scanned_pages(driver, dumping.cursor, namespace)) as found:
            async for kvs in found:
                file.write(dumping.add(kvs))
                dumping.tell()
        file.write(dumping.finish())
    return dumping.count


async def loaded(driver: Driver, loading: Loading) -> int:
    """Write all keys; how many there were."""
    under_way: UnderWay = {}
    async with _reader(loading) as reader:
        try:
            await reader.begin()
            return await _sent(driver, loading, reader, under_way)
        except BaseException as error:
            await _cancelled(under_way)
            for task, entries in under_way.items():
                if not task.cancelled() and task.exception() is None:
                    loading.late(entries)
            loading.broken_off(error)
            raise


async def _sent(driver: Driver, loading: Loading, reader: "_Reader", under_way: UnderWay) -> int:
    while True:
        for entries in await reader.due():
            task = asyncio.create_task(driver.call(loading.call(entries)), name="etcdobs-load")
            under_way[task] = entries
        if not under_way:
            return loading.finish()
        done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            _settle(loading, under_way.pop(task), task)


class _Reader:
    """Has the lines of a source read that is iterated here."""

    def __init__(self, loading: Loading) -> None:
        self._loading = loading

    async def begin(self) -> None:
        """Leave out the lines that are to be left out."""
        assert not isinstance(self._loading.source, (str, os.PathLike))
        self._loading.begin(self._loading.source)

    async def due(self) -> list[Entries]:
        """What goes into a transaction now, each."""
        return self._due()

    def _due(self) -> list[Entries]:
        return list(iter(self._loading.next, ()))


class _FileReader(_Reader):
    """Has the lines of a file read, in threads: a pipe, or a slow disk, is to keep nobody else from the loop."""

    def __init__(self, loading: Loading, file: PatientFile) -> None:
        super().__init__(loading)
        self._file = file
        self._lines = BufferedReader(file)

    async def begin(self) -> None:
        await self._apart(lambda: self._loading.begin(self._lines))

    async def due(self) -> list[Entries]:
        return await self._apart(self._due)

    async def _apart(self, action: Callable[[], T]) -> T:
        reading = asyncio.ensure_future(asyncio.to_thread(action))
        try:
            return await asyncio.shield(reading)
        except asyncio.CancelledError:
            # At once: then nobody touches the file any more.
            self._file.give_up()
            await asyncio.wait([reading])
            raise


@asynccontextmanager
async def _reader(loading: Loading) -> AsyncGenerator[_Reader]:
    if not isinstance(loading.source, (str, os.PathLike)):
        yield _Reader(loading)
        return
    with PatientFile(loading.source) as file:
        yield _FileReader(loading, file)


def _settle(loading: Loading, entries: Entries, task: asyncio.Task[None]) -> None:
    try:
        task.result()
    except EtcdError as error:
        loading.refused(entries, error)
    else:
        loading.settled(entries)


async def _cancelled(tasks: UnderWay) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
