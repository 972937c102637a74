"""Who may ask a guarded etcd for maintenance, in each version line; alarms over a restart; the authority of a call."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from etcdobs import (
    AuthenticationFailedError,
    Client,
    EtcdError,
    NoSpaceError,
)
from etcdobs.testing import Etcd, etcd
from tests.conftest import OpenClient
from tests.full_store import fill
from tests.waiting import QUICK, eventually

Version = tuple[int, int, int]
ROOT = {"username": "root", "password": "secret"}
USER = {"username": "user", "password": "user"}
WRONG = {"username": "root", "password": "wrong"}


@pytest.fixture(scope="module")
def guarded() -> Iterator[Etcd]:
    with etcd(root_password="secret", flags=[*QUICK, "--bcrypt-cost=4"]) as server:
        with Client(server.endpoint, **ROOT) as root:  # type: ignore[arg-type]
            root.auth.user_add("user", "user")
            root.put("k", "v")
        yield server


async def snapshot(client: Any, server: Etcd) -> None:
    async for _ in client.maintenance.snapshot():
        pass


ASKED: dict[str, Callable[[Any, Etcd], Awaitable[object]]] = {
    "defragment": lambda client, server: client.maintenance.defragment(server.endpoint),
    "downgrade": lambda client, server: client.maintenance.downgrade("validate", "3.0.0"),
    "hash_kv": lambda client, server: client.maintenance.hash_kv(server.endpoint),
    "move_leader": lambda client, server: client.maintenance.move_leader(12345),
    "snapshot": snapshot,
    "status": lambda client, server: client.maintenance.status(server.endpoint),
}


def needed(what: str, version: Version) -> str:
    """Who may ask: "anyone", any "user", or "root"."""
    if what in ("defragment", "hash_kv", "snapshot"):
        return "root"
    first = {(3, 4): (3, 4, 42), (3, 5): (3, 5, 28)}.get(version[:2], (3, 6, 0))
    if version < first:
        return "anyone"
    if what != "status":
        return "root"
    relaxed = {(3, 5): (3, 5, 32), (3, 6): (3, 6, 12)}.get(version[:2], (3, 7, 0))
    return "user" if version >= relaxed else "root"


@pytest.mark.parametrize("what", ASKED)
async def test_without_a_token(open_client: OpenClient, guarded: Etcd, server_version: Version, what: str) -> None:
    async with open_client(guarded.endpoint) as client:
        if needed(what, server_version) == "anyone":
            assert await admitted(ASKED[what](client, guarded))
            return
        with pytest.raises(EtcdError, match=r"user name is empty|permission denied"):
            await ASKED[what](client, guarded)


@pytest.mark.parametrize("what", ASKED)
async def test_with_a_wrong_password(open_client: OpenClient, guarded: Etcd, what: str) -> None:
    async with open_client(guarded.endpoint, **WRONG) as client:
        with pytest.raises(AuthenticationFailedError):
            await ASKED[what](client, guarded)


@pytest.mark.parametrize("what", ASKED)
async def test_as_root(open_client: OpenClient, guarded: Etcd, what: str) -> None:
    async with open_client(guarded.endpoint, **ROOT) as client:
        assert await admitted(ASKED[what](client, guarded))


@pytest.mark.parametrize("what", ASKED)
async def test_as_a_user_without_a_role(
    open_client: OpenClient, guarded: Etcd, server_version: Version, what: str
) -> None:
    async with open_client(guarded.endpoint, **USER) as client:
        if needed(what, server_version) != "root":
            assert await admitted(ASKED[what](client, guarded))
            return
        with pytest.raises(EtcdError, match="permission denied"):
            await ASKED[what](client, guarded)


async def admitted(call: Awaitable[object]) -> bool:
    """Whether the service itself answers, be it that the request makes no sense: the caller was let in."""
    try:
        await call
    except EtcdError as error:
        return any(word in error.details for word in ("transferee", "downgrade", "unknown method"))
    return True


async def test_alarms_outlast_a_restart(open_client: OpenClient) -> None:
    with etcd(flags=[*QUICK, "--quota-backend-bytes=1000000"]) as server:
        async with open_client(server.endpoint, dial_timeout=20) as client:
            with pytest.raises(NoSpaceError):
                await fill(client)
            raised = await eventually(client.maintenance.alarms)
            server.stop()
            server.start(wait=False)  # with an alarm it is not healthy
            assert await client.maintenance.alarms(timeout=20) == raised
            with pytest.raises(NoSpaceError):
                await client.put("k", "small")


@pytest.mark.parametrize(("spelling", "host"), [("{}", "127.0.0.1"), ("http://{}", "127.0.0.1"), ("{}", "localhost")])
async def test_the_authority_of_a_call_is_its_endpoint(open_client: OpenClient, spelling: str, host: str) -> None:
    """Read off the wire: the first bytes of HTTP/2 that a client sends once the server has greeted it."""
    received = bytearray()
    asked, over = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\0\0\0\x04\0\0\0\0\0")  # SETTINGS, empty
        while b"/etcdserverpb.KV/Range" not in received and (part := await reader.read(65536)):
            received.extend(part)
        asked.set()
        writer.close()
        await writer.wait_closed()
        over.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
        authority = f"{host}:{listener.sockets[0].getsockname()[1]}"
        async with open_client(spelling.format(authority), retry=None) as client:
            with pytest.raises(EtcdError):
                await client.get("k", timeout=2)
        await asyncio.wait_for(asyncio.gather(asked.wait(), over.wait()), 5)
        assert authority.encode() in received
