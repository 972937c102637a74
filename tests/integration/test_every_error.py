"""Each of the 63 errors that etcd names is raised as its own class: by a real server, or else by one that says so."""

import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

import etcdobs
from etcdobs import (
    DowngradeInProcessError,
    EtcdError,
    InvalidDowngradeTargetVersionError,
    MemberNotEnoughStartedError,
    NoInflightDowngradeError,
    UnhealthyError,
    UnimplementedError,
    WrongDowngradeVersionFormatError,
)
from etcdobs.errors import from_status
from etcdobs.testing import Etcd, etcd_cluster
from tests.conftest import OpenClient
from tests.fake_etcd import FakeEtcd, Refusal, fake_etcd
from tests.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
NAMED: list[dict[str, Any]] = json.loads((ROOT / "protos" / "etcd-wire.json").read_text())["rpc_errors"]
SPARE = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def refusing() -> Iterator[FakeEtcd]:
    """One that refuses every put with the error that its key names."""
    refusals = {fact["grpc_name"].encode(): Refusal(grpc.StatusCode[fact["code"]], fact["message"]) for fact in NAMED}
    with fake_etcd({"etcdserverpb.KV/Put": lambda request, context: refusals[request.key](request, context)}) as server:
        yield server


@pytest.mark.parametrize("fact", NAMED, ids=lambda fact: fact["grpc_name"])
async def test_each_is_raised_by_its_own_name(
    open_client: OpenClient, refusing: FakeEtcd, fact: dict[str, Any]
) -> None:
    code = grpc.StatusCode[fact["code"]]
    expected = type(from_status(code, fact["message"]))
    assert getattr(etcdobs, expected.__name__) is expected
    async with open_client(refusing.endpoint) as client:
        before = len(refusing.calls)
        with pytest.raises(expected) as caught:
            await client.put(fact["grpc_name"])
        assert len(refusing.calls) == before + 1
    error = caught.value
    assert type(error) is expected
    assert (error.code, error.details, error.method) == (code, fact["message"], "etcdserverpb.KV/Put")
    assert error.endpoint == refusing.endpoint


async def test_a_downgrade_that_cannot_be(
    open_client: OpenClient, quick_etcd: Etcd, server_version: tuple[int, int, int]
) -> None:
    """Before 3.5 there is no downgrade; 3.5 does what it is told and does not answer; from 3.6 any cancel is right."""
    major, minor, _ = server_version
    older = f"{major}.{minor - 1}.0"
    async with open_client(quick_etcd.endpoint) as client:
        downgrade = client.maintenance.downgrade
        if server_version < (3, 5, 0):
            await refused(UnimplementedError, lambda: downgrade("cancel"))
            return
        await eventually(lambda: served(downgrade("validate", older)))
        await refused(WrongDowngradeVersionFormatError, lambda: downgrade("validate", "nonsense"))
        await refused(InvalidDowngradeTargetVersionError, lambda: downgrade("validate", f"{major}.{minor - 2}.0"))
        if server_version < (3, 6, 0):
            await refused(NoInflightDowngradeError, lambda: downgrade("cancel"))
        await served(downgrade("enable", older, timeout=1 if server_version < (3, 6, 0) else 10))
        await refused(DowngradeInProcessError, lambda: downgrade("enable", older))


async def served(call: Awaitable[object]) -> bool:
    """Whether the call succeeds: at first the cluster's version is not known."""
    try:
        await call
    except EtcdError:
        return False
    return True


async def refused(error: type[EtcdError], call: Callable[[], Awaitable[object]]) -> None:
    with pytest.raises(error) as caught:
        await call()
    assert type(caught.value) is error


async def test_a_member_that_has_not_started_keeps_others_from_leaving(
    open_client: OpenClient, quick_etcd: Etcd
) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        (started,) = await client.cluster.members()
        await client.cluster.add(SPARE)
        await refused(MemberNotEnoughStartedError, lambda: client.cluster.remove(started.id))


async def test_a_cluster_that_has_just_come_together_takes_nobody(open_client: OpenClient) -> None:
    with etcd_cluster() as cluster:
        async with open_client(cluster.endpoints) as client:
            await refused(UnhealthyError, lambda: client.cluster.add(SPARE))
