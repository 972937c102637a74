"""Waits for loads and dumps by awaiting: a task for each transaction that is under way."""

import asyncio
from contextlib import aclosing

from etcdobs._batch import Entries
from etcdobs._drive.aio import Driver
from etcdobs._drive.aio_pages import scanned_pages
from etcdobs._drive.line_file import lines_of, target_of
from etcdobs._dump import Dumping
from etcdobs._load import Loading
from etcdobs.errors import EtcdError


async def dumped(driver: Driver, dumping: Dumping, namespace: bytes) -> int:
    """Write all lines; how many keys there were."""
    with target_of(dumping) as file:
        async with aclosing(scanned_pages(driver, dumping.cursor, namespace)) as found:
            async for kvs in found:
                file.write(dumping.add(kvs))
                dumping.tell()
        file.write(dumping.finish())
    return dumping.count


async def loaded(driver: Driver, loading: Loading) -> int:
    """Write all keys; how many there were."""
    under_way: dict[asyncio.Task[None], Entries] = {}
    with lines_of(loading.source) as lines:
        loading.begin(lines)
        try:
            while True:
                while entries := loading.next():
                    task = asyncio.create_task(driver.call(loading.call(entries)), name="etcdobs-load")
                    under_way[task] = entries
                if not under_way:
                    return loading.finish()
                done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    _settle(loading, under_way.pop(task), task)
        finally:
            await _cancelled(under_way)


def _settle(loading: Loading, entries: Entries, task: asyncio.Task[None]) -> None:
    try:
        task.result()
    except EtcdError as error:
        loading.refused(entries, error)
    else:
        loading.settled(entries)


async def _cancelled(tasks: dict[asyncio.Task[None], Entries]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
