"""str(error) says what was being done, and where; and a recipe's calls take no longer than they are told."""

import time
from typing import Any

import pytest

from etcdobs import ClosedError, DeadlineExceededError, LeaseNotFoundError
from etcdobs.recipes.stm import AsyncSTM
from etcdobs.testing import Etcd, relay
from tests.conftest import OpenClient
from tests.waiting import Stopwatch


async def test_a_closed_client_says_what_was_asked_of_it(open_client: OpenClient, etcd_server: Etcd) -> None:
    async with open_client(etcd_server.endpoint) as client:
        pass
    for call, method in (
        (client.get("k"), "etcdserverpb.KV/Range"),
        (client.put("k"), "etcdserverpb.KV/Put"),
        (client.lease.grant(60), "etcdserverpb.Lease/LeaseGrant"),
    ):
        with pytest.raises(ClosedError) as caught:
            await call
        assert caught.value.method == method
        assert str(caught.value) == f"{method}: the client is closed (CANCELLED)"


async def test_a_lock_that_is_not_free_in_time_names_itself(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    async with open_client(etcd_server.endpoint) as client, client.lock(prefix):
        with pytest.raises(DeadlineExceededError) as caught:
            await client.lock(prefix, timeout=0.1).acquire()
    assert str(caught.value).startswith(f"etcdserverpb.Watch/Watch: not first in the queue of {prefix.encode()!r}")
    assert "within 0.1 s" in str(caught.value)


async def test_a_lease_that_is_gone_is_named(open_client: OpenClient, etcd_server: Etcd) -> None:
    async with open_client(etcd_server.endpoint) as client:
        with pytest.raises(LeaseNotFoundError) as caught:
            await client.lease.keep_alive(0x123456).__aenter__()
        assert caught.value.endpoint == f"127.0.0.1:{etcd_server.port}"
        assert caught.value.method == "etcdserverpb.Lease/LeaseKeepAlive"
        assert "123456" in str(caught.value)
        with pytest.raises(LeaseNotFoundError, match="123456"):
            await client.lease.existing(0x123456)


async def test_calls_of_recipes_take_no_longer_than_they_are_told(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint, timeout=20) as client, open_client(etcd_server.endpoint) as other:
            session = await client.session(timeout=0.3).__aenter__()
            lock, election = client.lock(prefix, session=session), client.election(f"{prefix}e", session=session)
            await lock.acquire()
            await election.campaign("me")
            link.pause()
            for call in (
                lock.release(timeout=0.3),
                election.proclaim("you", timeout=0.3),
                election.leader(timeout=0.3),
                election.resign(timeout=0.3),
                session.close(),
                client.session(timeout=0.3).__aenter__(),
            ):
                with Stopwatch() as waited, pytest.raises(DeadlineExceededError):
                    await call
                assert waited.seconds < 3
            link.resume()
            await other.get(prefix)


async def test_a_transaction_in_memory_that_never_commits_ends_in_time(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    async with open_client(etcd_server.endpoint) as client, open_client(etcd_server.endpoint) as rival:

        async def outrun(stm: AsyncSTM) -> None:
            await stm.get(prefix)
            await rival.put(prefix, str(time.monotonic()))
            await stm.put(prefix, "mine")

        with (
            Stopwatch() as waited,
            pytest.raises(DeadlineExceededError, match=r"did not commit within 0\.3 s|0\.\d+ s"),
        ):
            await client.stm(outrun, timeout=0.3)
        assert 0.2 < waited.seconds < 3


async def nothing(stm: AsyncSTM) -> None:
    """Neither reads nor writes."""


@pytest.mark.parametrize("timeout", [-1, 0, float("inf"), float("nan"), "1", True])
async def test_what_is_no_timeout_is_refused(open_client: OpenClient, etcd_server: Etcd, timeout: float) -> None:
    async with open_client(etcd_server.endpoint) as client:
        with pytest.raises((TypeError, ValueError), match="timeout must be"):
            client.session(timeout=timeout)
        with pytest.raises((TypeError, ValueError), match="timeout must be"):
            await client.stm(nothing, timeout=timeout)
        with pytest.raises((TypeError, ValueError), match="timeout must be"):
            await client.election("e").resign(timeout=timeout)
        with pytest.raises((TypeError, ValueError), match="timeout must be"):
            await client.election("e").leader(timeout=timeout)


async def test_revisions_that_no_key_can_have_are_refused(open_client: OpenClient, etcd_server: Etcd) -> None:
    async with open_client(etcd_server.endpoint) as client:
        for what in ("mod_revision", "create_revision"):
            least, most = f"min_{what}", f"max_{what}"
            crossed: dict[str, Any] = {least: 5, most: 4}
            with pytest.raises(ValueError, match=f"{least} 5 is above {most} 4"):
                await client.range("k", **crossed)
            for fine in (crossed | {most: 5}, crossed | {most: 0}):
                await client.range("k", **fine)
