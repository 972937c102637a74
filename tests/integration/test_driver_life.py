"""What a client's connections and background work go through: given up, replaced, closed over, cancelled in between."""

import asyncio
import gc
import inspect
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from etcdobs import TLS, AsyncClient, Client, ClosedError, Keys, RetryPolicy
from etcdobs._drive import certificates as room
from etcdobs._wire import rpc
from etcdobs.config import Endpoint
from etcdobs.testing import Certificates, Etcd, Relay, etcd, relay
from tests.conftest import OpenClient
from tests.waiting import QUICK, Stopwatch, eventually

RANGE = rpc("etcdserverpb.KV/Range")


@pytest.fixture(scope="module")
def mutual_etcd() -> Iterator[Etcd]:
    with etcd(tls="mutual", flags=QUICK) as server:
        yield server


@pytest.fixture
def files(mutual_etcd: Etcd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    """Copies of the server's certificates, for a test to replace; they are looked at often."""
    monkeypatch.setattr(room, "LOOK_EVERY", 0.05)
    own = mutual_etcd.certificates
    paths = (own.ca, own.server_cert, own.server_key, own.client_cert, own.client_key)
    return Certificates(*(Path(shutil.copy(path, tmp_path)) for path in paths))


def replace(files: Certificates) -> None:
    """Another certificate of the same authority."""
    files.client_cert.write_bytes(files.server_cert.read_bytes())
    files.client_key.write_bytes(files.server_key.read_bytes())


def shown(files: Certificates) -> TLS:
    return TLS(ca=files.ca, cert=files.client_cert, key=files.client_key)


def driver_of(client: Any) -> Any:
    return getattr(client, "_target", client)._driver


def let_go(link: Relay) -> bool:
    gc.collect()  # grpc.aio drops a stream's connection when the collector finds the call
    return link.connections == 0


async def test_a_namespace_meets_other_certificates_on_the_way(
    open_client: OpenClient, mutual_etcd: Etcd, files: Certificates, prefix: str
) -> None:
    async with open_client(mutual_etcd.endpoint, tls=shown(files), timeout=0.5) as client:
        view = client.namespaced(prefix)
        for number in range(8):
            await view.put(f"{number}", "v")
        keys: list[str] = []
        async for kv in view.scan(Keys.all(), page_size=2):
            keys.append(kv.text)
            if len(keys) == 2:
                replace(files)
                await asyncio.sleep(0.1)
            if len(keys) == 6:
                await asyncio.sleep(1)  # those who had the old connection have had their time
        assert len(keys) == 8
        assert await client.count(Keys.prefix(prefix)) == 8
        assert await view.count(Keys.all()) == 8


async def test_other_endpoints_let_go_of_strangers(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    with relay(etcd_server.endpoint) as stranger:
        async with open_client(etcd_server.endpoint, timeout=0.5) as client:
            for _ in range(3):
                await client.maintenance.status(stranger.endpoint, timeout=10)
            await client.set_endpoints(etcd_server.endpoint)
            await eventually(lambda: let_go(stranger), timeout=3)
            assert await client.count(prefix, timeout=10) == 0


async def test_a_call_whose_connection_is_closed_before_it_begins(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    async with open_client(etcd_server.endpoint, timeout=0.1) as client:
        await client.count("k", timeout=10)
        driver = driver_of(client)
        endpoint = driver.session.endpoints.all[0]
        real = driver.bound
        stale = real(RANGE, endpoint) if not inspect.iscoroutinefunction(real) else await real(RANGE, endpoint)
        driver.set_endpoints((Endpoint.parse("127.0.0.1:1"),))
        driver.set_endpoints((endpoint,))
        await asyncio.sleep(0.5)
        driver.bound = once(driver, stale, real)
        assert await client.count(prefix, timeout=10) == 0
        assert "bound" not in vars(driver)


def once(driver: Any, stale: Any, real: Callable[..., Any]) -> Callable[..., Any]:
    """Answers with `stale`, and then takes itself away."""

    def blocking(*args: Any, **more: Any) -> Any:
        del driver.bound
        return stale

    async def awaiting(*args: Any, **more: Any) -> Any:
        return blocking()

    return awaiting if inspect.iscoroutinefunction(real) else blocking


async def test_a_call_in_backoff_ends_with_the_client(open_client: OpenClient) -> None:
    slow = RetryPolicy(backoff_base=30, backoff_max=30)
    async with open_client("127.0.0.1:1", dial_timeout=60, timeout=None, retry=slow) as client:
        calls = [asyncio.create_task(client.get("k")) for _ in range(5)]
        await asyncio.sleep(0.2)
        with Stopwatch() as took:
            await client.close()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert took.seconds < 1
        assert [type(outcome) for outcome in outcomes] == [ClosedError] * 5


async def test_a_cancelled_close_comes_to_its_end(etcd_server: Etcd, prefix: str) -> None:
    tasks = asyncio.all_tasks()
    with relay(etcd_server.endpoint) as link:
        client = AsyncClient(link.endpoint)
        await client.watch(prefix).__aenter__()
        await client.get(prefix)
        closing = asyncio.create_task(client.close())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        await client.close()
        await eventually(lambda: let_go(link), timeout=2)
        await eventually(lambda: asyncio.all_tasks() == tasks, timeout=2)


def test_closing_while_other_threads_begin_things(etcd_server: Etcd) -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(15):
            close_amid_others(Client(etcd_server.endpoint))
    finally:
        sys.setswitchinterval(interval)


def close_amid_others(client: Client) -> None:
    over = threading.Event()
    kept: list[Any] = []

    def begin() -> None:
        while not over.is_set():
            kept.append(client.batched())

    threads = [threading.Thread(target=begin) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        while len(kept) < 300:
            pass
        client.close()
    finally:
        over.set()
        for thread in threads:
            thread.join()


async def test_a_callables_own_timeout_is_its_own(open_client: OpenClient, etcd_server: Etcd) -> None:
    def ask() -> str:
        raise TimeoutError("the vault is away")

    async with open_client(etcd_server.endpoint, token=ask) as client:
        with pytest.raises(TimeoutError, match="the vault is away"):
            await client.get("k")
