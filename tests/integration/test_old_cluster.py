"""A client that was told to refuses a cluster that is too old, and no other."""

import pytest

from etcdobs import OldClusterError, _admission
from etcdobs.testing import Etcd
from etcdobs.testing._ports import give_back, take_port
from tests.conftest import OpenClient


@pytest.mark.parametrize(
    ("version", "old"),
    [("3.4.27", True), ("2.3.8", True), ("3.5.0", False), ("3.6.1", False), ("3.10.0-rc.0", False), ("", False)],
)
def test_which_versions_are_old(version: str, old: bool) -> None:
    assert _admission.is_old(version) is old


async def test_a_recent_cluster_is_served_though_a_member_is_down(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, server_version: tuple[int, int, int]
) -> None:
    port = take_port()
    endpoints = [f"127.0.0.1:{port}", etcd_server.endpoint]
    async with open_client(endpoints, reject_old_cluster=True, dial_timeout=1) as client:
        if server_version < (3, 5):
            with pytest.raises(OldClusterError):
                await client.put(prefix, "v")
        else:
            await client.put(prefix, "v")
            assert await client.count(prefix) == 1
    give_back(port)


async def test_an_old_cluster_is_refused(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_admission, "OLDEST", (9, 9))
    async with open_client(etcd_server.endpoint, reject_old_cluster=True) as client:
        for _ in range(2):
            with pytest.raises(OldClusterError, match=r"9\.9 is the oldest that this client accepts"):
                await client.put(prefix, "v")
        with pytest.raises(OldClusterError):
            async with client.watch(prefix):
                pass
    async with open_client(etcd_server.endpoint) as client:
        await client.put(prefix, "v")
