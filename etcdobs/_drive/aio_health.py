"""Waits, by awaiting, for all members to say how they are: they are asked at the same time."""

import asyncio

from etcdobs._drive.aio import Driver
from etcdobs._health import examine
from etcdobs.config import Endpoint
from etcdobs.errors import EtcdError
from etcdobs.types import EndpointHealth, Health


async def health(driver: Driver) -> Health:
    """How every endpoint is."""
    driver.check_usable()
    asked = (_ask(driver, endpoint) for endpoint in driver.session.endpoints.all)
    found = await asyncio.gather(*asked, return_exceptions=True)
    driver.check_usable()
    return Health(tuple(_told(one) for one in found))


def _told(found: EndpointHealth | BaseException) -> EndpointHealth:
    if isinstance(found, BaseException):
        raise found
    return found


async def _ask(driver: Driver, endpoint: Endpoint) -> EndpointHealth:
    try:
        return await driver.run(examine(driver.session, endpoint))
    except EtcdError as error:
        return EndpointHealth(endpoint.text, False, str(error), 0.0, None, ())
