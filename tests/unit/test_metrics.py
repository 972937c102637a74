"""The metrics' names, labels and values, the sharing of a registry, and what happens when they fail."""

import logging
import threading
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest

import etcdobs
from etcdobs.observe import DEFAULT_BUCKETS, ClientMetrics
from etcdobs.observe.recorder import CODE_NAMES, split_method

PUT = "/etcdserverpb.KV/Put"
LABELS = {"grpc_type": "unary", "grpc_service": "etcdserverpb.KV", "grpc_method": "Put"}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def call(metrics: ClientMetrics, code: grpc.StatusCode = grpc.StatusCode.OK, seconds: float = 0.0002) -> None:
    method = metrics.method(PUT, "unary")
    method.started()
    method.finished(code, seconds, None)


def test_a_call_shows_under_go_grpc_prometheus_names_labels_and_help(registry: CollectorRegistry) -> None:
    call(ClientMetrics(registry))
    text = generate_latest(registry).decode()
    labels = 'grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"'
    for line in (
        "# HELP grpc_client_started_total Total number of RPCs started on the client.",
        "# TYPE grpc_client_started_total counter",
        f"grpc_client_started_total{{{labels}}} 1.0",
        "# HELP grpc_client_handled_total"
        " Total number of RPCs completed by the client, regardless of success or failure.",
        f'grpc_client_handled_total{{grpc_code="OK",{labels}}} 1.0',
        "# HELP grpc_client_msg_received_total Total number of RPC stream messages received by the client.",
        f"grpc_client_msg_received_total{{{labels}}} 1.0",
        "# HELP grpc_client_msg_sent_total Total number of gRPC stream messages sent by the client.",
        f"grpc_client_msg_sent_total{{{labels}}} 1.0",
        "# HELP grpc_client_handling_seconds"
        " Histogram of response latency (seconds) of the gRPC until it is finished by the application.",
        "# TYPE grpc_client_handling_seconds histogram",
        f"grpc_client_handling_seconds_count{{{labels}}} 1.0",
        f'grpc_client_handling_seconds_bucket{{{labels},le="0.0001"}} 0.0',
    ):
        assert line in text.splitlines()


def test_every_status_code_has_the_name_that_go_gives_it() -> None:
    assert [CODE_NAMES[code] for code in grpc.StatusCode] == [
        *("OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists"),
        *("PermissionDenied", "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented"),
        *("Internal", "Unavailable", "DataLoss", "Unauthenticated"),
    ]


@pytest.mark.parametrize("code", grpc.StatusCode)
def test_a_call_is_handled_under_its_code(registry: CollectorRegistry, code: grpc.StatusCode) -> None:
    call(ClientMetrics(registry), code)
    labels = {**LABELS, "grpc_code": CODE_NAMES[code]}
    assert registry.get_sample_value("grpc_client_handled_total", labels) == 1


def test_the_buckets_start_at_100_microseconds_and_hold_all_of_gos_default(registry: CollectorRegistry) -> None:
    call(ClientMetrics(registry))
    bounds = {
        sample.labels["le"]
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "grpc_client_handling_seconds_bucket"
    }
    assert len(bounds) == 17
    assert min(map(float, bounds)) == 0.0001
    assert bounds >= {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "+Inf"}
    assert registry.get_sample_value("grpc_client_handling_seconds_bucket", {**LABELS, "le": "0.0001"}) == 0
    assert registry.get_sample_value("grpc_client_handling_seconds_bucket", {**LABELS, "le": "0.00025"}) == 1


@pytest.mark.parametrize(
    ("method", "split"),
    [
        (PUT, ("etcdserverpb.KV", "Put")),
        ("etcdserverpb.KV/Put", ("etcdserverpb.KV", "Put")),
        ("/a/b/c", ("a", "b/c")),
        ("/Put", ("unknown", "unknown")),
        ("", ("unknown", "unknown")),
    ],
)
def test_a_method_is_split_at_the_first_slash(method: str, split: tuple[str, str]) -> None:
    assert split_method(method) == split


def test_a_method_that_was_never_called_has_no_series(registry: CollectorRegistry) -> None:
    ClientMetrics(registry)
    assert b"etcdserverpb" not in generate_latest(registry)


def test_two_on_one_registry_count_together(registry: CollectorRegistry) -> None:
    call(ClientMetrics(registry))
    call(ClientMetrics(registry))
    assert registry.get_sample_value("grpc_client_started_total", LABELS) == 2


def test_two_on_one_registry_may_differ_in_the_values_of_const_labels(registry: CollectorRegistry) -> None:
    for cluster in ("blue", "green"):
        metrics = ClientMetrics(registry, const_labels={"cluster": cluster})
        call(metrics)
        metrics.watch_opened()
    for cluster in ("blue", "green"):
        labels = {**LABELS, "cluster": cluster}
        assert registry.get_sample_value("grpc_client_started_total", labels) == 1
        assert registry.get_sample_value("etcdobs_watches_active", {"cluster": cluster}) == 1


@pytest.mark.parametrize("other", [{"buckets": (1, 2)}, {"const_labels": {"cluster": "blue"}}])
def test_two_on_one_registry_may_not_differ_in_shape(registry: CollectorRegistry, other: dict[str, Any]) -> None:
    ClientMetrics(registry)
    with pytest.raises(ValueError, match="another shape"):
        ClientMetrics(registry, **other)


def test_namespaces_keep_two_on_one_registry_apart(registry: CollectorRegistry) -> None:
    call(ClientMetrics(registry))
    call(ClientMetrics(registry, namespace="shop", subsystem="cart", buckets=(1, 2)))
    assert registry.get_sample_value("grpc_client_started_total", LABELS) == 1
    assert registry.get_sample_value("shop_cart_grpc_client_started_total", LABELS) == 1


def test_names_that_another_library_registered_are_refused_and_nothing_is_left_behind(
    registry: CollectorRegistry,
) -> None:
    theirs = Counter("grpc_client_handled_total", "theirs", registry=registry)
    with pytest.raises(ValueError, match="grpc_client_handled"):
        ClientMetrics(registry)
    registry.unregister(theirs)
    call(ClientMetrics(registry))
    assert registry.get_sample_value("grpc_client_started_total", LABELS) == 1


def test_the_default_is_one_for_the_process() -> None:
    found: list[ClientMetrics] = []
    threads = [threading.Thread(target=lambda: found.append(ClientMetrics.default())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1


@pytest.fixture
def process_wide(monkeypatch: pytest.MonkeyPatch, registry: CollectorRegistry) -> CollectorRegistry:
    """Stands for prometheus_client's own, in a process whose default metrics are not made yet."""
    monkeypatch.setattr(ClientMetrics, "_default", None)
    monkeypatch.setattr("prometheus_client.REGISTRY", registry)
    return registry


def test_the_default_leaves_the_names_of_another_library_to_it_and_says_so(
    caplog: pytest.LogCaptureFixture, process_wide: CollectorRegistry
) -> None:
    theirs = Counter("grpc_client_started_total", "theirs", [*LABELS], registry=process_wide)
    Counter("grpc_client_handled_total", "theirs", registry=process_wide)
    metrics = ClientMetrics.default()
    call(metrics)
    metrics.lease_lost()
    assert metrics.registry is process_wide
    theirs.labels(**LABELS).inc(7)
    assert process_wide.get_sample_value("grpc_client_started_total", LABELS) == 7
    assert process_wide.get_sample_value("grpc_client_msg_sent_total", LABELS) == 1
    assert process_wide.get_sample_value("etcdobs_lease_lost_total") == 1
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("etcdobs.observe", logging.WARNING)
    for word in ("grpc_client_started_total, grpc_client_handled_total:", "ClientMetrics(registry)", "namespace="):
        assert word in record.getMessage()


def test_metrics_asked_for_by_name_do_not_leave_out_what_the_default_did(process_wide: CollectorRegistry) -> None:
    theirs = Counter("grpc_client_started_total", "theirs", registry=process_wide)
    call(ClientMetrics.default())
    with pytest.raises(ValueError, match="grpc_client_started"):
        ClientMetrics()
    process_wide.unregister(theirs)
    ClientMetrics()
    assert process_wide.get_sample_value("grpc_client_started_total", LABELS) == 1


def test_the_default_shares_no_families_of_another_shape_and_says_so(
    caplog: pytest.LogCaptureFixture, process_wide: CollectorRegistry
) -> None:
    ClientMetrics(const_labels={"app": "shop"})
    metrics = ClientMetrics.default()
    call(metrics)
    assert metrics.registry is not process_wide
    assert metrics.registry.get_sample_value("grpc_client_started_total", LABELS) == 1
    (record,) = caplog.records
    assert "another shape" in record.getMessage()
    assert "ClientMetrics(registry)" in record.getMessage()


def test_the_default_keeps_apart_where_its_own_names_are_taken(process_wide: CollectorRegistry) -> None:
    Counter("etcdobs_lease_lost_total", "theirs", registry=process_wide)
    Counter("grpc_client_started_total", "theirs", registry=process_wide)
    assert ClientMetrics.default().registry is not process_wide
    assert process_wide.get_sample_value("etcdobs_watches_active") is None


def test_what_the_client_does_of_itself_is_counted(registry: CollectorRegistry) -> None:
    metrics = ClientMetrics(registry)
    metrics.retried(PUT, "unavailable")
    metrics.token_renewed("OK")
    metrics.failed_over("unavailable")
    metrics.watch_resumed("disconnect")
    metrics.lease_lost()
    method = {"grpc_service": "etcdserverpb.KV", "grpc_method": "Put"}
    for name, labels in (
        ("etcdobs_retries_total", {**method, "reason": "unavailable"}),
        ("etcdobs_token_renewals_total", {"outcome": "OK"}),
        ("etcdobs_failovers_total", {"reason": "unavailable"}),
        ("etcdobs_watch_resumes_total", {"cause": "disconnect"}),
        ("etcdobs_lease_lost_total", {}),
    ):
        assert registry.get_sample_value(name, labels) == 1


def test_what_is_active_goes_up_and_down(registry: CollectorRegistry) -> None:
    metrics = ClientMetrics(registry)
    metrics.watch_opened()
    metrics.watch_opened()
    metrics.watch_closed()
    metrics.lease_kept()
    assert registry.get_sample_value("etcdobs_watches_active") == 1
    assert registry.get_sample_value("etcdobs_leases_active") == 1
    metrics.lease_dropped()
    assert registry.get_sample_value("etcdobs_leases_active") == 0


def test_metrics_that_fail_raise_nothing_and_say_so_once(
    registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Counter, "inc", full)
    metrics = ClientMetrics(registry)
    call(metrics)
    call(metrics, grpc.StatusCode.ABORTED)
    metrics.method(PUT, "unary").sent()
    metrics.method(PUT, "unary").received()
    metrics.lease_lost()
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("etcdobs.observe", logging.WARNING)
    assert "no space left" in caplog.text


def test_threads_lose_no_count(registry: CollectorRegistry) -> None:
    metrics = ClientMetrics(registry)

    def many() -> None:
        for _ in range(500):
            call(metrics)

    threads = [threading.Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert registry.get_sample_value("grpc_client_started_total", LABELS) == 4000
    assert registry.get_sample_value("grpc_client_handling_seconds_count", LABELS) == 4000


def test_there_are_sixteen_default_buckets() -> None:
    assert len(DEFAULT_BUCKETS) == 16
    assert sorted(DEFAULT_BUCKETS) == list(DEFAULT_BUCKETS)


def test_the_build_is_told() -> None:
    registry = CollectorRegistry()
    ClientMetrics(registry, const_labels={"app": "a"})
    ClientMetrics(registry, const_labels={"app": "b"})
    found = [sample for family in registry.collect() for sample in family.samples if "build_info" in sample.name]
    assert [(sample.name, sample.value, sample.labels["app"]) for sample in found] == [
        ("etcdobs_build_info", 1.0, "a"),
        ("etcdobs_build_info", 1.0, "b"),
    ]
    assert found[0].labels["version"] == etcdobs.__version__
    assert found[0].labels["grpc"] == grpc.__version__
