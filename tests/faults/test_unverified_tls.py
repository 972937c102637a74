"""TLS that verifies nothing pins the certificate that a server shows: when that is awaited, and when it is renewed."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from etcdobs import TLS, AsyncClient, Client, ClosedError, EtcdError
from etcdobs._drive import aio_connecting as room
from etcdobs._drive.leaf import Leaf, fetch_leaf
from etcdobs._wire import RPCS
from etcdobs._wire import etcdserverpb as pb
from etcdobs.testing import Certificates, Etcd, certificates, etcd, relay
from tests.conftest import OpenClient
from tests.waiting import QUICK, Stopwatch, eventually

UNVERIFIED = TLS(verify=False)


@pytest.fixture(scope="module")
def tls_etcd() -> Iterator[Etcd]:
    with etcd(tls="server", flags=QUICK) as server:
        yield server


@pytest.fixture
def hole() -> Iterator[str]:
    """Accepts, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"


def test_one_that_is_silent_keeps_nobody_from_another(tls_etcd: Etcd, hole: str) -> None:
    client = Client(hole, tls=UNVERIFIED, dial_timeout=5)
    waited: list[float] = []

    def call() -> None:
        with Stopwatch() as took, contextlib.suppress(EtcdError):
            client.get("k", timeout=2)
        waited.append(took.seconds)

    calling = threading.Thread(target=call)
    calling.start()
    calling.join(0.2)
    with Stopwatch() as asking:
        client.maintenance.status(tls_etcd.endpoint, timeout=1)
    with Stopwatch() as closing:
        client.close()
    calling.join(10)
    assert asking.seconds < 1
    assert closing.seconds < 1
    assert waited[0] < 3


async def test_a_connection_that_is_made_after_close_is_given_up(
    tls_etcd: Etcd, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, begun, go_on = fetch_leaf, threading.Event(), threading.Event()

    def slow(*args: object) -> Leaf:
        begun.set()
        go_on.wait(10)
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(room, "fetch_leaf", slow)
    client = AsyncClient(tls_etcd.endpoint, tls=UNVERIFIED)
    call = asyncio.create_task(client.get("k"))
    await eventually(begun.is_set)
    closing = asyncio.create_task(client.close())
    await asyncio.sleep(0.1)
    go_on.set()
    await closing
    with pytest.raises(ClosedError):
        await call


@contextmanager
def serving(own: Certificates, port: int = 0) -> Generator[int]:
    """A server of one RPC with these certificates; its port."""
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((_Ranges(),))
    pair = own.server_key.read_bytes(), own.server_cert.read_bytes()
    bound = server.add_secure_port(f"127.0.0.1:{port}", grpc.ssl_server_credentials([pair]))
    server.start()
    try:
        yield bound
    finally:
        server.stop(0).wait()


class _Ranges(grpc.GenericRpcHandler):
    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[object, object]":
        rpc = RPCS["etcdserverpb.KV/Range"]
        reply = pb.RangeResponse(header=pb.ResponseHeader(revision=1))

        def answer(request: object, context: object) -> pb.RangeResponse:
            return reply

        serialize: Callable[..., bytes] = rpc.response.SerializeToString
        return grpc.unary_unary_rpc_method_handler(answer, rpc.request.FromString, serialize)


async def test_a_certificate_that_the_server_renewed(open_client: OpenClient, tmp_path: Path) -> None:
    before, after = certificates(tmp_path / "before"), certificates(tmp_path / "after")
    with serving(before) as port:
        opened = open_client(f"https://127.0.0.1:{port}", tls=UNVERIFIED, timeout=5)
        client = await opened.__aenter__()
        assert await client.get("k") is None
    with serving(after, port):
        for _ in range(3):
            assert await client.get("k") is None
        await opened.__aexit__(None, None, None)


async def test_a_server_that_is_slow_to_show_its_certificate_takes_the_call_no_longer(
    open_client: OpenClient, tls_etcd: Etcd
) -> None:
    """What it takes to be shown the certificate is part of the time that the call has."""
    with relay(tls_etcd.endpoint) as link:
        link.delay(0.15)
        async with open_client(link.endpoint, tls=UNVERIFIED) as client:
            with Stopwatch() as took, pytest.raises(EtcdError):
                await client.get("k", timeout=1.65)
    assert took.seconds < 2.1


async def test_a_certificate_that_is_awaited_keeps_no_other_endpoint_waiting(
    open_client: OpenClient, tls_etcd: Etcd, hole: str
) -> None:
    async with open_client(hole, tls=UNVERIFIED, dial_timeout=5, timeout=3) as client:
        waiting = asyncio.create_task(client.get("k", timeout=1))
        await asyncio.sleep(0.1)
        with Stopwatch() as took:
            await client.maintenance.status(tls_etcd.endpoint)
        assert took.seconds < 0.8
        with Stopwatch() as took, pytest.raises(EtcdError):
            await waiting
        assert took.seconds < 1.5
