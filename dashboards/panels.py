"""Decides how a panel of each kind looks: lines over time, one number, a heatmap, states over time, a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import heatmap, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models import prometheus as prometheus_models
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode

from dashboards.selectors import RATE

DATASOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
HEIGHT = 8
_LETTERS = "ABCDEFGHIJ"
PanelBuilder: TypeAlias = Builder[dashboard.Panel]
Framed = TypeVar("Framed", timeseries.Panel, stat.Panel, heatmap.Panel, statetimeline.Panel, table.Panel)


@dataclass(frozen=True)
class Query:
    """One expression of a panel, and what its series are called in the legend."""

    expr: str
    legend: str = ""
    exemplars: bool = False


@dataclass(frozen=True)
class Limit:
    """From `value` on, the panel has this colour."""

    value: float
    color: str


def lines(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    span: int = 12,
    stacked: bool = False,
    limits: Sequence[Limit] = (),
    base: str = "green",
    floor: float | None = 0,
    ceiling: float | None = None,
    logarithmic: bool = False,
) -> PanelBuilder:
    """Series over time. Limits are drawn as dashed lines; floor and ceiling bound the axis."""
    panel = (
        _framed(timeseries.Panel(), title, description, HEIGHT, span)
        .unit(unit)
        .line_width(1)
        .fill_opacity(25 if stacked else 8)
        .show_points(common.VisibilityMode.NEVER)
        .tooltip(_every_series_tooltip())
        .legend(_legend())
    )
    if floor is not None:
        panel.min(floor)
    if ceiling is not None:
        panel.axis_soft_max(ceiling)
    if stacked:
        panel.stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL))
    if logarithmic:
        panel.scale_distribution(common_builders.ScaleDistributionConfig().type(common.ScaleDistribution.LOG).log(10))
    if limits:
        panel.thresholds(thresholds(limits, base)).thresholds_style(
            common_builders.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        )
    for letter, query in zip(_LETTERS, queries, strict=False):
        panel.with_target(_target(letter, query))
    return panel


def bars(title: str, description: str, *queries: Query, span: int = 12) -> PanelBuilder:
    """How often something rare happened, about each point in time."""
    panel = (
        _framed(timeseries.Panel(), title, description, HEIGHT, span)
        .unit("short")
        .min(0)
        .draw_style(common.GraphDrawStyle.BARS)
        .fill_opacity(60)
        .stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL))
        .tooltip(_every_series_tooltip())
        .legend(_legend())
    )
    for letter, query in zip(_LETTERS, queries, strict=False):
        # A bar for each window: what happened is in one bar, and not in all that overlap.
        panel.with_target(_target(letter, query).interval(RATE))
    return panel


def number(
    title: str,
    description: str,
    unit: str,
    query: Query,
    limits: Sequence[Limit] = (),
    *,
    base: str = "green",
    span: int = 4,
) -> PanelBuilder:
    """The newest value, large, coloured by the limits, `base` below the first, over its line."""
    return (
        _framed(stat.Panel(), title, description, 4, span)
        .unit(unit)
        .graph_mode(common.BigValueGraphMode.AREA)
        .color_mode(common.BigValueColorMode.VALUE)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
        .no_value("no data")
        .thresholds(thresholds(limits, base))
        .with_target(_target("A", query))
    )


def heat(title: str, description: str, unit: str, cell_unit: str, query: Query, *, span: int = 12) -> PanelBuilder:
    """How the samples of a histogram lie over time, `cell_unit` of them in a cell; exemplars are points on it."""
    target = _target("A", query).format(prometheus_models.PromQueryFormat.HEATMAP)
    return (
        _framed(heatmap.Panel(), title, description, HEIGHT, span)
        .calculate(False)
        .color(heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Turbo").steps(64))
        .y_axis(heatmap.YAxisConfig().unit(unit).axis_placement(common.AxisPlacement.LEFT))
        .cell_values(heatmap.CellValues().unit(cell_unit))
        .exemplars_color("rgba(255,0,255,0.8)")
        .show_legend()
        .filter_values(heatmap.FilterValueRange().le(1e-9))
        .with_target(target)
    )


def states(
    title: str, description: str, query: Query, names: Sequence[tuple[float, str, str]], *, span: int = 12
) -> PanelBuilder:
    """What state each thing was in over time; `names` holds a value, what it is called, and its colour."""
    mappings: dict[str, dashboard.ValueMappingResult] = {
        f"{value:g}": dashboard.ValueMappingResult(text=text, color=color) for value, text, color in names
    }
    return (
        _framed(statetimeline.Panel(), title, description, HEIGHT, span)
        .unit("none")
        .show_value(common.VisibilityMode.NEVER)
        .merge_values(True)
        .row_height(0.8)
        .mappings([dashboard.ValueMap(options=mappings)])
        .with_target(_target("A", query))
    )


@dataclass(frozen=True)
class Column:
    """A column of a table: what it is called, the expression that gives its values, and their unit."""

    title: str
    expr: str
    unit: str


def rows(
    title: str,
    description: str,
    keys: Sequence[str],
    columns: Sequence[Column],
    *,
    link: tuple[str, str] | None = None,
    span: int = 24,
) -> PanelBuilder:
    """A row for each combination of the label values `keys`, its newest values as columns.

    link: a title and an address, on the first key's cells.
    """
    panel = _framed(table.Panel(), title, description, HEIGHT + 2, span)
    for transformation in _one_table(columns):
        panel.with_transformation(transformation)
    for letter, column in zip(_LETTERS, columns, strict=False):
        target = _target(letter, Query(column.expr)).instant().format(prometheus_models.PromQueryFormat.TABLE)
        panel.with_target(target)
        panel.override_by_name(column.title, [dashboard.DynamicConfigValue(id_val="unit", value=column.unit)])
    if link:
        cell = dashboard.DynamicConfigValue(id_val="links", value=[{"title": link[0], "url": link[1]}])
        panel.override_by_name(keys[0], [cell])
    return panel


def _one_table(columns: Sequence[Column]) -> Sequence[dashboard.DataTransformerConfig]:
    """The answers joined by their labels, and their values called by the columns' titles."""
    hidden = {"Time": True, **{f"Time {number}": True for number in range(1, len(columns) + 1)}}
    # The value of a lone query is not called by its letter.
    named = {"Value": columns[0].title} | {
        f"Value #{letter}": column.title for letter, column in zip(_LETTERS, columns, strict=False)
    }
    return (
        dashboard.DataTransformerConfig(id_val="merge", options={}),
        dashboard.DataTransformerConfig(id_val="organize", options={"excludeByName": hidden, "renameByName": named}),
    )


def thresholds(limits: Sequence[Limit], base: str = "green") -> builders.ThresholdsConfig:
    """The colour `base`, until the first limit."""
    steps = [
        dashboard.Threshold(value=None, color=base),
        *(dashboard.Threshold(value=limit.value, color=limit.color) for limit in limits),
    ]
    return builders.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)


def _framed(panel: Framed, title: str, description: str, height: int, span: int) -> Framed:
    """What panels of every kind are given."""
    return panel.title(title).description(description).datasource(DATASOURCE).height(height).span(span)


def _target(letter: str, query: Query) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .datasource(DATASOURCE)
        .ref_id(letter)
        .expr(query.expr)
        .legend_format(query.legend)
        .exemplar(query.exemplars)
        .range()
    )


def _every_series_tooltip() -> common_builders.VizTooltipOptions:
    return common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)


def _legend() -> common_builders.VizLegendOptions:
    return (
        common_builders.VizLegendOptions()
        .display_mode(common.LegendDisplayMode.TABLE)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["lastNotNull", "max"])
    )
