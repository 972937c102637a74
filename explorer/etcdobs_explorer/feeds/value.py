"""Waits for values to be read that take their time: in a thread, while the screen goes on."""

import asyncio

from etcdobs_explorer.model import changes
from etcdobs_explorer.model.decode.schema import load
from etcdobs_explorer.model.value import Asked, read

from .feed import Feed


class ValueFeed(Feed):
    """The value looked at, read; nothing here asks the cluster."""

    async def read(self, value: bytes, asked: Asked) -> None:
        """Read a value as asked."""
        self._post(changes.ValueRead(value, asked, await asyncio.to_thread(read, value, asked)))

    async def load(self, prefix: bytes, path: str, message: str) -> None:
        """Find a message type in a descriptor set, for the values below a prefix. Raises SchemaError."""
        self._post(changes.SchemaLoaded(prefix, await asyncio.to_thread(load, path, message)))
