"""Decides what a dashboard must be: the rules of Grafana's dashboard-linter for Prometheus, and some of our own.

Ported by what they check; those about Loki are left out, for no panel asks one.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import promql_parser

Json: TypeAlias = dict[str, Any]
Rule: TypeAlias = Callable[[Json], Iterator[str]]

# What Grafana puts in for these is a duration; this one is in no expression.
_RATE_INTERVAL = "4m9s"
_COUNTING = {"rate", "irate", "increase", "resets", "changes"}
_SERVER_METRIC = re.compile(r"etcd_|grpc_server_|os_fd_")
_KINDS_WITH_UNITS = {"stat", "timeseries", "gauge"}


def panels(page: Json) -> Iterator[Json]:
    """Every panel that shows data, those in collapsed rows too."""
    for panel in page["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels") or ()


def expressions(page: Json) -> Iterator[tuple[str, str]]:
    """The title of a panel, and an expression of it."""
    for panel in panels(page):
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def substituted(expr: str) -> str:
    """With Grafana's variables replaced, so that it is PromQL."""
    return re.sub(r"\$\{?(\w+)\}?", r"\1", expr.replace("$__rate_interval", _RATE_INTERVAL))


def selectors(expr: str) -> Iterator[tuple[str, dict[str, str], str | None, str | None]]:
    """The metric, matchers, the function that it is an argument of, and range of each selector of an expression."""
    found: list[tuple[str, dict[str, str], str | None, str | None]] = []
    _collect(promql_parser.parse(substituted(expr)), None, None, found)
    return iter(found)


def _collect(node: Any, function: str | None, window: str | None, found: list[Any]) -> None:
    if isinstance(node, promql_parser.VectorSelector):
        matchers = {matcher.name: matcher.value for matcher in node.matchers.matchers}
        found.append((node.name, matchers, function, window))
    elif isinstance(node, promql_parser.MatrixSelector):
        window = promql_parser.display_duration(node.range)
        _collect(node.vector_selector, function, window, found)
    elif isinstance(node, promql_parser.Call):
        for argument in node.args:
            _collect(argument, node.func.name, None, found)
    elif isinstance(node, promql_parser.BinaryExpr):
        _collect(node.lhs, None, None, found)
        _collect(node.rhs, None, None, found)
    elif hasattr(node, "expr"):
        _collect(node.expr, function if isinstance(node, promql_parser.ParenExpr) else None, None, found)


def _variables(page: Json) -> dict[str, Json]:
    return {variable["name"]: variable for variable in page["templating"]["list"]}


def datasource_is_chosen(page: Json) -> Iterator[str]:
    """template-datasource-rule."""
    variable = _variables(page).get("datasource", {})
    wanted = {"type": "datasource", "label": "Data source", "query": "prometheus"}
    yield from (
        f"variable datasource: {key} is not {value!r}" for key, value in wanted.items() if variable.get(key) != value
    )


def job_and_instance_are_chosen(page: Json) -> Iterator[str]:
    """template-job-rule and template-instance-rule."""
    wanted = {"type": "query", "multi": True, "includeAll": True, "allValue": ".+"}
    for name, label in (("job", "Job"), ("instance", "Instance")):
        variable = _variables(page).get(name, {})
        for key, value in {**wanted, "label": label}.items():
            if variable.get(key) != value:
                yield f"variable {name}: {key} is {variable.get(key)!r}, not {value!r}"


def variables_follow_the_time(page: Json) -> Iterator[str]:
    """template-on-time-change-reload-rule and template-label-promql-rule."""
    for name, variable in _variables(page).items():
        if variable["type"] != "query":
            continue
        if variable.get("refresh") != 2:
            yield f"variable {name} is not asked again when the time changes"
        if variable["datasource"].get("uid") != "${datasource}":
            yield f"variable {name} does not use the chosen data source"
        asked = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"])
        if asked is None:
            yield f"variable {name} is no label_values(...)"
        else:
            promql_parser.parse(substituted(asked[1]))


def panels_use_the_datasource(page: Json) -> Iterator[str]:
    """panel-datasource-rule."""
    for panel in panels(page):
        for asked in (panel, *panel["targets"]):
            if asked["datasource"] != {"type": "prometheus", "uid": "${datasource}"}:
                yield f"{panel['title']}: does not use the chosen data source"


def panels_are_described(page: Json) -> Iterator[str]:
    """panel-title-description-rule."""
    yield from (f"{panel['title']!r}: no description" for panel in panels(page) if not panel.get("description"))
    yield from (f"panel {panel['id']}: no title" for panel in panels(page) if not panel.get("title"))


def panels_have_units(page: Json) -> Iterator[str]:
    """panel-units-rule."""
    for panel in panels(page):
        unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit")
        if panel["type"] in _KINDS_WITH_UNITS and not unit:
            yield f"{panel['title']}: no unit"
        if panel["type"] == "heatmap" and not panel["options"]["yAxis"].get("unit"):
            yield f"{panel['title']}: no unit"


def panels_ask_something(page: Json) -> Iterator[str]:
    """panel-no-targets-rule."""
    yield from (f"{panel['title']}: asks nothing" for panel in panels(page) if not panel.get("targets"))


def expressions_are_promql(page: Json) -> Iterator[str]:
    """target-promql-rule."""
    for title, expr in expressions(page):
        try:
            promql_parser.parse(substituted(expr))
        except ValueError as error:
            yield f"{title}: {error}: {expr}"


def rates_fit_the_screen(page: Json) -> Iterator[str]:
    """target-rate-interval-rule; a window that the title names is meant."""
    for title, expr in expressions(page):
        for metric, _, function, window in selectors(expr):
            named = window is not None and any(word in title for word in ("hour", "day"))
            if function in _COUNTING and window != _RATE_INTERVAL and not named:
                yield f"{title}: {function} of {metric} over {window}, not $__rate_interval"


def selectors_are_narrowed(page: Json) -> Iterator[str]:
    """target-job-rule and target-instance-rule: servers have a job of their own, and are shown all."""
    for title, expr in expressions(page):
        for metric, matchers, _, _ in selectors(expr):
            of_server = _SERVER_METRIC.match(metric) or matchers.get("job") == "etcd_job"
            wanted = {"job": "etcd_job"} if of_server else {"job": "job", "instance": "instance"}
            for label, value in wanted.items():
                if matchers.get(label) != value:
                    yield f"{title}: {metric} is not narrowed by {label}"


def counters_are_counted(page: Json) -> Iterator[str]:
    """target-counter-agg-rule; started less ended is how many there are now; what was not there grew from 0."""
    for title, expr in expressions(page):
        open_now = "_started_total" in expr and "_handled_total" in expr and " - " in expr
        born = " unless " in expr and " offset " in expr
        behind = "_committed_total" in expr and "_applied_total" in expr and " - " in expr
        for metric, _, function, _ in selectors(expr):
            gauge_by_name = metric.startswith(("etcd_debugging_mvcc_",))
            if (
                metric.endswith("_total")
                and function not in _COUNTING
                and not (open_now or behind or born or gauge_by_name)
            ):
                yield f"{title}: {metric} is a counter, shown as it is"


def histograms_are_rated(page: Json) -> Iterator[str]:
    """Buckets, sums and counts of histograms are counters, whatever they are called."""
    for title, expr in expressions(page):
        for metric, _, function, _ in selectors(expr):
            if metric.endswith(("_bucket", "_sum", "_count")) and function not in _COUNTING and " unless " not in expr:
                yield f"{title}: {metric} is shown as it is"


def nobody_edits_it(page: Json) -> Iterator[str]:
    """uneditable-dashboard."""
    if page["editable"]:
        yield "can be edited in Grafana, though the next import would undo that"


def ids_are_unique(page: Json) -> Iterator[str]:
    """Ours: Grafana gives no error for two panels of one id, it shows one."""
    ids = [panel["id"] for panel in page["panels"]] + [
        inner["id"] for row in page["panels"] for inner in row.get("panels") or ()
    ]
    if len(ids) != len(set(ids)):
        yield f"ids are not unique: {sorted(ids)}"


def nothing_is_asked_twice(page: Json) -> Iterator[str]:
    """Ours: two panels with one expression, of which one is shown under a wrong title."""
    asked: dict[str, str] = {}
    for title, expr in expressions(page):
        if asked.setdefault(expr, title) != title:
            yield f"{title} and {asked[expr]} ask the same: {expr}"


def nothing_overlaps(page: Json) -> Iterator[str]:
    """Ours: Grafana moves panels that overlap to where nobody meant them to be."""
    taken: dict[tuple[int, int], str] = {}
    for panel in page["panels"]:
        place = panel["gridPos"]
        if place["x"] + place["w"] > 24:
            yield f"{panel['title']}: wider than the screen"
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                if taken.setdefault((x, y), panel["title"]) != panel["title"]:
                    yield f"{panel['title']}: overlaps {taken[x, y]}"
                    return


RULES: tuple[Rule, ...] = (
    datasource_is_chosen,
    job_and_instance_are_chosen,
    variables_follow_the_time,
    panels_use_the_datasource,
    panels_are_described,
    panels_have_units,
    panels_ask_something,
    expressions_are_promql,
    rates_fit_the_screen,
    selectors_are_narrowed,
    counters_are_counted,
    histograms_are_rated,
    nobody_edits_it,
    ids_are_unique,
    nothing_is_asked_twice,
    nothing_overlaps,
)
