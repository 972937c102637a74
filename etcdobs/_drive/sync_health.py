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
    found: dict[str, EndpointHealth | Exception] = {}
    threads = [_asking(driver, endpoint, found) for endpoint in endpoints]
    for thread in threads:
        thread.join()
    driver.check_usable()
    return Health(tuple(_told(found[endpoint.address]) for endpoint in endpoints))


def _told(found: EndpointHealth | Exception) -> EndpointHealth:
    if isinstance(found, Exception):
        raise found
    return found


def _asking(driver: Driver, endpoint: Endpoint, found: dict[str, EndpointHealth | Exception]) -> threading.Thread:
    def ask() -> None:
        try:
            found[endpoint.address] = driver.run(examine(driver.session, endpoint))
        except EtcdError as error:
            found[endpoint.address] = EndpointHealth(endpoint.text, False, str(error), 0.0, None, ())
        except Exception as error:  # noqa: BLE001 - told to the caller
            found[endpoint.address] = error

    thread = threading.Thread(target=ask, name="etcdobs-health", daemon=True)
    thread.start()
    return thread
