"""Waits, by awaiting, for the next look at the members: a task that keeps a client's endpoints up to date."""

import asyncio
import weakref

from etcdobs._drive.aio import Driver
from etcdobs._membership import SYNC_TIMEOUT, member_endpoints


class AutoSync:
    """Follows the membership of the cluster every `interval` seconds, from its first call until it is closed."""

    def __init__(self, driver: Driver, interval: float) -> None:
        self._driver = weakref.ref(driver)
        self._interval = interval
        self._complained = False
        self._task: asyncio.Task[None] | None = None
        driver.close_with_me(self)

    def abandon(self) -> None:
        """The client has entered an event loop: go on there."""
        self._task = asyncio.create_task(self._run(), name="etcdobs-sync")

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            driver = self._driver()
            if driver is None or driver.closing:
                return
            await self._sync(driver)
            del driver

    async def _sync(self, driver: Driver) -> None:
        try:
            driver.set_endpoints(await driver.run(member_endpoints(driver.session, SYNC_TIMEOUT)))
        except Exception as error:  # noqa: BLE001 - also what a token or password callable raises
            if not self._complained and not driver.closing:
                self._complained = True
                driver.log.tell("endpoints_unknown", problem=f"{type(error).__name__}: {error}")
        else:
            self._complained = False

    async def close(self) -> None:
        """End the task."""
        task, self._task = self._task, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
