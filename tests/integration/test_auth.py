"""How a client proves who it is, and that a token's end is never its user's concern."""

import asyncio
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from etcdobs import (
    AuthenticationFailedError,
    ClientMetrics,
    EtcdError,
    InvalidAuthTokenError,
    Keys,
    PermissionDeniedError,
    Put,
    UserEmptyError,
)
from etcdobs.testing import Etcd, etcd, relay
from tests.conftest import OpenClient
from tests.samples import samples
from tests.waiting import QUICK, Stopwatch, eventually, values

ALICE = {"username": "alice", "password": "wonderland"}


@pytest.fixture(scope="module")
def auth_etcd() -> Iterator[Etcd]:
    """Alice may read and write below /alice/, and read below /shared/."""
    with etcd(root_password="secret", flags=[*QUICK, "--bcrypt-cost=4"]) as server:
        add_alice(server)
        yield server


@pytest.fixture
def forgetful_etcd() -> Iterator[Etcd]:
    """As the other, but a token that is not used for a second is not known any more; its log says when."""
    flags = [*QUICK, "--bcrypt-cost=4", "--auth-token-ttl=1", "--log-level=debug"]
    with etcd(root_password="secret", flags=flags) as server:
        add_alice(server)
        yield server


def add_alice(server: Etcd) -> None:
    server.etcdctl("user", "add", "alice:wonderland")
    server.etcdctl("role", "add", "reader-and-writer")
    server.etcdctl("role", "grant-permission", "--prefix", "reader-and-writer", "readwrite", "/alice/")
    server.etcdctl("role", "grant-permission", "--prefix", "reader-and-writer", "read", "/shared/")
    server.etcdctl("user", "grant-role", "alice", "reader-and-writer")


async def token_expired(server: Etcd, times: int = 1) -> None:
    """Returns when the server has forgotten so many of Alice's tokens."""
    await eventually(lambda: expired(server) >= times)


def expired(server: Etcd) -> int:
    return sum("deleted a simple token" in line and "alice" in line for line in server.log.read_text().splitlines())


def renewals(server: Etcd) -> int:
    """How many times the server has renewed a lease."""
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{server.endpoint}/metrics") as answer:
        metrics: str = answer.read().decode()
    return int(metrics.partition("\netcd_debugging_lease_renewed_total ")[2].split()[0])


async def test_a_user_may_do_what_its_roles_allow(open_client: OpenClient, auth_etcd: Etcd, prefix: str) -> None:
    async with open_client(auth_etcd.endpoint, **ALICE) as client:
        await client.put("/alice" + prefix, "1")
        kv = await client.get("/alice" + prefix)
        assert kv is not None
        assert kv.text == "1"
        assert await client.get("/shared" + prefix) is None


async def test_a_user_may_not_do_what_its_roles_do_not(open_client: OpenClient, auth_etcd: Etcd) -> None:
    async with open_client(auth_etcd.endpoint, **ALICE) as client:
        for call in (
            client.get("/bob/"),
            client.range(Keys.all()),
            client.put("/shared/k"),
            client.delete("/bob/k"),
            client.txn().then(Put("/alice/k"), Put("/bob/k")).commit(),
        ):
            with pytest.raises(PermissionDeniedError) as caught:
                await call
            assert not caught.value.outcome_unknown


async def test_a_wrong_password_is_told(open_client: OpenClient, auth_etcd: Etcd) -> None:
    async with open_client(auth_etcd.endpoint, username="alice", password="wrong") as client:
        for _ in range(2):
            with pytest.raises(AuthenticationFailedError) as caught:
                await client.get("/alice/k")
            assert caught.value.method == "etcdserverpb.Auth/Authenticate"
            assert "wrong" not in str(caught.value)
        for entered in (client.watch("k"), client.watch("k", start_revision=1), client.lease.keep_alive(1)):
            with Stopwatch() as waited, pytest.raises(AuthenticationFailedError):
                await entered.__aenter__()
            assert waited.seconds < 5


async def test_without_credentials_a_call_is_refused(open_client: OpenClient, auth_etcd: Etcd) -> None:
    async with open_client(auth_etcd.endpoint) as client:
        with pytest.raises(UserEmptyError):
            await client.get("/alice/k")


async def test_credentials_on_a_cluster_without_auth_do_no_harm(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    async with open_client(etcd_server.endpoint, **ALICE) as client, client.watch(prefix) as watcher:
        await client.put(prefix, "1")
        assert await values(watcher, 1) == ["1"]


async def test_auth_that_is_enabled_later_is_noticed(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint, username="root", password="secret") as client:
        await client.put("k", "1")
        async with client.watch("k") as watcher:
            quick_etcd.etcdctl("user", "add", "root:secret")
            quick_etcd.etcdctl("user", "grant-role", "root", "root")
            quick_etcd.etcdctl("auth", "enable")
            await client.put("k", "2")
            assert await values(watcher, 1) == ["2"]


async def test_a_password_may_be_asked_for(open_client: OpenClient, forgetful_etcd: Etcd) -> None:
    asked = []

    def password() -> str:
        asked.append(True)
        return "wonderland"

    async with open_client(forgetful_etcd.endpoint, username="alice", password=password) as client:
        await client.put("/alice/k")
        assert len(asked) == 1
        await token_expired(forgetful_etcd)
        await client.put("/alice/k")
        assert len(asked) == 2


async def test_a_token_may_be_brought_along(open_client: OpenClient, forgetful_etcd: Etcd) -> None:
    token = await bought_token(forgetful_etcd)
    async with open_client(forgetful_etcd.endpoint, token=token) as client:
        await client.put("/alice/k", "1")
        with pytest.raises(PermissionDeniedError):
            await client.put("/bob/k")
        await token_expired(forgetful_etcd)
        with pytest.raises(InvalidAuthTokenError):
            await client.get("/alice/k")


async def test_a_token_is_asked_for_again_when_it_is_refused(open_client: OpenClient, forgetful_etcd: Etcd) -> None:
    tokens = ["never.valid", await bought_token(forgetful_etcd)]
    async with open_client(forgetful_etcd.endpoint, token=lambda: tokens.pop(0)) as client:
        await client.put("/alice/k", "1")
        assert tokens == []


async def bought_token(server: Etcd) -> str:
    import grpc

    from etcdobs._wire import etcdserverpb as pb
    from etcdobs._wire import rpc

    method = rpc("etcdserverpb.Auth/Authenticate")
    async with grpc.aio.insecure_channel(server.endpoint.removeprefix("http://")) as channel:
        call = channel.unary_unary(method.path, method.request.SerializeToString, method.response.FromString)
        reply: Any = await call(pb.AuthenticateRequest(name="alice", password="wonderland"))
        return str(reply.token)


async def test_calls_survive_the_end_of_a_token(open_client: OpenClient, forgetful_etcd: Etcd) -> None:
    async with open_client(forgetful_etcd.endpoint, **ALICE) as client:
        lease = await client.lease.grant(60)
        await client.put("/alice/old", "0")
        await token_expired(forgetful_etcd)
        read, written, deleted, txn, counted = await asyncio.gather(
            client.get("/alice/old"),
            client.put("/alice/k", "1", lease=lease, prev_kv=True),
            client.delete("/alice/none"),
            client.txn().then(Put("/alice/x", "2")).commit(),
            client.count(Keys.prefix("/shared/")),
        )
        assert read is not None
        assert (read.text, written.prev_kv, deleted.deleted, txn.succeeded, counted) == ("0", None, 0, True, 0)
        versions = {kv.key: kv.version for kv in await client.range(Keys.prefix("/alice/"))}
        assert versions == {b"/alice/k": 1, b"/alice/old": 1, b"/alice/x": 1}


async def test_a_watch_survives_the_end_of_a_token(open_client: OpenClient, forgetful_etcd: Etcd) -> None:
    async with open_client(forgetful_etcd.endpoint, **ALICE) as client, client.watch("/alice/k") as watcher:
        await client.put("/alice/k", "1")
        await token_expired(forgetful_etcd)
        await client.put("/alice/k", "2")
        assert await values(watcher, 2) == ["1", "2"]


async def test_a_watch_that_begins_after_the_end_of_a_token(open_client: OpenClient, forgetful_etcd: Etcd) -> None:
    """Now, and in the past: that one asks nothing beforehand which would have had the token renewed."""
    async with (
        open_client(forgetful_etcd.endpoint, **ALICE) as one,
        open_client(forgetful_etcd.endpoint, **ALICE) as two,
        one.watch("/alice/k") as first,
        two.watch("/alice/k") as second,
    ):
        await token_expired(forgetful_etcd, 2)
        async with one.watch("/alice/k") as third, two.watch("/alice/k", start_revision=1) as fourth:
            await one.put("/alice/k", "1")
            for watcher in (first, second, third, fourth):
                assert await values(watcher, 1) == ["1"]


async def test_a_watch_whose_connection_breaks_after_the_end_of_a_token(
    open_client: OpenClient, forgetful_etcd: Etcd
) -> None:
    with relay(forgetful_etcd.endpoint) as link:
        async with open_client(link.endpoint, **ALICE) as client, client.watch("/alice/k") as watcher:
            await token_expired(forgetful_etcd)
            link.reset()
            forgetful_etcd.etcdctl("put", "/alice/k", "1")
            assert await values(watcher, 1) == ["1"]


async def test_a_watch_resumes_with_a_new_token(open_client: OpenClient, forgetful_etcd: Etcd) -> None:
    async with open_client(forgetful_etcd.endpoint, **ALICE) as client, client.watch("/alice/k") as watcher:
        await client.put("/alice/k", "1")
        assert await values(watcher, 1) == ["1"]
        forgetful_etcd.kill()
        forgetful_etcd.start()
        await client.put("/alice/k", "2")
        assert await values(watcher, 1) == ["2"]


async def test_a_heartbeat_survives_the_end_of_a_token(open_client: OpenClient, forgetful_etcd: Etcd) -> None:
    async with open_client(forgetful_etcd.endpoint, **ALICE) as client:
        lease = await client.lease.grant(9)  # renewed every 3 s: a server that asks for the token finds that it ended
        await client.put("/alice/k", lease=lease)
        async with client.lease.keep_alive(lease) as heartbeat:
            await token_expired(forgetful_etcd)
            before = renewals(forgetful_etcd)
            await eventually(lambda: renewals(forgetful_etcd) > before)
            assert not heartbeat.lost
            assert await client.get("/alice/k") is not None


@pytest.mark.parametrize("start_revision", [0, 1])
async def test_one_watcher_is_refused_while_the_other_goes_on(
    open_client: OpenClient, auth_etcd: Etcd, prefix: str, start_revision: int
) -> None:
    key = "/alice" + prefix
    async with open_client(auth_etcd.endpoint, **ALICE) as client, client.watch(key) as watcher:
        for number in range(3):
            with pytest.raises(PermissionDeniedError):
                async with client.watch("/bob/", start_revision=start_revision):
                    pass
            await client.put(key, str(number))
            assert await values(watcher, 1) == [str(number)]


async def test_a_refused_watcher_with_a_token_of_its_own(open_client: OpenClient, auth_etcd: Etcd, prefix: str) -> None:
    token, key = await bought_token(auth_etcd), "/alice" + prefix
    async with open_client(auth_etcd.endpoint, token=token) as client, client.watch(key) as watcher:
        with pytest.raises(PermissionDeniedError):
            async with client.watch("/bob/", start_revision=1):
                pass
        await client.put(key, "1")
        assert await values(watcher, 1) == ["1"]


async def test_a_password_that_was_changed_ends_a_watch(open_client: OpenClient, forgetful_etcd: Etcd) -> None:
    async with open_client(forgetful_etcd.endpoint, **ALICE) as client, client.watch("/alice/k") as watcher:
        forgetful_etcd.etcdctl("user", "delete", "alice")
        forgetful_etcd.kill()
        forgetful_etcd.start()
        with pytest.raises(EtcdError):
            await watcher.get(timeout=10)
        with pytest.raises(EtcdError):
            await client.put("/alice/k")


async def test_many_calls_share_one_token(open_client: OpenClient, auth_etcd: Etcd, prefix: str) -> None:
    metrics = ClientMetrics(registry := CollectorRegistry())
    async with open_client(auth_etcd.endpoint, metrics=metrics, **ALICE) as client:
        await asyncio.gather(*(client.put(f"/alice{prefix}{number}") for number in range(20)))
    assert samples(registry)["grpc_client_started_total{unary,etcdserverpb.Auth,Authenticate}"] == 1


async def test_a_token_s_end_is_one_purchase_for_all_who_meet_it(
    open_client: OpenClient, forgetful_etcd: Etcd, prefix: str
) -> None:
    """Reads, mutations and streams at once: the password is asked for once, and one token is bought."""
    asked: list[int] = []
    metrics = ClientMetrics(registry := CollectorRegistry())
    key = f"/alice{prefix}"

    def password() -> str:
        asked.append(1)
        return "wonderland"

    async with (
        open_client(forgetful_etcd.endpoint, username="alice", password=password, metrics=metrics) as client,
        client.watch(f"{key}0") as watcher,
    ):
        await token_expired(forgetful_etcd)
        writes = (client.put(f"{key}{number}", "v") for number in range(25))
        reads = (client.get(f"{key}{number}") for number in range(25))
        async with client.watch(f"{key}1", start_revision=1) as second:
            await asyncio.gather(*writes, *reads)
            assert await values(watcher, 1) == await values(second, 1) == ["v"]
    assert len(asked) == 2
    assert samples(registry)["grpc_client_started_total{unary,etcdserverpb.Auth,Authenticate}"] == 2
