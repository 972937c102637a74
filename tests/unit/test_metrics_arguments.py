"""What metrics may not be made with is refused where they are made, not when they are scraped."""

from collections.abc import Callable
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
@pytest.mark.parametrize(
    "labels", [lambda label: {"const_labels": {label: "x"}}, lambda label: {"context_labels": {label: str}}]
)
def test_what_is_no_label_is_refused(labels: Callable[[object], dict[str, Any]], label: object) -> None:
    refused(ValueError, r"\[a-zA-Z_\]\[a-zA-Z0-9_\]\*", **labels(label))


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
