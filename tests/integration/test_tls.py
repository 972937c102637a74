"""How a client speaks TLS: whom it trusts, what it shows, and what it says when the other side is not trusted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from etcdobs import TLS, AsyncClient, Compare, ConnectionFailedError, Put, UnavailableError
from etcdobs.testing import Certificates, Etcd, certificates, etcd, relay
from tests.conftest import OpenClient
from tests.waiting import QUICK, Stopwatch, values


@pytest.fixture(scope="module")
def tls_etcd() -> Iterator[Etcd]:
    with etcd(tls="server", flags=QUICK) as server:
        yield server


@pytest.fixture(scope="module")
def mutual_etcd() -> Iterator[Etcd]:
    with etcd(tls="mutual", flags=QUICK) as server:
        yield server


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates of another authority."""
    return certificates(tmp_path_factory.mktemp("strangers"))


async def check(client: AsyncClient, prefix: str) -> None:
    """Calls of every kind get through."""
    async with client.watch(prefix) as watcher:
        await client.txn().when(Compare.missing(prefix)).then(Put(prefix, "1")).commit()
        assert await values(watcher, 1) == ["1"]
    lease = await client.lease.grant(60)
    async with client.lease.keep_alive(lease) as heartbeat:
        assert heartbeat.ttl == 60


@pytest.mark.parametrize("form", [Path, str, bytes])
async def test_a_server_is_trusted_by_its_authority(
    open_client: OpenClient, tls_etcd: Etcd, prefix: str, form: type
) -> None:
    ca = tls_etcd.certificates.ca
    given = ca.read_bytes() if form is bytes else form(ca)
    async with open_client(tls_etcd.endpoint, tls=TLS(ca=given)) as client:
        await check(client, prefix)


async def test_an_endpoint_without_a_scheme_speaks_tls_where_there_is_a_tls(
    open_client: OpenClient, tls_etcd: Etcd, prefix: str
) -> None:
    async with open_client(f"127.0.0.1:{tls_etcd.port}", tls=TLS(ca=tls_etcd.certificates.ca)) as client:
        await client.put(prefix)
        assert await client.maintenance.status(f"localhost:{tls_etcd.port}")


async def test_a_plain_endpoint_may_stand_beside_one_with_tls(
    open_client: OpenClient, etcd_server: Etcd, tls_etcd: Etcd
) -> None:
    tls = TLS(ca=tls_etcd.certificates.ca, allow_plaintext=True)
    async with open_client([etcd_server.endpoint, tls_etcd.endpoint], tls=tls) as client:
        for _ in range(4):
            await client.get("k")


@pytest.mark.parametrize("form", [Path, bytes])
async def test_a_client_shows_its_own_certificate(
    open_client: OpenClient, mutual_etcd: Etcd, prefix: str, form: type
) -> None:
    own = mutual_etcd.certificates
    ca, cert, key = (path.read_bytes() if form is bytes else path for path in (own.ca, own.client_cert, own.client_key))
    async with open_client(mutual_etcd.endpoint, tls=TLS(ca=ca, cert=cert, key=key)) as client:
        await check(client, prefix)


async def test_a_client_that_shows_none_is_refused(open_client: OpenClient, mutual_etcd: Etcd) -> None:
    async with open_client(mutual_etcd.endpoint, tls=TLS(ca=mutual_etcd.certificates.ca), dial_timeout=1) as client:
        with Stopwatch() as waited, pytest.raises(UnavailableError):
            await client.get("k")
        assert waited.seconds < 3


async def test_a_client_that_shows_a_stranger_s_is_refused(
    open_client: OpenClient, mutual_etcd: Etcd, strangers: Certificates
) -> None:
    tls = TLS(ca=mutual_etcd.certificates.ca, cert=strangers.client_cert, key=strangers.client_key)
    async with open_client(mutual_etcd.endpoint, tls=tls, dial_timeout=1) as client:
        with Stopwatch() as waited, pytest.raises(UnavailableError):
            await client.get("k")
        assert waited.seconds < 3


async def test_an_authority_that_did_not_sign_it(
    open_client: OpenClient, tls_etcd: Etcd, strangers: Certificates
) -> None:
    async with open_client(tls_etcd.endpoint, tls=TLS(ca=strangers.ca), dial_timeout=1) as client:
        with Stopwatch() as waited, pytest.raises(ConnectionFailedError, match=r"(?i)certificate") as caught:
            await client.put("k")
        assert waited.seconds < 3
        assert not caught.value.outcome_unknown
        assert str(tls_etcd.port) in str(caught.value)


async def test_the_system_s_authorities_did_not_sign_it(open_client: OpenClient, tls_etcd: Etcd) -> None:
    async with open_client(tls_etcd.endpoint, dial_timeout=1) as client:
        with pytest.raises(ConnectionFailedError):
            await client.get("k")


async def test_plain_text_to_a_tls_server_is_told(open_client: OpenClient, tls_etcd: Etcd) -> None:
    async with open_client(f"http://127.0.0.1:{tls_etcd.port}", dial_timeout=1) as client:
        with Stopwatch() as waited, pytest.raises(UnavailableError):
            await client.get("k")
        assert waited.seconds < 3


async def test_tls_to_a_plain_server_is_told(open_client: OpenClient, etcd_server: Etcd, tls_etcd: Etcd) -> None:
    endpoint = f"https://127.0.0.1:{etcd_server.port}"
    async with open_client(endpoint, tls=TLS(ca=tls_etcd.certificates.ca), dial_timeout=1) as client:
        with Stopwatch() as waited, pytest.raises(UnavailableError):
            await client.get("k")
        assert waited.seconds < 3


async def test_an_expired_certificate(open_client: OpenClient, tmp_path: Path) -> None:
    expired = certificates(tmp_path, days=-1)
    with etcd(tls="server", certificates=expired, flags=QUICK) as server:
        async with open_client(server.endpoint, tls=TLS(ca=expired.ca), dial_timeout=1) as client:
            with pytest.raises(ConnectionFailedError):
                await client.get("k")


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
async def test_the_server_s_name_may_be_another(
    open_client: OpenClient, tls_etcd: Etcd, prefix: str, name: str
) -> None:
    tls = TLS(ca=tls_etcd.certificates.ca, server_name=name)
    async with open_client(tls_etcd.endpoint, tls=tls) as client:
        await client.put(prefix)


async def test_a_name_that_the_certificate_does_not_bear(open_client: OpenClient, tls_etcd: Etcd) -> None:
    tls = TLS(ca=tls_etcd.certificates.ca, server_name="etcd.example")
    async with open_client(tls_etcd.endpoint, tls=tls, dial_timeout=1) as client:
        with Stopwatch() as waited, pytest.raises(ConnectionFailedError):
            await client.get("k")
        assert waited.seconds < 3


async def test_verification_may_be_left_out(open_client: OpenClient, tls_etcd: Etcd, prefix: str) -> None:
    async with open_client(tls_etcd.endpoint, tls=TLS(verify=False)) as client:
        await check(client, prefix)


@pytest.mark.parametrize("form", [Path, bytes])
async def test_verification_may_be_left_out_of_mutual_tls(
    open_client: OpenClient, mutual_etcd: Etcd, prefix: str, form: type
) -> None:
    own = mutual_etcd.certificates
    cert, key = (path.read_bytes() if form is bytes else path for path in (own.client_cert, own.client_key))
    async with open_client(mutual_etcd.endpoint, tls=TLS(cert=cert, key=key, verify=False)) as client:
        await check(client, prefix)


async def test_without_verification_an_unreachable_endpoint_is_told(open_client: OpenClient) -> None:
    async with open_client("https://127.0.0.1:1", tls=TLS(verify=False), dial_timeout=0.5) as client:
        with Stopwatch() as waited, pytest.raises(ConnectionFailedError):
            await client.get("k")
        assert waited.seconds < 2


async def test_without_verification_a_server_that_swallows_is_told(open_client: OpenClient, tls_etcd: Etcd) -> None:
    with relay(tls_etcd.endpoint) as link:
        link.blackhole()
        async with open_client(link.endpoint, tls=TLS(verify=False), dial_timeout=0.5) as client:
            with Stopwatch() as waited, pytest.raises(ConnectionFailedError):
                await client.get("k")
            assert waited.seconds < 2


async def test_a_user_by_certificate(open_client: OpenClient, prefix: str) -> None:
    """etcd takes the common name of the certificate for the user's name: no password, no token."""
    with etcd(tls="mutual", root_password="secret", flags=[*QUICK, "--bcrypt-cost=4"]) as server:
        own = server.certificates
        tls = TLS(ca=own.ca, cert=own.client_cert, key=own.client_key)
        async with open_client(server.endpoint, tls=tls) as client:
            await check(client, prefix)


def test_a_certificate_goes_with_its_key(strangers: Certificates) -> None:
    with pytest.raises(ValueError, match="cert was given without key"):
        TLS(cert=strangers.client_cert)
    with pytest.raises(FileNotFoundError, match="ca names no file"):
        TLS(ca="/nowhere/ca.pem")
