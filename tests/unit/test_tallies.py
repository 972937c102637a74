"""What is tallied in calls: all of it is there when the metrics are read, whichever way, and little waits for that."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest

from etcdobs import ClientMetrics
from etcdobs.observe.tallies import MANY, Tallies

METHOD = "/etcdserverpb.KV/Range"
LABELS = {"grpc_type": "unary", "grpc_service": "etcdserverpb.KV", "grpc_method": "Range"}
OK = LABELS | {"grpc_code": "OK"}


@pytest.fixture
def metrics() -> ClientMetrics:
    return ClientMetrics(CollectorRegistry(), buckets=(0.25, 1.0))


def value(metrics: ClientMetrics, name: str, labels: dict[str, str] = LABELS) -> float:
    found = metrics.registry.get_sample_value(name, labels)
    assert found is not None, name
    return found


def call(metrics: ClientMetrics, seconds: float = 0.5, times: int = 1) -> None:
    method = metrics.method(METHOD, "unary")
    for _ in range(times):
        method.started()
        method.finished(grpc.StatusCode.OK, seconds, None)


def test_a_call_is_in_all_families_at_once(metrics: ClientMetrics) -> None:
    call(metrics)
    assert value(metrics, "grpc_client_started_total") == 1
    assert value(metrics, "grpc_client_msg_sent_total") == 1
    assert value(metrics, "grpc_client_handled_total", OK) == 1
    assert value(metrics, "grpc_client_msg_received_total") == 1
    assert value(metrics, "grpc_client_handling_seconds_sum") == 0.5


def test_a_call_under_way_is_started_and_not_handled(metrics: ClientMetrics) -> None:
    metrics.method(METHOD, "unary").started()
    assert value(metrics, "grpc_client_started_total") == 1
    assert value(metrics, "grpc_client_handled_total", OK) == 0


@pytest.mark.parametrize(
    ("seconds", "buckets"), [(0.25, (1, 1, 1)), (0.26, (0, 1, 1)), (1.0, (0, 1, 1)), (7.0, (0, 0, 1))]
)
def test_a_bound_belongs_to_its_bucket(metrics: ClientMetrics, seconds: float, buckets: tuple[int, ...]) -> None:
    call(metrics, seconds)
    found = [
        value(metrics, "grpc_client_handling_seconds_bucket", LABELS | {"le": le}) for le in ("0.25", "1.0", "+Inf")
    ]
    assert tuple(found) == buckets


def test_one_family_alone_may_be_asked_for(metrics: ClientMetrics) -> None:
    call(metrics, times=2)
    page = generate_latest(metrics.registry.restricted_registry(["grpc_client_handled_total"])).decode()
    assert next(line for line in page.splitlines() if line.startswith("grpc_client_handled_total{")).endswith(" 2.0")


def test_calls_of_many_threads_are_all_counted(metrics: ClientMetrics) -> None:
    each, threads = 3 * MANY + 7, 8
    reading = True

    def read() -> None:
        while reading:
            generate_latest(metrics.registry)

    with ThreadPoolExecutor(threads + 1) as pool:
        reader = pool.submit(read)
        callers = [pool.submit(call, metrics, 0.5, each) for _ in range(threads)]
        for caller in callers:
            caller.result()
        reading = False
        reader.result()
    assert value(metrics, "grpc_client_started_total") == each * threads
    assert value(metrics, "grpc_client_handled_total", OK) == each * threads
    assert value(metrics, "grpc_client_handling_seconds_count") == each * threads
    assert value(metrics, "grpc_client_handling_seconds_sum") == each * threads / 2


def test_what_waits_is_bounded_where_nobody_reads(metrics: ClientMetrics) -> None:
    call(metrics, times=10 * MANY)
    waiting = metrics._families.tallies.waiting
    assert waiting <= 2 * MANY


def watched(metrics: ClientMetrics, times: int = 1) -> None:
    stream = metrics.method("/etcdserverpb.Watch/Watch", "bidi_stream")
    for _ in range(times):
        stream.received()
        metrics.watch_received(3)


WATCH = {"grpc_type": "bidi_stream", "grpc_service": "etcdserverpb.Watch", "grpc_method": "Watch"}


def test_what_a_watch_receives_is_in_all_families_at_once(metrics: ClientMetrics) -> None:
    watched(metrics, 2)
    assert value(metrics, "grpc_client_msg_received_total", WATCH) == 2
    assert value(metrics, "etcdobs_watch_events_total", {}) == 6
    assert value(metrics, "etcdobs_watch_batch_events_count", {}) == 2
    assert value(metrics, "etcdobs_watch_batch_events_sum", {}) == 6


def test_what_watches_of_many_threads_receive_is_counted_and_bounded(metrics: ClientMetrics) -> None:
    each, threads = 3 * MANY + 7, 8
    with ThreadPoolExecutor(threads) as pool:
        for watch in [pool.submit(watched, metrics, each) for _ in range(threads)]:
            watch.result()
    assert metrics._families.tallies.waiting <= 2 * (MANY + threads)
    assert value(metrics, "grpc_client_msg_received_total", WATCH) == each * threads
    assert value(metrics, "etcdobs_watch_events_total", {}) == 3 * each * threads


def test_watches_have_their_labels() -> None:
    labelled = ClientMetrics(CollectorRegistry(), const_labels={"app": "a"})
    assert labelled.registry.get_sample_value("etcdobs_watch_events_total", {"app": "a"}) is None
    watched(labelled)
    assert value(labelled, "etcdobs_watch_events_total", {"app": "a"}) == 3
    assert value(labelled, "etcdobs_watch_batch_events_count", {"app": "a"}) == 1


def test_two_on_one_registry_count_together(metrics: ClientMetrics) -> None:
    other = ClientMetrics(metrics.registry, buckets=(0.25, 1.0))
    call(metrics)
    call(other)
    assert value(metrics, "grpc_client_handled_total", OK) == 2


def test_an_endpoint_that_is_left_is_shown_no_more(metrics: ClientMetrics) -> None:
    answered = metrics.endpoint("a:2379")
    answered(0.5)
    assert value(metrics, "etcdobs_endpoint_latency_seconds_count", {"endpoint": "a:2379"}) == 1
    metrics.endpoints_left(["a:2379"])
    answered(0.5)
    assert metrics.registry.get_sample_value("etcdobs_endpoint_latency_seconds_count", {"endpoint": "a:2379"}) is None
    metrics.endpoint("a:2379")(0.25)
    assert value(metrics, "etcdobs_endpoint_latency_seconds_sum", {"endpoint": "a:2379"}) == 0.25


@pytest.mark.parametrize("name", ["PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"])
def test_nothing_waits_where_another_process_reads(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "/nowhere")
    counter = Counter("received", "", registry=None)
    Tallies().counter(counter)(None)
    assert next(iter(counter.collect())).samples[0].value == 1
