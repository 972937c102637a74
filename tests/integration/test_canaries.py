"""A password, a token or a private key is shown nowhere: not by objects, errors, tracebacks, logs, spans or metrics."""

import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest

from etcdobs import TLS, AsyncClient, AuthenticationFailedError, Client, ClientMetrics, EtcdError, InvalidAuthTokenError
from etcdobs._environment import from_environment
from etcdobs.testing import Etcd, etcd
from tests.conftest import OpenClient
from tests.waiting import QUICK

CANARY = "canary-0123456789"


class Witness:
    """All that a client says, to whoever listens, while it is used."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        self._log = caplog
        self._registry = CollectorRegistry()
        self._spans = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._spans))
        self.arguments: dict[str, Any] = {
            "metrics": ClientMetrics(self._registry),
            "tracer_provider": provider,
        }
        self._heard: list[str] = []

    def hear(self, *things: object) -> None:
        self._heard += [f"{thing!r} {thing!s} {getattr(thing, '__dict__', '')!r}" for thing in things]

    def catch(self, error: BaseException) -> None:
        self.hear(error, error.args)
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        self._heard += list(_of_the_library(told))

    def assert_ignorant_of(self, *secrets: str) -> None:
        logs = [f"{record.getMessage()} {record.__dict__}" for record in self._log.records]
        spans = [span.to_json() for span in self._spans.get_finished_spans()]
        metrics = generate_latest(self._registry).decode()  # type: ignore[no-untyped-call]
        assert spans
        assert "grpc_client_started" in metrics
        for text in (*self._heard, *logs, *spans, metrics):
            for secret in secrets:
                assert secret not in text, text


def _of_the_library(told: traceback.TracebackException | None) -> Iterator[str]:
    """Messages, frames and locals; of the frames not this file's own, which knows the secrets."""
    while told is not None:
        yield from told.format_exception_only()
        yield from (f"{frame} {frame.locals}" for frame in told.stack if frame.filename != __file__)
        yield from _of_the_library(told.__context__)
        told = told.__cause__


@pytest.fixture
def witness(caplog: pytest.LogCaptureFixture) -> Witness:
    return Witness(caplog)


@pytest.fixture(scope="module")
def auth_etcd() -> Iterator[Etcd]:
    with etcd(root_password=CANARY, flags=[*QUICK, "--bcrypt-cost=4"]) as server:
        server.etcdctl("user", "add", "alice:wonderland")
        yield server


async def use(client: AsyncClient, witness: Witness) -> None:
    """Calls of every kind, those that fail too."""
    witness.hear(client, client.lease, client.auth, client.txn())
    await client.put("k", "v")
    async with client.watch("k") as watcher, client.lock("jobs") as lock:
        witness.hear(watcher, lock)
    with pytest.raises(EtcdError) as caught:
        await client.lease.revoke(12345)
    witness.catch(caught.value)


@pytest.mark.parametrize("form", [str, "callable"])
async def test_a_password_and_the_token_it_bought(
    open_client: OpenClient, auth_etcd: Etcd, witness: Witness, form: object
) -> None:
    password: Any = CANARY if form is str else lambda: CANARY
    async with open_client(auth_etcd.endpoint, username="root", password=password, **witness.arguments) as client:
        await use(client, witness)
        session = client._driver.session
        witness.hear(session, session.credentials)
        bought = held_token(client)
    assert len(bought) > 10
    witness.assert_ignorant_of(CANARY, bought)


async def test_a_password_that_is_wrong(open_client: OpenClient, auth_etcd: Etcd, witness: Witness) -> None:
    wrong = "wrong-canary-987"
    async with open_client(auth_etcd.endpoint, username="alice", password=wrong, **witness.arguments) as client:
        for call in (client.get("k"), client.put("k"), client.watch("k").__aenter__()):
            with pytest.raises(AuthenticationFailedError) as caught:
                await call
            witness.catch(caught.value)
        witness.hear(client)
    witness.assert_ignorant_of(wrong)


@pytest.mark.parametrize("form", [str, "callable"])
async def test_a_token_of_the_user_s_own(
    open_client: OpenClient, auth_etcd: Etcd, witness: Witness, form: object
) -> None:
    secret = "never.valid-canary"
    token: Any = secret if form is str else lambda: secret
    async with open_client(auth_etcd.endpoint, token=token, **witness.arguments) as client:
        for call in (client.get("k"), client.put("k"), client.watch("k").__aenter__()):
            with pytest.raises(InvalidAuthTokenError) as caught:
                await call
            witness.catch(caught.value)
        witness.hear(client, client._driver.session)
    witness.assert_ignorant_of(secret)


async def test_a_new_user_s_password(open_client: OpenClient, auth_etcd: Etcd, witness: Witness) -> None:
    new = "new-canary-555"
    async with open_client(auth_etcd.endpoint, username="root", password=CANARY, **witness.arguments) as client:
        with pytest.raises(EtcdError) as caught:
            await client.auth.user_add("alice", new)
        witness.hear(caught.value, caught.value.__cause__)
        with pytest.raises(EtcdError) as caught:
            await client.auth.user_change_password("nobody", new)
        witness.hear(caught.value, caught.value.__cause__)
    witness.assert_ignorant_of(CANARY, new)


@pytest.mark.parametrize("verify", [True, False])
async def test_a_private_key(open_client: OpenClient, witness: Witness, verify: bool) -> None:
    with etcd(tls="mutual", flags=QUICK) as server:
        own = server.certificates
        key = own.client_key.read_bytes()
        tls = TLS(ca=own.ca.read_bytes(), cert=own.client_cert.read_bytes(), key=key, verify=verify)
        async with open_client(server.endpoint, tls=tls, dial_timeout=0.2, **witness.arguments) as client:
            await use(client, witness)
            server.stop()
            with pytest.raises(EtcdError) as caught:
                await client.get("k")
            witness.catch(caught.value)
        witness.hear(tls, client)
    witness.assert_ignorant_of(*(line for line in key.decode().splitlines() if "-----" not in line))


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "alice", "password": CANARY, "timeout": -1},
        {"username": "alice", "password": CANARY, "tls": 3},
        {"username": "alice", "password": CANARY, "token": CANARY},
        {"password": CANARY},
        {"token": f"{CANARY}\n"},
    ],
)
def test_arguments_beside_one_that_is_wrong(kind: type[Client], wrong: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        kind("localhost:1", **wrong)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    for text in _of_the_library(told):
        assert CANARY not in text


def test_variables_beside_one_that_is_wrong() -> None:
    secrets = {"ETCDCTL_USER": f"root:{CANARY}", "ETCDCTL_PASSWORD": CANARY, "ETCDCTL_AUTH_JWT_TOKEN": CANARY}
    with pytest.raises(ValueError, match="ETCDCTL_DIAL_TIMEOUT") as caught:
        from_environment({**secrets, "ETCDCTL_DIAL_TIMEOUT": "soon"})
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frames = (frame for frame in told.stack if frame.name != "from_environment" and frame.filename != __file__)
    assert CANARY not in "".join(map(str, (frame.locals for frame in frames)))


async def test_a_token_that_was_refused_before_it_is_replaced(
    open_client: OpenClient, auth_etcd: Etcd, witness: Witness
) -> None:
    valid = await bought_root_token(auth_etcd)
    refused = "never.valid-canary"
    tokens = [refused, valid]
    async with open_client(auth_etcd.endpoint, token=lambda: tokens.pop(0), **witness.arguments) as client:
        await use(client, witness)
    witness.assert_ignorant_of(refused, valid)


async def bought_root_token(server: Etcd) -> str:
    async with AsyncClient(server.endpoint, username="root", password=CANARY) as client:
        await client.get("k")
        return held_token(client)


def held_token(client: AsyncClient) -> str:
    """The token's text, which is no longer hidden."""
    driver: Any = getattr(client, "_target", client)._driver
    return "".join(driver.session.credentials.token)
