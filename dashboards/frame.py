"""Decides what is around the panels: variables, links from one dashboard to the next, annotations, rows, ids."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard

from dashboards.panels import DATASOURCE, PanelBuilder
from dashboards.selectors import RATE, client, grown, server

TAG = "etcdobs"
ALL = dashboard.VariableOption(text="All", value="$__all")
CHOSEN_SERVICE = 'grpc_service=~"$service"'


@dataclass(frozen=True)
class Row:
    """Panels under one heading; a collapsed one is opened by who needs it."""

    title: str
    panels: Sequence[PanelBuilder]
    collapsed: bool = False


@dataclass(frozen=True)
class Page:
    """One dashboard: its address within Grafana, and what is on it."""

    uid: str
    title: str
    description: str
    variables: Sequence[builders.QueryVariable]
    rows: Sequence[Row]


def chosen(name: str, label: str, query: str, description: str) -> builders.QueryVariable:
    """A variable over the values of a label: any number of them, all at first."""
    return (
        builders.QueryVariable(name)
        .label(label)
        .description(description)
        .datasource(DATASOURCE)
        .query(query)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(ALL)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
    )


JOB = chosen("job", "Job", "label_values(etcdobs_build_info, job)", "The jobs that scrape processes with a client.")
INSTANCE = chosen(
    "instance",
    "Instance",
    'label_values(etcdobs_build_info{job=~"$job"}, instance)',
    "The processes of these jobs.",
)
SERVICE = chosen(
    "service",
    "Service",
    f"label_values({client('grpc_client_started_total')}, grpc_service)",
    "The gRPC services that were called.",
)
METHOD = chosen(
    "method",
    "Method",
    f"label_values({client('grpc_client_started_total', CHOSEN_SERVICE)}, grpc_method)",
    "The methods of these services that were called.",
)
ENDPOINT = chosen(
    "endpoint",
    "Endpoint",
    f"label_values({client('etcdobs_endpoint_state')}, endpoint)",
    "The etcd endpoints that the clients have in use.",
)
ETCD_JOB = chosen(
    "etcd_job", "etcd job", "label_values(etcd_server_has_leader, job)", "The jobs that scrape etcd's members."
)


def build(page: Page) -> dashboard.Dashboard:
    """The dashboard, laid out, with an id for each panel."""
    builder = (
        builders.Dashboard(page.title)
        .uid(page.uid)
        .description(page.description)
        .tags([TAG])
        .readonly()
        .timezone("browser")
        .time("now-1h", "now")
        .refresh("30s")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .link(_to_the_others())
        .with_variable(_datasource())
    )
    for variable in page.variables:
        builder.with_variable(variable)
    for annotation in _annotations():
        builder.annotation(annotation)
    for row in page.rows:
        _add(builder, row)
    return _numbered(builder.build())


def _add(builder: builders.Dashboard, row: Row) -> None:
    heading = builders.Row(row.title).collapsed(row.collapsed)
    if row.collapsed:
        for panel in row.panels:
            heading.with_panel(panel)
    builder.with_row(heading)
    if not row.collapsed:
        for panel in row.panels:
            builder.with_panel(panel)


def _datasource() -> builders.DatasourceVariable:
    return (
        builders.DatasourceVariable("datasource")
        .label("Data source")
        .type("prometheus")
        .current(dashboard.VariableOption(text="default", value="default"))
    )


def _to_the_others() -> builders.DashboardLink:
    return (
        builders.DashboardLink("etcdobs")
        .type(dashboard.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(False)
        .include_vars(True)
        .keep_time(True)
    )


def _annotations() -> Sequence[builders.AnnotationQuery]:
    leader = f"sum by (instance) (changes({server('etcd_server_leader_changes_seen_total')}[{RATE}])) > 0"
    failover = grown(client("etcdobs_failovers_total"), RATE, "instance", "reason")
    return (
        _annotation("Leader changes", "orange", leader),
        _annotation("Failovers", "red", failover),
    )


def _annotation(name: str, color: str, expr: str) -> builders.AnnotationQuery:
    return builders.AnnotationQuery().name(name).datasource(DATASOURCE).enable(True).icon_color(color).expr(expr)


def _numbered(page: dashboard.Dashboard) -> dashboard.Dashboard:
    number = 0
    for panel in page.panels or ():
        number += 1
        panel.id_val = number
        for inner in getattr(panel, "panels", None) or ():
            number += 1
            inner.id_val = number
    return page
