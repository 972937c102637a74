"""Decides that the committed rules are those that the code writes, and that each alert fires when it should."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from dashboards.alerts import Alert, alerts
from dashboards.prometheus import programs
from dashboards.rule_cases import cases
from dashboards.rules import anchor
from dashboards.write import HERE, RULES, files
from tests.dashboards.linter import expressions, panels
from tests.dashboards.watched import filled

WRITTEN = {path.relative_to(HERE).as_posix(): text for path, text in files()}
OVERVIEW = json.loads((HERE / "grafana" / "client-overview.json").read_text(encoding="utf-8"))
RUNBOOKS = HERE.parent / "docs" / "runbooks.md"


def promtool(*args: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([programs() / "promtool", *args], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_committed_is_what_the_code_writes(name: str) -> None:
    assert (HERE / name).read_text(encoding="utf-8") == WRITTEN[name], "run: make dashboards"


def test_no_other_rules_are_committed() -> None:
    committed = {path.relative_to(HERE).as_posix() for path in RULES.rglob("*") if path.is_file()}
    assert committed == {name for name in WRITTEN if name.startswith("rules/")}


def test_promtool_takes_the_rules() -> None:
    checked = promtool("check", "rules", *RULES.glob("*.yaml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("file", sorted((RULES / "tests").iterdir()), ids=lambda file: file.stem)
def test_an_alert_fires_and_stays_silent(file: Path) -> None:
    tested = promtool("test", "rules", file)
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: f"{alert.name}-{alert.severity}")
def test_an_alert_has_both_kinds_of_cases(alert: Alert) -> None:
    fired = {(case.alert, case.fires) for case in cases()}
    assert {(alert.name, alert.severity), (alert.name, None)} <= fired


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: f"{alert.name}-{alert.severity}")
def test_an_alert_has_a_runbook(alert: Alert) -> None:
    headings = re.findall(r"^## (\w+)$", RUNBOOKS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert anchor(alert) in {heading.lower() for heading in headings}


def test_a_runbook_is_of_an_alert() -> None:
    headings = re.findall(r"^## (\w+)$", RUNBOOKS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(headings) == sorted({alert.name for alert in alerts()})


def test_the_worst_state_that_any_client_of_a_process_sees_is_shown(tmp_path: Path) -> None:
    (expr,) = (expr for title, expr in expressions(OVERVIEW) if title == "Endpoints as each client sees them")
    seen = {"up": 3, "failing": 2, "silent": 0, "unused": 0}
    of = 'etcdobs_endpoint_state{job="shop", instance="shop-1", endpoint="a:2379"'
    told = {"labels": '{instance="shop-1", endpoint="a:2379"}', "value": 2}
    test = {
        "interval": "1m",
        "input_series": [{"series": f'{of}, state="{state}"}}', "values": f"{seen[state]}x3"} for state in seen],
        "promql_expr_test": [{"expr": filled(expr), "eval_time": "1m", "exp_samples": [told]}],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump({"tests": [test]}))
    tested = promtool("test", "rules", tmp_path / "test.yaml")
    assert tested.returncode == 0, tested.stdout + tested.stderr


PAGES = {"Overview": "client-overview", "Streams": "streams-and-leases", "Cluster": "cluster", "Processes": "processes"}
NAMED = re.findall(r"\*(\w+) / ([^*]+)\*", " ".join(RUNBOOKS.read_text(encoding="utf-8").split()))


@pytest.mark.parametrize(("page", "title"), sorted(set(NAMED)))
def test_a_panel_that_a_runbook_names_is_there(page: str, title: str) -> None:
    dashboard = json.loads((HERE / "grafana" / f"{PAGES[page]}.json").read_text(encoding="utf-8"))
    assert title in {panel["title"] for panel in panels(dashboard)}
