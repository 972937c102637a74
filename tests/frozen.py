"""Freezes a server for as long as a block lasts: it keeps its connections, and answers nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from etcdobs.testing import Etcd


@contextmanager
def frozen(server: Etcd) -> Iterator[None]:
    """Pause it, and have it go on afterwards."""
    server.pause()
    try:
        yield
    finally:
        server.resume()
