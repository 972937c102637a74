"""What a scrape of serve_metrics gets, and when the port is another's."""

import errno
import os
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.error import HTTPError, URLError

import grpc
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

import etcdobs
from etcdobs.observe import ClientMetrics, MetricsAddressError, MetricsServer, serve_metrics
from tests.waiting import until

LABELS = {"grpc_type": "unary", "grpc_service": "etcdserverpb.KV", "grpc_method": "Put"}
EXEMPLAR = {"trace_id": f"{1:032x}", "span_id": f"{2:016x}"}


@pytest.fixture
def server() -> Iterator[MetricsServer]:
    registry = CollectorRegistry()
    method = ClientMetrics(registry).method("/etcdserverpb.KV/Put", "unary")
    method.started()
    method.finished(grpc.StatusCode.OK, 0.002, EXEMPLAR)
    with serve_metrics(0, registry=registry) as running:
        yield running


def scrape(url: str, accept: str) -> tuple[str, str]:
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": accept}), timeout=5) as response:
        return response.headers["Content-Type"], response.read().decode()


def test_a_scrape_in_prometheus_own_format(server: MetricsServer) -> None:
    content_type, text = scrape(server.url, "text/plain")
    assert content_type.startswith("text/plain")
    samples = {sample.name: sample for family in prometheus(text) for sample in family.samples}
    assert samples["grpc_client_started_total"].labels == LABELS
    assert samples["grpc_client_handled_total"].value == 1


def test_a_scrape_in_openmetrics_has_the_exemplar(server: MetricsServer) -> None:
    content_type, text = scrape(server.url, "application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    families = openmetrics(text)  # type: ignore[no-untyped-call]
    (bucket,) = (sample for family in families for sample in family.samples if sample.exemplar is not None)
    assert (bucket.name, bucket.labels["le"]) == ("grpc_client_handling_seconds_bucket", "0.0025")
    assert bucket.exemplar is not None
    assert bucket.exemplar.labels == EXEMPLAR


def test_only_this_machine_reaches_it_unless_told_otherwise(server: MetricsServer) -> None:
    assert server.url == f"http://127.0.0.1:{server.port}/metrics"
    assert server.port != 0


def test_closing_frees_the_port_and_may_be_repeated(server: MetricsServer) -> None:
    server.close()
    server.close()
    with pytest.raises(URLError):
        scrape(server.url, "text/plain")
    with serve_metrics(server.port, registry=CollectorRegistry()) as again:
        assert again.port == server.port


def test_a_taken_port_is_an_os_error_that_names_the_address() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(MetricsAddressError, match=f"127.0.0.1:{port}") as raised:
            serve_metrics(port, registry=CollectorRegistry())
    assert isinstance(raised.value, OSError)
    assert raised.value.errno == errno.EADDRINUSE


def test_an_address_of_another_machine_is_an_os_error_that_names_it() -> None:
    with pytest.raises(MetricsAddressError, match=r"192\.0\.2\.1:0"):
        serve_metrics(0, "192.0.2.1", CollectorRegistry())


@pytest.mark.parametrize(
    ("port", "kind", "message"),
    [
        ("9464", TypeError, "port must be an int, not str"),
        (True, TypeError, "port must be an int, not bool"),
        (99999, ValueError, r"from 0 .* to 65535, not 99999"),
        (-1, ValueError, "not -1"),
    ],
)
def test_a_port_that_is_none_is_named(port: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        serve_metrics(port)


def test_a_registry_that_is_none_is_named() -> None:
    with pytest.raises(TypeError, match=r"CollectorRegistry or None, not ClientMetrics.*metrics\.registry"):
        serve_metrics(0, registry=ClientMetrics(CollectorRegistry()))  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/", "/metrics/", "/favicon.ico", "/debug"])
def test_nothing_else_is_served(server: MetricsServer, path: str) -> None:
    with pytest.raises(HTTPError, match="404") as caught:
        scrape(f"http://127.0.0.1:{server.port}{path}", "text/plain")
    caught.value.close()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_nothing_can_be_written(server: MetricsServer, method: str) -> None:
    with pytest.raises(HTTPError, match="405") as caught:
        urllib.request.urlopen(urllib.request.Request(server.url, b"", method=method), timeout=5)
    with caught.value as refusal:
        assert refusal.headers["Allow"] == "GET"


def test_a_query_chooses_families(server: MetricsServer) -> None:
    _, text = scrape(f"{server.url}?name[]=grpc_client_started_total", "text/plain")
    assert "grpc_client_started_total" in text
    assert "grpc_client_handled_total" not in text


def test_the_loopback_of_ipv6() -> None:
    with serve_metrics(0, "::1", CollectorRegistry()) as running:
        assert scrape(running.url, "text/plain")[0].startswith("text/plain")


def test_its_error_is_a_public_name() -> None:
    assert etcdobs.MetricsAddressError is MetricsAddressError


def test_who_says_nothing_is_hung_up_on(server: MetricsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etcdobs.observe.http.IDLE_TIMEOUT", 0.1)
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as silent:
        assert silent.recv(1) == b""


def test_those_who_are_too_many_are_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etcdobs.observe.http.MOST_CONNECTIONS", 2)
    with serve_metrics(0, registry=CollectorRegistry()) as server:
        with ExitStack() as silent:
            for _ in range(2):
                silent.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            with socket.create_connection(("127.0.0.1", server.port), timeout=5) as third:
                assert third.recv(1) == b""
        until(lambda: _is_served(server))


def _is_served(server: MetricsServer) -> bool:
    try:
        return bool(scrape(server.url, "text/plain")[0])
    except OSError:
        return False


def test_a_child_of_the_process_that_serves_closes_at_once(server: MetricsServer) -> None:
    child = os.fork()
    if not child:
        server.close()
        os._exit(0)
    until(lambda: os.waitpid(child, os.WNOHANG)[0])
    assert "grpc_client_started_total" in scrape(server.url, "text/plain")[1]
