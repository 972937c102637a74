"""Which endpoints a client takes, and what one that does not answer costs."""

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from etcdobs import (
    AsyncClient,
    ConnectionFailedError,
    DeadlineExceededError,
    Keys,
    UnavailableError,
)
from etcdobs.testing import Etcd, find_etcd, relay
from etcdobs.testing._ports import give_back, take_port
from tests.conftest import OpenClient
from tests.waiting import QUICK, Stopwatch, eventually, values


def loopback_has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.fixture
def refused_port() -> Iterator[int]:
    """Nobody listens there."""
    port = take_port()
    yield port
    give_back(port)


@pytest.fixture
def full_backlog() -> Iterator[str]:
    """An address that takes connections no more: what is sent to it is dropped."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as callers:
        for _ in range(4):
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def etcd_listening_at(url: str, directory: Path) -> Iterator[None]:
    """A server whose client URL is this one; it may not be up yet."""
    peer_port = take_port()
    peer = f"http://127.0.0.1:{peer_port}"
    place = [f"--data-dir={directory}", f"--listen-client-urls={url}", f"--advertise-client-urls={url}"]
    peers = [f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}"]
    command = [str(find_etcd()), *place, *peers, *QUICK, "--unsafe-no-fsync", "--log-level=error"]
    with subprocess.Popen(command, cwd=directory.parent) as process:
        try:
            yield
        finally:
            process.kill()
    give_back(peer_port)


@pytest.mark.parametrize("spelling", ["http://127.0.0.1:{}", "127.0.0.1:{}", "localhost:{}", " 127.0.0.1:{} "])
async def test_spellings_of_one_endpoint(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, spelling: str
) -> None:
    endpoint = spelling.format(etcd_server.port)
    async with open_client(endpoint) as client:
        await client.put(prefix)
        assert client.endpoints == (endpoint.strip(),)


async def test_several_endpoints_as_a_string_or_a_sequence(open_client: OpenClient, etcd_server: Etcd) -> None:
    one, two = f"127.0.0.1:{etcd_server.port}", f"localhost:{etcd_server.port}"
    for given in (f"{one},{two}", [one, two], (one, two, one)):
        async with open_client(given) as client:
            await client.get("k")
            assert client.endpoints == (one, two)


@pytest.mark.parametrize(
    ("endpoints", "error", "match"),
    [
        ("", ValueError, "no endpoint was given"),
        ([], ValueError, "no endpoint was given"),
        ("localhost", ValueError, "host:port is wanted"),
        ("ftp://localhost:1", ValueError, "unknown scheme"),
        ("localhost:1/path", ValueError, "host:port is all"),
        (2379, TypeError, "sequence of str"),
        ([2379], TypeError, "an endpoint must be a str, not int"),
    ],
)
async def test_malformed_endpoints(
    open_client: OpenClient, endpoints: object, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        async with open_client(endpoints):
            pass


async def test_calls_take_turns_over_the_endpoints(open_client: OpenClient, etcd_server: Etcd) -> None:
    with relay(etcd_server.endpoint) as one, relay(etcd_server.endpoint) as two:
        async with open_client([one.endpoint, two.endpoint]) as client:
            for _ in range(4):
                await client.get("k")
            assert (one.connections, two.connections) == (1, 1)


async def test_a_port_that_refuses(open_client: OpenClient, refused_port: int) -> None:
    async with open_client(f"127.0.0.1:{refused_port}", dial_timeout=0.5) as client:
        with (
            Stopwatch() as waited,
            pytest.raises(UnavailableError, match=rf"no connection to 127.0.0.1:{refused_port}"),
        ):
            await client.get("k")
        assert 0.5 <= waited.seconds < 1.5
        with Stopwatch() as waited, pytest.raises(UnavailableError) as caught:
            await client.put("k")
        assert 0.5 <= waited.seconds < 1.5
        assert not caught.value.outcome_unknown
        assert (caught.value.method, caught.value.endpoint) == ("etcdserverpb.KV/Put", f"127.0.0.1:{refused_port}")


async def test_a_full_backlog(open_client: OpenClient, full_backlog: str) -> None:
    async with open_client(full_backlog, dial_timeout=1) as client:
        with Stopwatch() as waited, pytest.raises(ConnectionFailedError):
            await client.get("k")
        assert 0.9 <= waited.seconds < 2


async def test_an_endpoint_that_swallows_the_connection(open_client: OpenClient, etcd_server: Etcd) -> None:
    with relay(etcd_server.endpoint) as link:
        link.blackhole()
        async with open_client(link.endpoint, dial_timeout=1) as client:
            with Stopwatch() as waited, pytest.raises(ConnectionFailedError) as caught:
                await client.put("k")
            assert 0.9 <= waited.seconds < 2
            assert not caught.value.outcome_unknown
            link.resume()
            await client.get("k")


async def test_a_host_that_has_no_address(open_client: OpenClient) -> None:
    async with open_client("nowhere.invalid:2379", dial_timeout=0.5) as client:
        with Stopwatch() as waited, pytest.raises(ConnectionFailedError, match=r"nowhere\.invalid"):
            await client.get("k")
        assert waited.seconds < 3


@pytest.mark.parametrize("start_revision", [0, 1])
async def test_a_watch_of_an_unreachable_endpoint(
    open_client: OpenClient, refused_port: int, start_revision: int
) -> None:
    async with open_client(f"127.0.0.1:{refused_port}", dial_timeout=0.5) as client:
        with Stopwatch() as waited, pytest.raises(UnavailableError):
            async with client.watch("k", start_revision=start_revision):
                pass
        assert waited.seconds < 1.5


async def test_a_heartbeat_of_an_unreachable_endpoint(open_client: OpenClient, refused_port: int) -> None:
    async with open_client(f"127.0.0.1:{refused_port}", dial_timeout=0.5) as client:
        with Stopwatch() as waited, pytest.raises(UnavailableError):
            async with client.lease.keep_alive(1):
                pass
        assert waited.seconds < 1.5


async def test_a_timeout_shorter_than_the_dial_timeout_wins(open_client: OpenClient, refused_port: int) -> None:
    async with open_client(f"127.0.0.1:{refused_port}") as client:
        with Stopwatch() as waited, pytest.raises(DeadlineExceededError) as caught:
            await client.put("k", timeout=0.3)
        assert waited.seconds < 1
        assert not caught.value.outcome_unknown


async def test_one_dead_endpoint_of_three_costs_milliseconds(
    open_client: OpenClient, etcd_server: Etcd, refused_port: int, prefix: str
) -> None:
    endpoints = [f"127.0.0.1:{refused_port}", f"127.0.0.1:{etcd_server.port}", f"localhost:{etcd_server.port}"]
    async with open_client(endpoints) as client:
        slowest = 0.0
        for _ in range(30):
            with Stopwatch() as took:
                await client.put(prefix)
                await client.range(Keys.prefix(prefix))
            slowest = max(slowest, took.seconds)
        assert slowest < 0.25
        async with client.watch(prefix) as watcher:
            await client.put(prefix, "1")
            assert await values(watcher, 1) == ["1"]


async def test_an_endpoint_that_comes_back_is_used_again(open_client: OpenClient, etcd_server: Etcd) -> None:
    with relay(etcd_server.endpoint) as one, relay(etcd_server.endpoint) as two:
        one.refuse()
        async with open_client([one.endpoint, two.endpoint]) as client:
            for _ in range(4):
                await client.get("k")
            one.accept()
            two.refuse()
            two.reset()
            await client.get("k")
            assert one.connections


@pytest.mark.parametrize("host", ["127.0.0.1", *(["[::1]"] if loopback_has_ipv6() else [])])
async def test_an_address_of_either_family(open_client: OpenClient, tmp_path: Path, host: str) -> None:
    port = take_port()
    with etcd_listening_at(f"http://{host}:{port}", tmp_path / "data"):
        async with open_client(f"{host}:{port}", dial_timeout=20) as client:
            await client.put("k", "v")
            status = await client.maintenance.status(f"http://{host}:{port}")
            assert status.revision == 2
    give_back(port)


async def test_a_unix_socket(open_client: OpenClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # etcd takes a name of the form host:port for the socket, and makes it where it is started.
    monkeypatch.chdir(tmp_path)
    with etcd_listening_at("unix://localhost:0", tmp_path / "data"):
        await eventually((tmp_path / "localhost:0").exists)
        for endpoint in (f"unix://{tmp_path}/localhost:0", "unix://localhost:0"):
            async with open_client(endpoint, dial_timeout=20) as client:
                await _read_and_watch(client)


async def _read_and_watch(client: AsyncClient) -> None:
    async with client.watch("k") as watcher:
        await client.put("k", "v")
        assert await values(watcher, 1) == ["v"]
