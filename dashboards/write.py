"""Writes the dashboards as Grafana's JSON, the rules and their tests as YAML: `make dashboards` runs it.

`python -m dashboards.write --runbooks https://wiki/etcd` puts that address into the alerts.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards import client_overview, cluster, processes, streams_and_leases
from dashboards.alerts import RUNBOOKS
from dashboards.frame import Page, build
from dashboards.rule_cases import test_files
from dashboards.rules import alert_rules, recording_rules

HERE = Path(__file__).parent
FOLDER = HERE / "grafana"
RULES = HERE / "rules"
PAGES = {
    "client-overview.json": client_overview.page,
    "streams-and-leases.json": streams_and_leases.page,
    "cluster.json": cluster.page,
    "processes.json": processes.page,
}


def as_json(page: Page) -> str:
    """What Grafana imports."""
    return json.dumps(json.loads(JSONEncoder(sort_keys=True).encode(build(page))), indent=2, sort_keys=True) + "\n"


def files(runbooks: str = RUNBOOKS) -> Iterator[tuple[Path, str]]:
    """Every file that is written, and what it holds."""
    yield from ((FOLDER / name, as_json(page())) for name, page in PAGES.items())
    yield RULES / "recording.yaml", recording_rules()
    yield RULES / "alerts.yaml", alert_rules(runbooks)
    yield from ((RULES / "tests" / name, text) for name, text in test_files(runbooks))


def main() -> None:
    """Writes each file."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.write", description="Writes dashboards and rules.")
    parser.add_argument("--runbooks", default=RUNBOOKS, help="address of the runbooks, for the alerts' links")
    for path, text in files(parser.parse_args().runbooks):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
