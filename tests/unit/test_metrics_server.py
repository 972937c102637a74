"""What a scrape of serve_metrics gets, and when the port is another's."""

import errno
import socket
import urllib.request
from collections.abc import Iterator
from urllib.error import URLError

import grpc
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from etcdobs.observe import ClientMetrics, MetricsAddressError, MetricsServer, serve_metrics

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
