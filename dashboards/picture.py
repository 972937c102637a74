"""Waits for a failover under load, and draws what the panels' own queries say of it: `python -m dashboards.picture`.

The SVG goes to docs/pictures. It is drawn from Prometheus's answers; no Grafana is involved.
"""

import json
import math
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dashboards.drawing import Card, Frame, Line, Shape, page, plot, timeline
from dashboards.stack import Stack, stack
from dashboards.write import FOLDER

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "dashboard-failover.svg"
TITLE = "A member is killed under load, and comes back"
CAPTION = (
    "Drawn from Prometheus's answers to the queries of the dashboards' panels (not a picture of Grafana): "
    "two processes, three members, a scrape a second."
)
SHOWN = (
    ("client-overview.json", "Endpoints as each client sees them"),
    ("client-overview.json", "Failovers"),
    ("client-overview.json", "Operations by kind"),
    ("client-overview.json", "Share of operations that failed"),
    ("client-overview.json", "p99 of operations by kind"),
    ("client-overview.json", "RPCs by endpoint"),
    ("client-overview.json", "Retries by reason"),
    ("client-overview.json", "Writes of which nobody knows"),
    ("streams-and-leases.json", "Margin of leases"),
    ("client-overview.json", "p99 by endpoint"),
)
WELL, DOWN, AGAIN = 30.0, 25.0, 35.0
_WINDOW = 5.0
_COLORS = {"green": "#2f9e44", "orange": "#e0752d", "red": "#c4162a", "text": "#8a919b"}


def main() -> None:
    """Makes the picture anew, which takes two minutes."""
    with stack() as running:
        frame = _failover(running)
        PICTURE.write_text(page(TITLE, CAPTION, [*_cards(running, frame)]), encoding="utf-8")


def _failover(running: Stack) -> Frame:
    running.prometheus.until(f"rate(etcdobs_operation_seconds_count[{_WINDOW:g}s]) > 0", 60)
    time.sleep(3)
    start = time.time()
    time.sleep(WELL)
    leader = running.cluster.leader()
    leader.kill()
    killed = time.time()
    time.sleep(DOWN)
    leader.start()
    back = time.time()
    time.sleep(AGAIN)
    return Frame(start, time.time(), {killed: "leader killed", back: "back"})


def _cards(running: Stack, frame: Frame) -> Iterator[Card]:
    names = _names(running)
    for file, title in SHOWN:
        panels = json.loads((FOLDER / file).read_text())["panels"]
        panel = next(
            inner for outer in panels for inner in (outer, *outer.get("panels", ())) if inner["title"] == title
        )
        yield _card(panel, [*_lines(running, frame, panel, names)], frame)


def _card(panel: Mapping[str, Any], lines: list[Line], frame: Frame) -> Card:
    shown = panel["fieldConfig"]["defaults"]
    if panel["type"] == "state-timeline":
        options = shown["mappings"][0]["options"]
        names = {float(value): (option["text"], _COLORS[option["color"]]) for value, option in options.items()}
        return timeline(panel["title"], lines, names, frame)
    custom = shown["custom"]
    stacked = custom.get("stacking", {}).get("mode") == "normal"
    return plot(
        panel["title"], shown["unit"], lines, frame, Shape(stacked, _bar(panel), custom.get("axisSoftMax", 0.0))
    )


def _bar(panel: Mapping[str, Any]) -> float:
    """How many seconds a bar stands for; 0 where lines are drawn."""
    return _WINDOW if panel["fieldConfig"]["defaults"]["custom"].get("drawStyle") == "bars" else 0.0


def _lines(running: Stack, frame: Frame, panel: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Line]:
    step = 1.0 if panel["type"] == "state-timeline" else _bar(panel) or 1.0
    for target in panel["targets"]:
        for series in running.prometheus.query_range(_filled(target["expr"]), frame.start, frame.end, step):
            points = [point for point in series.points if not math.isnan(point[1])]
            yield Line(_named(target["legendFormat"], series.labels, names), points)


def _filled(expr: str) -> str:
    """Grafana's variables at All."""
    return re.sub(r"\$\w+", ".+", expr.replace("$__rate_interval", f"{_WINDOW:g}s"))


def _named(legend: str, labels: Mapping[str, str], names: Mapping[str, str]) -> str:
    """As the legend has it, with names in place of this machine's ports."""
    text = re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend)
    for address, name in names.items():
        text = text.replace(address, name)
    return text


def _names(running: Stack) -> dict[str, str]:
    members = [member.endpoint.removeprefix("http://") for member in running.cluster]
    shops = [f"127.0.0.1:{port}" for port in running.shops]
    named = {address: f"etcd-{at}" for at, address in enumerate(members, 1)}
    return named | {address: f"shop-{at}" for at, address in enumerate(shops, 1)}


if __name__ == "__main__":
    main()
