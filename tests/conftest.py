"""Decides what every test can ask for: servers, a client of each kind, and keys that no other test uses."""

import signal
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest

from etcdobs.testing import Etcd, EtcdNotFoundError, etcd, find_etcd
from etcdobs.testing._binary import etcd_version
from tests.clients import BlockingAsAsync
from tests.waiting import QUICK

if TYPE_CHECKING:
    from etcdobs import AsyncClient

pytest_plugins = ["etcdobs.testing.pytest_plugin", "tests.ran"]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So it is in what a shell runs in the background, and in all programs that are started from there. Those that
    # tests interrupt are to notice.
    signal.signal(signal.SIGINT, signal.default_int_handler)

OpenClient = Callable[..., AbstractAsyncContextManager["AsyncClient"]]


def pytest_report_header() -> str:
    """Which server the tests run on: ETCDOBS_ETCD names another."""
    try:
        return f"etcd: {_version_text()} ({find_etcd()})"
    except EtcdNotFoundError as missing:
        return f"etcd: {missing}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says it again where the outcome is read."""
    terminalreporter.write_line(pytest_report_header())


def _version_text() -> str:
    return ".".join(map(str, etcd_version(find_etcd())))


@pytest.fixture(scope="session")
def server_version() -> tuple[int, int, int]:
    """Of the etcd that the fixtures start: (3, 5, 1). A test that differs by version states the rule with it."""
    return etcd_version(find_etcd())


@pytest.fixture
def prefix() -> str:
    """Starts every key of this test: the server is shared."""
    return f"/test-{uuid.uuid4()}/"


@pytest.fixture
def quick_etcd() -> Iterator[Etcd]:
    """One member for this test alone, as `fresh_etcd`; it elects itself at once and grants leases of 1 s."""
    with etcd(flags=QUICK) as server:
        yield server


@pytest.fixture(params=["sync", "aio"])
def open_client(request: pytest.FixtureRequest) -> OpenClient:
    """Opens a client for an `async with` block: `async with open_client(server.endpoint, timeout=1) as client`.

    The test runs once on `AsyncClient`, and once on the blocking `Client` in its shape.
    """
    return _open_blocking if request.param == "sync" else _open_async


@pytest.fixture
async def client(open_client: OpenClient, etcd_server: Etcd) -> AsyncIterator["AsyncClient"]:
    """A client of the session's server."""
    async with open_client(etcd_server.endpoint) as opened:
        yield opened


@asynccontextmanager
async def _open_blocking(*args: Any, **kwargs: Any) -> AsyncIterator["AsyncClient"]:
    from etcdobs import Client

    async with BlockingAsAsync(Client(*args, **kwargs)) as client:
        yield cast("AsyncClient", client)


@asynccontextmanager
async def _open_async(*args: Any, **kwargs: Any) -> AsyncIterator["AsyncClient"]:
    from etcdobs import AsyncClient

    async with AsyncClient(*args, **kwargs) as client:
        yield client
