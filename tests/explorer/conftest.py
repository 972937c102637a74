"""Decides which server the explorer's tests look at, unless they say otherwise: one of their own."""

from collections.abc import AsyncIterator, Iterator

import pytest

from etcdobs import Client
from etcdobs.testing import Etcd
from etcdobs_explorer.gateway import EtcdGateway
from tests.explorer.gateways import gateway_of


@pytest.fixture
async def gateway(quick_etcd: Etcd) -> AsyncIterator[EtcdGateway]:
    """The explorer's side of `quick_etcd`."""
    async with gateway_of(quick_etcd.endpoint) as opened:
        yield opened


@pytest.fixture
def client(quick_etcd: Etcd) -> Iterator[Client]:
    """Somebody else's side of `quick_etcd`."""
    with Client(quick_etcd.endpoint) as opened:
        yield opened
