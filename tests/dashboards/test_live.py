"""What a real Prometheus answers to every query of the dashboards and rules, while a service meets a failover."""

import json
import math
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from dashboards.alerts import Alert, alerts
from dashboards.asking import QueryError
from dashboards.prometheus import programs
from dashboards.write import FOLDER, PAGES
from tests.dashboards.go_grpc import EXPRESSIONS
from tests.dashboards.linter import expressions, panels, selectors
from tests.dashboards.watched import Watched, filled, watched

# The first test waits for all of it to start, and for the failover.
pytestmark = pytest.mark.timeout(240)

LOADED = {name: json.loads((FOLDER / name).read_text()) for name in PAGES}
ASKED = [(page, title, expr) for page, content in LOADED.items() for title, expr in expressions(content)]
NOTHING = {"Token renewals": "this cluster asks for no token"}
SELDOM = {"Round trip between members, p99": "they measure it twice a minute: the run is shorter"}
VARIABLES = [
    (page, variable)
    for page, content in LOADED.items()
    for variable in content["templating"]["list"]
    if variable["type"] == "query"
]


@pytest.fixture(scope="module")
def seen() -> Iterator[Watched]:
    with watched() as run:
        yield run


@pytest.mark.parametrize(("page", "title", "expr"), ASKED, ids=[f"{page}-{title}" for page, title, _ in ASKED])
def test_a_panel_shows_data(page: str, title: str, expr: str, seen: Watched) -> None:
    found = seen.over_time(expr)
    values = [value for series in found for _, value in series.points if title in SELDOM or not math.isnan(value)]
    assert bool(values) == (title not in NOTHING), filled(expr)


@pytest.mark.parametrize(("page", "title", "expr"), ASKED, ids=[f"{page}-{title}" for page, title, _ in ASKED])
def test_a_metric_is_exported(page: str, title: str, expr: str, seen: Watched) -> None:
    exported = set(seen.prometheus.label_values("{job=~'.+'}", "__name__"))
    missing = {metric for metric, *_ in selectors(expr)} - exported
    assert missing <= ({"etcdobs_token_renewals_total"} if title in NOTHING else set())


def with_exemplars() -> list[tuple[str, str]]:
    return [
        (panel["title"], target["expr"])
        for content in LOADED.values()
        for panel in panels(content)
        for target in panel["targets"]
        if target.get("exemplar")
    ]


@pytest.mark.parametrize(("title", "expr"), with_exemplars())
def test_an_exemplar_names_its_trace(title: str, expr: str, seen: Watched) -> None:
    found = seen.traces(expr)
    assert found
    assert all(re.fullmatch("[0-9a-f]{32}", trace) for trace in found)


@pytest.mark.parametrize(("page", "variable"), VARIABLES, ids=[f"{page}-{each['name']}" for page, each in VARIABLES])
def test_a_variable_has_values(page: str, variable: dict[str, Any], seen: Watched) -> None:
    asked = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"])
    assert asked is not None
    assert seen.prometheus.label_values(filled(asked[1]), asked[2])


@pytest.mark.parametrize("page", LOADED)
def test_an_annotation_marks_the_failover(page: str, seen: Watched) -> None:
    for annotation in LOADED[page]["annotations"]["list"]:
        assert seen.over_time(annotation["expr"]), annotation["name"]


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: f"{alert.name}-{alert.severity}")
def test_an_alert_is_evaluated(alert: Alert, seen: Watched) -> None:
    seen.prometheus.query(alert.expr)


def test_promtool_finds_no_fault_with_the_metrics(seen: Watched) -> None:
    (port,) = seen.stack.shops
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{port}/metrics") as told:
        metrics = told.read()
    checked = subprocess.run(
        [programs() / "promtool", "check", "metrics"], input=metrics, capture_output=True, check=False
    )
    faults = checked.stderr.decode().splitlines()
    assert [fault for fault in faults if fault.startswith(("etcdobs_", "grpc_"))] == []


def test_no_rule_fails(seen: Watched) -> None:
    rules = seen.prometheus.rules()
    assert {rule["name"] for rule in rules} >= {alert.name for alert in alerts()}
    assert [(rule["name"], rule.get("lastError")) for rule in rules if rule.get("lastError")] == []


def test_the_alerts_tell_of_what_went_wrong(seen: Watched) -> None:
    told = {alert["labels"]["alertname"] for alert in seen.prometheus.alerts() if alert["state"] == "firing"}
    assert {"EtcdClientWatchCompacted", "EtcdClientOutcomeUnknown"} <= told
    assert not {"EtcdClientNoEndpoint", "EtcdClientTokenFailures", "EtcdClientWatchDisconnected"} & told


@pytest.mark.parametrize("what", EXPRESSIONS)
def test_a_dashboard_for_go_grpc_prometheus_shows_data(what: str, seen: Watched) -> None:
    assert seen.over_time(EXPRESSIONS[what])


def test_what_is_no_promql_is_refused(seen: Watched) -> None:
    with pytest.raises(QueryError, match="parse error"):
        seen.prometheus.query("sum(")
