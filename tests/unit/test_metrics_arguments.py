"""What metrics may not be made with is refused where they are made, not when they are scraped."""

from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from etcdobs.observe import ClientMetrics
from etcdobs.observe.catalogue import LABELS

INF = float("inf")


def refused(error: type[Exception], match: str, **arguments: Any) -> None:
    registry = CollectorRegistry()
    with pytest.raises(error, match=match):
        ClientMetrics(registry, **arguments)
    assert generate_latest(registry) == b""


@pytest.mark.parametrize(("value", "named"), [(3, "int"), (None, "NoneType"), (b"x", "bytes")])
def test_a_const_label_is_a_str(value: object, named: str) -> None:
    refused(TypeError, rf"const_labels\['shard'\] must be a str, not {named}", const_labels={"shard": value})


@pytest.mark.parametrize("label", [*LABELS, "le"])
def test_the_metrics_own_labels_are_taken(label: str) -> None:
    refused(ValueError, f"'{label}'", const_labels={label: "x"})
    refused(ValueError, f"'{label}'", context_labels={label: str})


def test_a_label_is_either_const_or_of_the_context() -> None:
    refused(ValueError, "'tenant'", const_labels={"tenant": "x"}, context_labels={"tenant": str})


@pytest.mark.parametrize("label", ["a-b", "__x", "", "1a", "a b", "é", "a\n", 3, None])
def test_what_is_no_label_is_refused(label: object) -> None:
    refused(ValueError, r"const_labels must be \[a-zA-Z_\]\[a-zA-Z0-9_\]\*", const_labels={label: "x"})
    refused(ValueError, r"context_labels must be \[a-zA-Z_\]\[a-zA-Z0-9_\]\*", context_labels={label: str})


@pytest.mark.parametrize("argument", ["const_labels", "context_labels"])
def test_labels_are_a_mapping(argument: str) -> None:
    refused(TypeError, f"{argument} must be a mapping or None, not str", **{argument: "app"})


@pytest.mark.parametrize("argument", ["namespace", "subsystem"])
def test_a_prefix_is_a_name(argument: str) -> None:
    refused(ValueError, rf"{argument} must be \[a-zA-Z_\]", **{argument: "a-b"})
    refused(TypeError, f"{argument} must be a str, not int", **{argument: 3})


@pytest.mark.parametrize(
    ("buckets", "error"),
    [
        ((), ValueError),
        ((INF,), ValueError),
        ((1, 1), ValueError),
        ((2, 1), ValueError),
        ((1, INF, INF), ValueError),
        ((-INF, 1), ValueError),
        ((1, float("nan")), ValueError),
        ((True, 2), TypeError),
        (("1", "2"), TypeError),
        ("12", TypeError),
        (5, TypeError),
    ],
)
def test_buckets_are_numbers_that_go_up(buckets: object, error: type[Exception]) -> None:
    refused(error, "buckets must be", buckets=buckets)


def test_the_infinite_bucket_may_be_given_or_not() -> None:
    registry = CollectorRegistry()
    ClientMetrics(registry, buckets=(1, 2, INF)).operation("get").end(0.0)
    ClientMetrics(registry, buckets=(1.0, 2.0)).operation("get").end(0.0)
    bounds = [
        sample.labels["le"]
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "etcdobs_operation_seconds_bucket"
    ]
    assert bounds == ["1.0", "2.0", "+Inf"]


def test_the_registry_is_one() -> None:
    registry: Any = "x"
    with pytest.raises(TypeError, match=r"registry must be a prometheus_client\.CollectorRegistry or None, not str"):
        ClientMetrics(registry)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"operations": ["foo"]}, ValueError, "'foo'.*'alarm', .*'watch'"),
        ({"operations": "get"}, TypeError, "operations must be a sequence of names, not str"),
        ({"operations": 3}, TypeError, "not int"),
        ({"methods": {"Put": "unary"}}, ValueError, "'/service/method', not 'Put'"),
        ({"methods": {"a/b": "unary"}}, ValueError, "not 'a/b'"),
        ({"methods": {"/a/b/c": "unary"}}, ValueError, "not '/a/b/c'"),
        ({"methods": {"//b": "unary"}}, ValueError, "not '//b'"),
        ({"methods": {3: "unary"}}, ValueError, "not 3"),
        ({"methods": {"/a/b": "UNARY"}}, ValueError, "methods.*'unary', .*'bidi_stream', not 'UNARY'"),
        ({"methods": ["/a/b"]}, TypeError, "methods must be a mapping or None, not list"),
    ],
)
def test_no_series_begin_at_zero_of_what_never_counts(
    arguments: dict[str, Any], error: type[Exception], match: str
) -> None:
    registry = CollectorRegistry()
    metrics = ClientMetrics(registry)
    before = generate_latest(registry)
    with pytest.raises(error, match=match):
        metrics.initialize(**({"methods": {"/a/b": "unary"}, "operations": ["get"]} | arguments))
    assert generate_latest(registry) == before


def test_methods_of_other_services_begin_at_zero_too() -> None:
    registry = CollectorRegistry()
    ClientMetrics(registry).initialize({"/a.B/C": "bidi_stream"}, iter(["lock"]))
    labels = {"grpc_type": "bidi_stream", "grpc_service": "a.B", "grpc_method": "C"}
    assert registry.get_sample_value("grpc_client_started_total", labels) == 0
    assert registry.get_sample_value("etcdobs_operations_in_flight", {"op": "lock"}) == 0
