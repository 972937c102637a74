"""Waits, by blocking, for all members to say how they are: each is asked by a thread of its own."""

import threading

from etcdobs._drive.sync import Driver
from etcdobs._health import examine
from etcdobs.config import Endpoint
from etcdobs.errors import EtcdError
from etcdobs.types import EndpointHealth, Health


def health(driver: Driver) -> Health:
    """How every endpoint is."""
    driver.check_usable()
    endpoints = driver.session.endpoints.all
    found: dict[str, EndpointHealth] = {}
    threads = [_asking(driver, endpoint, found) for endpoint in endpoints]
    for thread in threads:
        thread.join()
    driver.check_usable()
    return Health(tuple(found[endpoint.address] for endpoint in endpoints))


def _asking(driver: Driver, endpoint: Endpoint, found: dict[str, EndpointHealth]) -> threading.Thread:
    def ask() -> None:
        try:
            found[endpoint.address] = driver.run(examine(driver.session, endpoint))
        except EtcdError as error:
            found[endpoint.address] = EndpointHealth(endpoint.text, False, str(error), 0.0, None, ())

    thread = threading.Thread(target=ask, name="etcdobs-health", daemon=True)
    thread.start()
    return thread
