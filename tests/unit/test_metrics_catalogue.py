"""The metrics' names and labels keep Prometheus's rules, and their page says what the code does."""

import re
from dataclasses import fields

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics import exposition, parser
from prometheus_client.parser import text_string_to_metric_families

from docs.make_metrics import PAGE, page
from etcdobs._operations import OPERATIONS
from etcdobs.observe import ClientMetrics
from etcdobs.observe.catalogue import CATALOGUE, LABELS, LIVE, LiveRow, Row
from etcdobs.observe.families import Families

ROWS: list[Row | LiveRow] = [*CATALOGUE.values(), *LIVE.values()]
NAMES = [row.name for row in ROWS]
# What promtool's linter would rather have spelled in base units, and what it does not want to see in a name.
_NOT_IN_NAMES = {"ms", "milliseconds", "us", "minutes", "hours", "kb", "mb", "percent", "counter", "gauge", "histogram"}


def shape(row: Row | LiveRow) -> str:
    return row.type if isinstance(row, Row) else "gauge"


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_a_name_keeps_prometheus_rules(row: Row | LiveRow) -> None:
    assert re.fullmatch(r"(grpc_client|etcdobs)(_[a-z]+)+", row.name)
    assert row.name.endswith("_total") == (shape(row) == "counter")
    assert not set(row.name.split("_")) & _NOT_IN_NAMES
    assert not row.name.endswith(("_count", "_sum", "_bucket"))
    assert ("seconds" in row.help.lower()) == row.name.endswith("_seconds")


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_help_and_labels_say_what_they_are(row: Row | LiveRow) -> None:
    assert row.help.endswith(".")
    assert set(row.labels) <= LABELS.keys()
    assert not {"le", "quantile", "job", "instance"} & set(row.labels)


def test_names_are_unique_and_every_family_has_one() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert {field.name for field in fields(Families)} - {"live", "in_flight", "tallies"} == set(CATALOGUE)


def test_every_label_is_of_some_metric() -> None:
    assert set(LABELS) == {label for row in ROWS for label in row.labels}


def full() -> CollectorRegistry:
    """A registry in which every recorded metric has a sample."""
    metrics = ClientMetrics(registry := CollectorRegistry())
    metrics.initialize({"/etcdserverpb.KV/Put": "unary"}, OPERATIONS)
    metrics.retried("/etcdserverpb.KV/Put", "Unavailable")
    metrics.token_renewed("OK")
    metrics.failed_over("Unavailable")
    metrics.endpoint("localhost:2379")(0.001)
    metrics.watch_resumed("Unavailable")
    metrics.watch_failed("Compacted")
    metrics.lock_waited(1.0, "OK")
    return registry


def test_the_text_format_parses_with_the_types_of_the_catalogue() -> None:
    text = generate_latest(full()).decode()
    families = text_string_to_metric_families(text)
    found = {family.name: family.type for family in families}
    expected = {row.name.removesuffix("_total"): shape(row) for row in ROWS}
    assert {name: kind for name, kind in found.items() if not name.endswith("_created")} == expected


def test_the_openmetrics_format_parses() -> None:
    text = exposition.generate_latest(full()).decode()  # type: ignore[no-untyped-call]
    families = parser.text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    assert {family.name for family in families} == {name.removesuffix("_total") for name in NAMES}


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python docs/make_metrics.py"


@pytest.mark.parametrize("name", NAMES)
def test_the_page_names_it(name: str) -> None:
    assert f"`{name}`" in PAGE.read_text(encoding="utf-8")
