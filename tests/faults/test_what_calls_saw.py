"""What a client shows of its calls' troubles: metrics, and a line each below the logger `etcdobs`."""

import asyncio
import logging
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from etcdobs import ClientMetrics, DeadlineExceededError
from etcdobs.testing import Etcd, etcd, relay
from tests.conftest import OpenClient
from tests.metrics import Shown, address
from tests.waiting import QUICK, eventually


@pytest.fixture
def shown() -> Shown:
    return Shown(CollectorRegistry())


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "etcdobs")


def told(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    said = (vars(record).get("etcdobs", {}) for record in caplog.records)
    return [fields for fields in said if fields.get("event") == event]


async def test_the_only_endpoint_while_it_is_frozen(open_client: OpenClient, quick_etcd: Etcd, shown: Shown) -> None:
    async with open_client(quick_etcd.endpoint, metrics=ClientMetrics(shown.registry)) as client:
        await client.get("k")
        quick_etcd.pause()
        with pytest.raises(DeadlineExceededError):
            await client.get("k", timeout=1)
        assert set(shown.states().values()) == {"failing"}
        quick_etcd.resume()
        await client.get("k")
        assert set(shown.states().values()) == {"up"}


async def test_a_member_that_is_unavailable(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, shown: Shown, caplog: pytest.LogCaptureFixture
) -> None:
    with relay(etcd_server.endpoint) as one, relay(etcd_server.endpoint) as two:
        bad, good = address(one.endpoint), address(two.endpoint)
        async with open_client([one.endpoint, two.endpoint], metrics=ClientMetrics(shown.registry)) as client:
            assert shown.states() == {bad: "unused", good: "unused"}
            for _ in range(2):
                await client.get(prefix)
            assert shown.states() == {bad: "up", good: "up"}
            one.refuse()
            one.reset()

            async def is_known() -> bool:
                await client.get(prefix)
                return shown.states() == {bad: "failing", good: "up"}

            await eventually(is_known)
            one.accept()
            await eventually(lambda: reads_and(client.get(prefix), lambda: shown.states()[bad] == "up"))
    causes = shown.values("etcdobs_retries_total", "reason")
    assert causes <= {"Unavailable", "ConnectionFailed"}
    assert shown.total("etcdobs_retries_total", grpc_method="Range") >= 1
    assert shown.total("etcdobs_failovers_total") >= 1
    for event in ("retried", "failed_over"):
        line = told(caplog, event)[0]
        assert (line["method"], line["endpoint"]) == ("etcdserverpb.KV/Range", bad)
        assert line["cause"] in causes


async def reads_and(reading: Any, condition: Any) -> bool:
    await reading
    return bool(condition())


async def test_a_member_that_is_silent(
    open_client: OpenClient,
    etcd_server: Etcd,
    prefix: str,
    shown: Shown,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("etcdobs._attempts.LONGEST_SLICE", 0.5)
    with relay(etcd_server.endpoint) as one, relay(etcd_server.endpoint) as two:
        bad = address(one.endpoint)
        async with open_client([one.endpoint, two.endpoint], metrics=ClientMetrics(shown.registry)) as client:
            for _ in range(2):
                await client.get(prefix)
            one.pause()
            await asyncio.gather(*(client.get(prefix) for _ in range(2)))
            assert shown.states()[bad] == "silent"
            one.resume()
            await eventually(lambda: reads_and(client.get(prefix), lambda: shown.states()[bad] == "up"))
    assert shown.counts("etcdobs_retries_total", "reason") == {"Silent": 1}
    assert shown.counts("etcdobs_failovers_total", "reason") == {"Silent": 1}
    assert [line["cause"] for line in told(caplog, "failed_over")] == ["Silent"]
    assert [line["endpoint"] for line in told(caplog, "retried")] == [bad]


async def test_a_token_that_ended(open_client: OpenClient, shown: Shown, caplog: pytest.LogCaptureFixture) -> None:
    metrics = ClientMetrics(shown.registry)
    flags = [*QUICK, "--bcrypt-cost=4", "--auth-token-ttl=1"]
    with etcd(root_password="secret", flags=flags) as server:
        async with open_client(server.endpoint, username="root", password="secret", metrics=metrics) as client:
            await client.put("k", "v")
            server.stop()
            server.start()  # it knows no token of before
            assert (await client.get("k")) is not None
    assert shown.counts("etcdobs_token_renewals_total", "outcome") == {"OK": 2}
    assert len(told(caplog, "token_renewed")) == 2
    assert "secret" not in caplog.text
    assert "InvalidAuthToken" in {line["cause"] for line in told(caplog, "retried")}


async def test_one_tree_of_loggers_and_no_handler_but_the_users(
    open_client: OpenClient, etcd_server: Etcd, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    before = list(logging.getLogger().handlers)
    with relay(etcd_server.endpoint) as link:
        link.refuse()
        async with open_client([link.endpoint, etcd_server.endpoint]) as client:
            for _ in range(3):
                await client.get("k")
    assert {record.name.partition(".")[0] for record in caplog.records if "etcdobs" in vars(record)} == {"etcdobs"}
    assert logging.getLogger().handlers == before
    assert [type(handler) for handler in logging.getLogger("etcdobs").handlers] == [logging.NullHandler]
    assert capfd.readouterr() == ("", "")
