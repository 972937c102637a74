"""Fills the store of a server until it takes no more."""

from etcdobs import AsyncClient, Client

# One key over and over: what a compaction leaves of it is small.
KEY = "filler"
_VALUE = "x" * 100_000
_MOST = 1000


async def fill(client: AsyncClient) -> None:
    """Put until the server refuses; raises its NoSpaceError.

    etcd reckons with the size that its file had when it was last written: ten times a second, on a slow disk less
    often. How many puts go past a quota before that is noticed can't be known beforehand.
    """
    for _ in range(_MOST):
        await client.put(KEY, _VALUE)


def fill_blocking(client: Client) -> None:
    """`fill` for a client of blocking code."""
    for _ in range(_MOST):
        client.put(KEY, _VALUE)
