"""Opens leasing clients of either kind for tests."""

from typing import Any

from etcdobs import AsyncClient
from etcdobs.recipes import AsyncLeasingKV, LeasingKV
from tests.clients import BlockingAsAsync


def leasing(client: Any, prefix: str, ttl: int = 60) -> Any:
    """Of the client's kind; `prefix` is the test's own, the leasing keys lie beside its keys."""
    name = f"leasing{prefix}"
    if type(client) is BlockingAsAsync:
        return BlockingAsAsync(LeasingKV(client._target, name, ttl))
    return AsyncLeasingKV(client, name, ttl)


def owns(leasing: Any, *keys: str) -> bool:
    """True when exactly these are served from memory."""
    owned: frozenset[bytes] = leasing.owned
    return owned == frozenset(key.encode() for key in keys)


async def tells_the_truth(leasing: Any, client: AsyncClient, key: str) -> bool:
    """True when a read is as a plain client's, right before or right after: a late write may come in between."""
    before = await client.get(key)
    read = await leasing.get(key)
    return read in (before, await client.get(key))
