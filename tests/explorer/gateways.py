"""Decides how tests reach a cluster as the explorer does: through a gateway that gives up soon."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from etcdobs import AsyncClient
from etcdobs_explorer.gateway import EtcdGateway
from etcdobs_explorer.gateway.recorder import CallRecorder


@asynccontextmanager
async def gateway_of(endpoints: str, *interceptors: Any, **options: Any) -> AsyncIterator[EtcdGateway]:
    """A gateway to `endpoints`; the other arguments are the client's."""
    recorder = CallRecorder()
    made = recorder.options | options
    made["interceptors"] = (*made["interceptors"], *interceptors)
    client = AsyncClient(endpoints, timeout=3.0, dial_timeout=1.0, **made)
    gateway = EtcdGateway(client, dial_timeout=1.0, recorder=recorder)
    try:
        yield gateway
    finally:
        await gateway.close()
