"""Endpoints from the member list: asked for, and kept up to date in the background."""

import asyncio
import logging
import threading

import pytest

from etcdobs import UnavailableError
from etcdobs.testing import Etcd, EtcdCluster, relay
from etcdobs.testing._ports import give_back, take_port
from tests.conftest import OpenClient
from tests.waiting import eventually


async def test_the_endpoints_become_those_of_the_members(
    open_client: OpenClient, etcd_cluster_of_three: EtcdCluster
) -> None:
    async with open_client(etcd_cluster_of_three[0].endpoint) as client:
        found = await client.cluster.sync()
        assert set(found) == set(etcd_cluster_of_three.endpoints)
        assert client.endpoints == found
        etcd_cluster_of_three[0].kill()
        try:
            await client.get("k", timeout=10)
        finally:
            etcd_cluster_of_three.start()


async def test_learners_and_members_that_never_started_are_left_out(open_client: OpenClient, fresh_etcd: Etcd) -> None:
    port = take_port()
    async with open_client(fresh_etcd.endpoint) as client:
        await client.cluster.add(f"http://127.0.0.1:{port}", learner=True)
        assert await client.cluster.sync() == (fresh_etcd.endpoint,)
    give_back(port)


async def test_an_endpoint_keeps_the_spelling_it_was_given(open_client: OpenClient, etcd_server: Etcd) -> None:
    given = f"127.0.0.1:{etcd_server.port}"
    async with open_client(given) as client:
        assert await client.cluster.sync() == (given,)


async def test_an_unreachable_cluster_is_an_error_and_changes_nothing(open_client: OpenClient) -> None:
    port = take_port()
    async with open_client(f"127.0.0.1:{port}", dial_timeout=0.2) as client:
        with pytest.raises(UnavailableError):
            await client.cluster.sync()
        assert client.endpoints == (f"127.0.0.1:{port}",)
    give_back(port)


async def test_in_the_background(open_client: OpenClient, etcd_server: Etcd) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint, auto_sync_interval=0.1) as client:
            await client.get("k")
            await eventually(lambda: client.endpoints == (etcd_server.endpoint,))
            link.refuse()
            await client.get("k")
    await eventually(lambda: not syncing())


async def test_a_failure_in_the_background_is_logged_once(
    open_client: OpenClient, etcd_server: Etcd, caplog: pytest.LogCaptureFixture
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint, auto_sync_interval=0.05, dial_timeout=0.1) as client:
            link.refuse()
            link.reset()
            with caplog.at_level(logging.WARNING, logger="etcdobs"), pytest.raises(UnavailableError):
                await client.get("k")
            await eventually(lambda: "stay as they are" in caplog.text)
            await asyncio.sleep(0.5)
            assert caplog.text.count("stay as they are") == 1
            link.accept()
            await eventually(lambda: client.endpoints == (etcd_server.endpoint,))


async def test_a_callable_that_fails_for_a_while_does_not_end_it(
    open_client: OpenClient, etcd_server: Etcd, caplog: pytest.LogCaptureFixture
) -> None:
    answers = iter([OSError("the vault is away")] * 3)

    def ask() -> str:
        for error in answers:
            raise error
        return "token"

    given = f"localhost:{etcd_server.port}"
    async with open_client(given, token=ask, auto_sync_interval=0.05) as client:
        with pytest.raises(OSError, match="the vault is away"):
            await client.get("k")  # the asyncio client begins with its first call
        await eventually(lambda: client.endpoints == (etcd_server.endpoint,))
    (told,) = [record for record in caplog.records if "stay as they are" in record.message]
    assert "the vault is away" in told.message
    assert told.name == "etcdobs.endpoints"


@pytest.mark.parametrize(("interval", "error"), [(0, ValueError), (-1, ValueError), ("5s", TypeError)])
async def test_what_is_no_interval(open_client: OpenClient, interval: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="auto_sync_interval must be"):
        async with open_client(auto_sync_interval=interval):
            pass


def syncing() -> list[str]:
    names = [thread.name for thread in threading.enumerate()]
    names += [task.get_name() for task in asyncio.all_tasks()]
    return [name for name in names if name == "etcdobs-sync"]
