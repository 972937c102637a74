"""Waits, by blocking, for the next look at the members: a thread that keeps a client's endpoints up to date."""

import threading
import weakref

from etcdobs._drive.sync import Driver
from etcdobs._membership import SYNC_TIMEOUT, member_endpoints


class AutoSync:
    """Follows the membership of the cluster every `interval` seconds, until the client is closed or dropped."""

    def __init__(self, driver: Driver, interval: float) -> None:
        self._driver = weakref.ref(driver)
        self._closing = driver.closing
        self._interval = interval
        self._complained = False
        threading.Thread(target=self._run, name="etcdobs-sync", daemon=True).start()

    def _run(self) -> None:
        while not self._closing.wait(self._interval):
            driver = self._driver()
            if driver is None:
                return
            self._sync(driver)
            del driver

    def _sync(self, driver: Driver) -> None:
        try:
            driver.set_endpoints(driver.run(member_endpoints(driver.session, SYNC_TIMEOUT)))
        except Exception as error:  # noqa: BLE001 - also what a token or password callable raises
            if not self._complained and not self._closing.is_set():
                self._complained = True
                driver.log.tell("endpoints_unknown", problem=f"{type(error).__name__}: {error}")
        else:
            self._complained = False
