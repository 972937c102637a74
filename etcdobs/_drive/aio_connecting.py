"""Waits by awaiting for what connecting takes: others who connect to the same address, and the certificate it shows."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from etcdobs._drive.certificates import Certificates
from etcdobs._drive.channel import Options, Secured, credentials, name_override
from etcdobs._drive.leaf import fetch_leaf
from etcdobs.config import Endpoint
from etcdobs.errors import ConnectionFailedError

INTERCEPTORS = (
    grpc.aio.UnaryUnaryClientInterceptor,
    grpc.aio.UnaryStreamClientInterceptor,
    grpc.aio.StreamUnaryClientInterceptor,
    grpc.aio.StreamStreamClientInterceptor,
)
"""What a client takes as an interceptor."""


class Connecting:
    """Keeps those apart who connect to one address; what it is slow to show keeps nobody from another."""

    def __init__(self) -> None:
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def to(self, endpoint: Endpoint, seconds: float) -> AsyncGenerator[None]:
        """Be the only one, for so many seconds, the wait for others included.

        Raises:
            ConnectionFailedError: they have passed.
        """
        limit = asyncio.timeout(seconds)
        try:
            async with limit, self._locks[endpoint.address]:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise ConnectionFailedError(f"failed to connect in {seconds:g} s", endpoint=endpoint.address) from None


async def secured(endpoint: Endpoint, certificates: Certificates, seconds: float) -> Secured:
    """The credentials for a channel to `endpoint`, and the options that go with them."""
    tls = certificates.current()
    if tls.verify:
        return credentials(tls), name_override(tls.server_name)
    leaf = await asyncio.to_thread(fetch_leaf, endpoint, tls, seconds)
    if tls is not certificates.current():
        return await secured(endpoint, certificates, seconds)
    return credentials(tls, leaf.pem), name_override(leaf.name)


async def connected(
    endpoint: Endpoint,
    options: Options,
    certificates: Certificates | None,
    seconds: float,
    interceptors: tuple[Any, ...],
) -> grpc.aio.Channel:
    """A channel to `endpoint`; `certificates`: those to be trusted and shown, None: in plain text."""
    intercepted = list(interceptors) or None
    if certificates is None:
        return grpc.aio.insecure_channel(endpoint.target, options, interceptors=intercepted)
    secure, more = await secured(endpoint, certificates, seconds)
    return grpc.aio.secure_channel(endpoint.target, secure, (*options, *more), interceptors=intercepted)
