"""Decides how the rules look as files: Prometheus's YAML, and promtool's for their tests."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from dashboards.alerts import Alert, alerts
from dashboards.recording import recordings

_HEAD = "# Written by `python -m dashboards.write`: change that, not this.\n"


def recording_rules() -> str:
    """The file of recording rules."""
    rules = [{"record": rule.name, "expr": rule.expr} for rule in recordings()]
    return as_yaml({"groups": [{"name": "etcdobs-recording", "rules": rules}]})


def alert_rules(runbooks: str) -> str:
    """The file of alert rules, with the runbooks at that address."""
    rules = [_rule(alert, runbooks) for alert in alerts()]
    return as_yaml({"groups": [{"name": "etcdobs-alerts", "rules": rules}]})


def anchor(alert: Alert) -> str:
    """Where in the runbooks it is."""
    return alert.name.lower()


def annotations(alert: Alert, runbooks: str) -> dict[str, str]:
    """What is told of it."""
    return {
        "summary": alert.summary,
        "description": alert.description,
        "runbook_url": f"{runbooks}#{anchor(alert)}",
    }


def as_yaml(content: Mapping[str, Any] | Sequence[Any]) -> str:
    """In the order in which it was given."""
    return _HEAD + yaml.safe_dump(content, sort_keys=False, width=110, allow_unicode=True)


def _rule(alert: Alert, runbooks: str) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expr,
        "for": alert.held,
        "labels": {"severity": alert.severity},
        "annotations": annotations(alert, runbooks),
    }
