"""Who is let in by serve_metrics with TLS and passwords, and that nobody else keeps them waiting."""

import base64
import logging
import shutil
import socket
import ssl
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from threading import enumerate as threads
from typing import Any
from urllib.error import URLError

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge

from etcdobs.observe import MetricsServer, serve_metrics
from etcdobs.testing import Certificates, certificates
from tests.waiting import until

# How a client sees that the server hangs up on it, which depends on when it looks.
HUNG_UP = (URLError, ssl.SSLError, ConnectionError, HTTPException)

PASSWORD = "pä:ss"
BASIC_AUTH = {"prometheus": PASSWORD, "jürgen": "other"}


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("strangers"))


@pytest.fixture(autouse=True)
def _prints_nothing(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Whatever is refused: nothing is printed, by no thread that answered it."""
    before = set(threads())
    yield
    until(lambda: set(threads()) <= before)
    assert capfd.readouterr() == ("", "")


def registry() -> CollectorRegistry:
    made = CollectorRegistry()
    Counter("scraped", "Counts.", registry=made).inc()
    return made


@pytest.fixture(scope="module")
def secured(pems: Certificates) -> Iterator[MetricsServer]:
    with serve_metrics(0, registry=registry(), certfile=pems.server_cert, keyfile=pems.server_key) as server:
        yield server


@pytest.fixture
def mutual(pems: Certificates) -> Iterator[MetricsServer]:
    with serve_metrics(
        0, registry=registry(), certfile=pems.server_cert, keyfile=str(pems.server_key), client_cafile=pems.ca
    ) as server:
        yield server


@pytest.fixture(scope="module")
def locked() -> Iterator[MetricsServer]:
    with serve_metrics(0, registry=registry(), basic_auth=BASIC_AUTH) as server:
        yield server


def trusting(pems: Certificates, own: Certificates | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(pems.ca)
    if own is not None:
        context.load_cert_chain(own.client_cert, own.client_key)
    return context


def scrape(server: MetricsServer, context: ssl.SSLContext) -> str:
    with urllib.request.urlopen(server.url, timeout=5, context=context) as response:
        content: bytes = response.read()
    return content.decode()


def basic(user_and_password: str) -> str:
    return "Basic " + base64.b64encode(user_and_password.encode()).decode()


def asked(server: MetricsServer, path: str = "/metrics", **headers: str) -> tuple[HTTPResponse, str]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response, response.read().decode()
    finally:
        connection.close()


def test_a_scrape_over_tls(secured: MetricsServer, pems: Certificates) -> None:
    assert secured.url == f"https://127.0.0.1:{secured.port}/metrics"
    assert repr(secured) == f"<MetricsServer {secured.url}>"
    assert "scraped_total 1.0" in scrape(secured, trusting(pems))


def test_the_key_may_be_in_the_file_of_the_certificate(pems: Certificates, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(pems.server_cert.read_bytes() + pems.server_key.read_bytes())
    with serve_metrics(0, registry=registry(), certfile=both) as server:
        assert "scraped_total 1.0" in scrape(server, trusting(pems))


def test_who_speaks_plain_http_to_tls_is_refused_and_others_are_not(secured: MetricsServer, pems: Certificates) -> None:
    with pytest.raises(HUNG_UP):
        urllib.request.urlopen(secured.url.replace("https", "http"), timeout=5)
    assert "scraped_total 1.0" in scrape(secured, trusting(pems))


def test_who_does_not_trust_the_server_goes_away(
    secured: MetricsServer, pems: Certificates, strangers: Certificates
) -> None:
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        scrape(secured, trusting(strangers))
    assert "scraped_total 1.0" in scrape(secured, trusting(pems))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_no_tls_before_1_2(secured: MetricsServer, pems: Certificates) -> None:
    old = trusting(pems)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(OSError, match=r"(?i)protocol|version"):
        scrape(secured, old)


def test_a_client_certificate_is_demanded(mutual: MetricsServer, pems: Certificates, strangers: Certificates) -> None:
    for others in (None, strangers):
        with pytest.raises(HUNG_UP):
            scrape(mutual, trusting(pems, others))
    assert "scraped_total 1.0" in scrape(mutual, trusting(pems, pems))


def test_tls_and_a_password(pems: Certificates) -> None:
    with serve_metrics(
        0, registry=registry(), certfile=pems.server_cert, keyfile=pems.server_key, basic_auth=BASIC_AUTH
    ) as server:
        connection = HTTPSConnection("127.0.0.1", server.port, timeout=5, context=trusting(pems))
        for headers, status in (({}, 401), ({"Authorization": basic(f"prometheus:{PASSWORD}")}, 200)):
            connection.request("GET", "/metrics", headers=headers)
            with connection.getresponse() as response:
                assert response.status == status
            connection.close()


@pytest.mark.parametrize("before", [b"", b"\x16\x03"])
def test_who_says_nothing_keeps_nobody_waiting(secured: MetricsServer, pems: Certificates, before: bytes) -> None:
    with socket.create_connection(("127.0.0.1", secured.port)) as silent:
        silent.sendall(before)
        for _ in range(2):
            assert "scraped_total 1.0" in scrape(secured, trusting(pems))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etcdobs.observe.http.IDLE_TIMEOUT", 0.1)


@pytest.mark.usefixtures("impatient")
def test_who_says_nothing_is_hung_up_on(secured: MetricsServer, locked: MetricsServer, pems: Certificates) -> None:
    for server in (secured, locked):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as silent:
            assert silent.recv(1) == b""
    with (
        socket.create_connection(("127.0.0.1", secured.port), timeout=5) as plain,
        trusting(pems).wrap_socket(plain, server_hostname="localhost") as greeted,
    ):
        greeted.sendall(b"GET /metrics HTTP/1.1\r\n")
        assert greeted.recv(1) == b""


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("tls", [True, False])
def test_who_does_not_read_the_answer_is_hung_up_on(pems: Certificates, tls: bool) -> None:
    much = CollectorRegistry()
    Gauge("much", "m" * 20_000_000, registry=much)
    files: dict[str, Any] = {"certfile": pems.server_cert, "keyfile": pems.server_key} if tls else {}
    with serve_metrics(0, registry=much, **files, basic_auth=BASIC_AUTH) as server:
        before = set(threads())
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
            deaf = trusting(pems).wrap_socket(plain, server_hostname="localhost") if tls else plain
            with deaf:
                request = f"GET /metrics HTTP/1.1\r\nAuthorization: {basic(f'prometheus:{PASSWORD}')}\r\n\r\n"
                deaf.sendall(request.encode())
                assert deaf.recv(8) == b"HTTP/1.0"
                until(lambda: set(threads()) <= before)


def test_a_renewed_certificate_is_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    served, renewed = certificates(tmp_path / "served"), certificates(tmp_path / "renewed")
    old = trusting(served)
    caplog.set_level(logging.INFO, "etcdobs")
    with serve_metrics(0, registry=registry(), certfile=served.server_cert, keyfile=served.server_key) as server:
        scrape(server, old)
        shutil.copyfile(renewed.server_cert, served.server_cert)  # its key is not there yet
        for _ in range(2):
            scrape(server, old)
        shutil.copyfile(renewed.server_key, served.server_key)
        assert "scraped_total 1.0" in scrape(server, trusting(renewed))
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            scrape(server, old)
        served.server_cert.unlink()
        scrape(server, trusting(renewed))
    levels = [record.levelname for record in caplog.records]
    assert levels == ["WARNING", "INFO", "WARNING"]
    assert str(served.server_cert) in caplog.text


def test_a_renewed_client_authority_is_the_only_one(tmp_path: Path) -> None:
    served, renewed = certificates(tmp_path / "served"), certificates(tmp_path / "renewed")
    authority = served.ca.with_name("clients.pem")
    shutil.copyfile(served.ca, authority)
    with serve_metrics(
        0, registry=registry(), certfile=served.server_cert, keyfile=served.server_key, client_cafile=authority
    ) as server:
        scrape(server, trusting(served, served))
        shutil.copyfile(renewed.ca, authority)
        scrape(server, trusting(served, renewed))
        with pytest.raises(HUNG_UP):
            scrape(server, trusting(served, served))


@pytest.mark.parametrize("user_and_password", [f"prometheus:{PASSWORD}", "jürgen:other"])
@pytest.mark.parametrize("scheme", ["Basic", "basic"])
def test_the_right_password(locked: MetricsServer, user_and_password: str, scheme: str) -> None:
    accept = "application/openmetrics-text; version=1.0.0"
    given = basic(user_and_password).replace("Basic", scheme)
    response, text = asked(locked, Authorization=given, Accept=accept)
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic ???",
        "Basic \xe4\xf6",
        "Basic cHJvbWV0aGV1cw",
        "Basic cHJvbWV0aGV1czo=\x00",
        "Bearer abc",
        basic(""),
        basic(":"),
        basic("prometheus"),
        basic("prometheus:"),
        basic("prometheus:wrong"),
        basic(f"prometheus:{PASSWORD} "),
        basic(f"prometheus:{PASSWORD}")[:-4],
        basic("prometheus:other"),
        basic(f"stranger:{PASSWORD}"),
        basic(f"prometheus:{PASSWORD}") + ", " + basic("jürgen:other"),
        basic(f"prometheus:{PASSWORD}").removeprefix("Basic "),
        "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
        "Basic " + base64.b64encode(f"prometheus:{PASSWORD}".encode("latin-1")).decode(),
    ],
)
def test_any_other_is_refused(locked: MetricsServer, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given}
    response, text = asked(locked, **headers)
    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == 'Basic realm="metrics"'
    assert "scraped" not in text


def test_strangers_are_not_told_what_is_there(locked: MetricsServer) -> None:
    assert asked(locked, "/debug")[0].status == 401
    assert asked(locked, "/debug", Authorization=basic(f"prometheus:{PASSWORD}"))[0].status == 404


def test_a_password_is_kept_to_itself(locked: MetricsServer) -> None:
    assert PASSWORD not in repr(locked)
    assert PASSWORD not in repr(vars(locked))


def test_a_mapping_that_changes_later_changes_nothing() -> None:
    given = {"prometheus": PASSWORD}
    with serve_metrics(0, registry=registry(), basic_auth=given) as server:
        given.clear()
        assert asked(server)[0].status == 401
        assert asked(server, Authorization=basic(f"prometheus:{PASSWORD}"))[0].status == 200
