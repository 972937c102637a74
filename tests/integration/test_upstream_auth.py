"""What etcd's own tests of authentication prove across its services: tokens, users, roles, leases, administration."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from etcdobs import (
    AuthenticationFailedError,
    Client,
    EtcdError,
    InvalidAuthTokenError,
    Keys,
    LeaseNotFoundError,
    PermissionDeniedError,
    UserEmptyError,
    UserNotFoundError,
)
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import rpc
from etcdobs.testing import Etcd, etcd
from tests.conftest import OpenClient
from tests.waiting import QUICK, eventually, values

ROOT = {"username": "root", "password": "secret"}
ALICE = {"username": "alice", "password": "wonderland"}
FLAGS = [*QUICK, "--bcrypt-cost=4"]


def add_alice(server: Etcd) -> None:
    """Who may do anything below /alice/."""
    with Client(server.endpoint, **ROOT) as root:  # type: ignore[arg-type]
        root.auth.user_add("alice", "wonderland")
        root.auth.role_add("hers")
        root.auth.role_grant_permission("hers", "readwrite", Keys.prefix("/alice/"))
        root.auth.user_grant_role("alice", "hers")


@pytest.fixture
def guarded() -> Iterator[Etcd]:
    with etcd(root_password="secret", flags=FLAGS) as server:
        add_alice(server)
        yield server


@pytest.fixture
def jwt_etcd(tmp_path: Path) -> Iterator[Etcd]:
    """One whose tokens are signed, and end after a second or two."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    token = f"--auth-token=jwt,pub-key={public},priv-key={private},sign-method=RS256,ttl=1s"
    with etcd(root_password="secret", flags=[*FLAGS, token]) as server:
        add_alice(server)
        yield server


async def test_a_signed_token_that_ended_is_renewed(open_client: OpenClient, jwt_etcd: Etcd) -> None:
    async with open_client(jwt_etcd.endpoint, **ALICE) as client, client.watch(Keys.prefix("/alice/")) as watcher:
        for number in range(3):
            await client.put("/alice/k", str(number))
            await asyncio.sleep(1.1)  # by the wall clock, as a signed token ends
        assert await values(watcher, 3) == ["0", "1", "2"]


async def test_a_signed_token_is_enough(open_client: OpenClient, jwt_etcd: Etcd) -> None:
    tokens: list[str] = []

    def token() -> str:
        tokens.append(jwt_etcd_token(jwt_etcd))
        return tokens[-1]

    async with open_client(jwt_etcd.endpoint, token=token) as client:
        await client.put("/alice/k", "1")
        with pytest.raises(PermissionDeniedError):
            await client.put("/bob/k")
    async with open_client(jwt_etcd.endpoint, token=tokens[0][:-4] + "AAAA") as client:
        with pytest.raises(InvalidAuthTokenError):
            await client.put("/alice/k")


def jwt_etcd_token(server: Etcd) -> str:
    """What Authenticate gives Alice, asked for without a client of ours."""
    authenticate = rpc("etcdserverpb.Auth/Authenticate")
    with grpc.insecure_channel(server.endpoint.removeprefix("http://")) as channel:
        ask: Any = channel.unary_unary(
            authenticate.path, pb.AuthenticateRequest.SerializeToString, authenticate.response.FromString
        )
        answer = ask(pb.AuthenticateRequest(name="alice", password="wonderland"), timeout=5)
    return str(answer.token)


async def test_a_watch_goes_on_when_authentication_is_turned_off(open_client: OpenClient, guarded: Etcd) -> None:
    async with (
        open_client(guarded.endpoint, **ROOT) as root,
        open_client(guarded.endpoint, **ALICE) as alice,
        alice.watch("/alice/k") as watcher,
    ):
        await alice.put("/alice/k", "1")
        await root.auth.disable()
        await alice.put("/alice/k", "2")
        assert await values(watcher, 2) == ["1", "2"]


async def test_a_user_that_is_deleted_can_do_nothing_more(open_client: OpenClient, guarded: Etcd) -> None:
    async with open_client(guarded.endpoint, **ROOT) as root, open_client(guarded.endpoint, **ALICE) as alice:
        await alice.put("/alice/k", "1")
        await root.auth.user_delete("alice")
        with pytest.raises((AuthenticationFailedError, InvalidAuthTokenError, UserNotFoundError)):
            await alice.put("/alice/k", "2")
        kv = await root.get("/alice/k")
        assert kv is not None
        assert kv.text == "1"


async def test_a_role_that_is_changed_under_way_holds_at_once(open_client: OpenClient, guarded: Etcd) -> None:
    async with open_client(guarded.endpoint, **ROOT) as root, open_client(guarded.endpoint, **ALICE) as alice:
        with pytest.raises(PermissionDeniedError):
            await alice.put("/new/k")
        await root.auth.role_grant_permission("hers", "readwrite", Keys.prefix("/new/"))
        await alice.put("/new/k")
        await root.auth.role_revoke_permission("hers", Keys.prefix("/new/"))
        with pytest.raises(PermissionDeniedError):
            await alice.put("/new/k")
        await root.auth.role_delete("hers")
        with pytest.raises(PermissionDeniedError):
            await alice.put("/alice/k")
        assert (await alice.auth.user_get("alice")).roles == ()


async def test_users_and_roles_outlast_a_restart(open_client: OpenClient, guarded: Etcd) -> None:
    async with open_client(guarded.endpoint, **ROOT) as root, open_client(guarded.endpoint, **ALICE) as alice:
        await alice.put("/alice/k", "1")
        before = (await root.auth.user_list(), await root.auth.role_get("hers"))
        guarded.stop()
        guarded.start()
        assert (await root.auth.user_list(), await root.auth.role_get("hers")) == before
        kv = await alice.get("/alice/k")
        assert kv is not None
        assert kv.text == "1"


async def test_what_a_user_may_know_of_users_and_roles(open_client: OpenClient, guarded: Etcd) -> None:
    async with open_client(guarded.endpoint, **ROOT) as root, open_client(guarded.endpoint, **ALICE) as alice:
        assert (await alice.auth.user_get("alice")).roles == ("hers",)
        assert (await alice.auth.role_get("hers")).permissions == (await root.auth.role_get("hers")).permissions
        for ask in (
            lambda: alice.auth.user_get("root"),
            lambda: alice.auth.role_get("root"),
            alice.auth.user_list,
            alice.auth.role_list,
            lambda: alice.auth.user_add("bob", "builder"),
        ):
            with pytest.raises(PermissionDeniedError):
                await ask()
        assert "hers" in await root.auth.role_list()


async def test_leases_of_a_user(open_client: OpenClient, guarded: Etcd) -> None:
    async with open_client(guarded.endpoint, **ROOT) as root, open_client(guarded.endpoint, **ALICE) as alice:
        lease, foreign = await alice.lease.grant(60), await root.lease.grant(60)
        await alice.put("/alice/k", lease=lease)
        await root.put("/root/k", lease=foreign)
        assert lease.id in await root.lease.list()
        assert await alice.lease.keep_alive_once(lease) == 60
        assert (await alice.lease.time_to_live(lease, keys=True)).keys == (b"/alice/k",)
        for ask in (
            lambda: alice.lease.revoke(foreign.id),
            lambda: alice.put("/alice/k", lease=foreign.id),
        ):
            with pytest.raises(PermissionDeniedError):
                await ask()
        await lease.revoke()
        assert await alice.get("/alice/k") is None
        with pytest.raises(LeaseNotFoundError):
            await alice.lease.revoke(lease.id)


async def test_an_expired_lease_of_a_user(open_client: OpenClient, guarded: Etcd) -> None:
    async with open_client(guarded.endpoint, **ALICE) as alice:
        lease = await alice.lease.grant(1)
        await alice.put("/alice/k", lease=lease)
        await eventually(lambda: gone(alice.get("/alice/k")))
        assert (await alice.lease.time_to_live(lease)).ttl == -1


async def gone(read: Awaitable[object]) -> bool:
    return await read is None


ADMINISTRATION: dict[str, Callable[[Any], Awaitable[object]]] = {
    "add": lambda client: client.cluster.add("http://127.0.0.1:1", learner=True),
    "remove": lambda client: client.cluster.remove(12345),
    "update": lambda client: client.cluster.update(12345, "http://127.0.0.1:1"),
    "promote": lambda client: client.cluster.promote(12345),
    "enable": lambda client: client.auth.enable(),
}


@pytest.mark.parametrize("what", ADMINISTRATION)
async def test_administration_is_roots(open_client: OpenClient, guarded: Etcd, what: str) -> None:
    async with open_client(guarded.endpoint) as anyone, open_client(guarded.endpoint, **ALICE) as alice:
        with pytest.raises(UserEmptyError):
            await ADMINISTRATION[what](anyone)
        with pytest.raises(PermissionDeniedError):
            await ADMINISTRATION[what](alice)
    async with open_client(guarded.endpoint, **ROOT) as root:
        assert await admitted(ADMINISTRATION[what](root))


async def admitted(call: Awaitable[object]) -> bool:
    """Whether the service itself answers: no member has the id that is asked for."""
    try:
        await call
    except EtcdError as error:
        return "member not found" in error.details
    return True


async def test_a_user_that_was_deleted_may_be_added_again(open_client: OpenClient, guarded: Etcd) -> None:
    async with open_client(guarded.endpoint, **ROOT) as root:
        await root.auth.user_delete("alice")
        await root.auth.user_add("alice", "wonderland")
        await root.auth.user_grant_role("alice", "hers")
    async with open_client(guarded.endpoint, **ALICE) as alice:
        await alice.put("/alice/k")
