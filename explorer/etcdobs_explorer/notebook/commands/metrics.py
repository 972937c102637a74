"""Waits for nothing: what this process's own metrics say of its calls."""

from typing import Any

from etcdobs_explorer.notebook import charts
from etcdobs_explorer.notebook.grammar import Command, Option
from etcdobs_explorer.notebook.results.calls import Calls
from etcdobs_explorer.notebook.run import Run


def metrics(run: Run) -> Any:
    """Latency and rate of this process's calls."""
    reading = run.telemetry.read()
    if run.asked["plot"]:
        return charts.plot(list(run.telemetry.readings))
    return Calls(reading, run.limits)


COMMANDS = (
    Command(
        ("metrics",),
        "latency and rate of this kernel's own calls",
        metrics,
        options=(Option("plot", "as charts, with matplotlib"),),
        details="By method and by member, of every client in this process. Rates are since the cell before.",
        examples=("%etcd metrics --plot",),
        connects=False,
    ),
)
