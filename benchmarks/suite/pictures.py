"""Decides which growth is drawn: what each figure becomes with more callers and with more keys."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from benchmarks.suite import field
from benchmarks.suite.charts import Line, Panel, chart
from benchmarks.suite.results import Case, Results, Spread

COLORS = {
    field.RAW_SYNC: "#8c959f",
    field.RAW_AIO: "#57708a",
    field.SYNC: "#1f78d1",
    field.AIO: "#2da44e",
    field.UVLOOP: "#11a8a8",
    field.SYNC_BATCHED: "#7a5cff",
    field.AIO_BATCHED: "#c04ad8",
    field.AETCD: "#e16f24",
    field.SDK: "#c9a200",
    field.ETCD3AIO: "#7d8a1e",
    field.RUST: "#a0522d",
    field.GO: "#e0559a",
    field.ETCDCTL: "#999966",
}
FLOORS = {field.RAW_SYNC, field.RAW_AIO}


def line(name: str, cases: Iterable[Case], value: Callable[[Case], float | None]) -> Line:
    """What one contender has to show, by callers or by keys."""
    known = [(float(case.keys or case.callers), value(case)) for case in cases]
    points = [(x, y) for x, y in known if y]
    return Line(name, points, COLORS[name], dashed=name in FLOORS, thin=name not in (*field.PLAIN, *field.BATCHED))


def rates(results: Results, title: str, scenario: str, across: str, who: Sequence[str]) -> Panel:
    """How many in a second."""

    def rate(name: str) -> Callable[[Case], float | None]:
        return lambda case: _median(results.rate(name, case))

    cases = results.cases(scenario)
    lines = [line(name, cases, rate(name)) for name in who]
    # Who was measured once only, where others were more often, has no growth to show.
    return Panel(title, across, [one for one in lines if len(one.points) >= min(2, len(cases)) > 0])


def _median(spread: Spread | None) -> float | None:
    return spread.median if spread else None


def _most(spread: Spread | None) -> float | None:
    return spread.most if spread else None


def ways_to_read(results: Results) -> Iterator[tuple[str, str, str]]:
    """Of all keys under a prefix: what it is called, who, and the scenario."""
    yield "one Range (raw gRPC)", field.RAW_SYNC, "range"
    yield "one Range (etcdobs)", field.SYNC, "range"
    yield "scan (etcdobs)", field.SYNC, "scan"
    yield "pages by limit alone (estimated)", field.RAW_SYNC, "pages"


WAY_COLORS = {
    "one Range (raw gRPC)": "#8c959f",
    "one Range (etcdobs)": "#2da44e",
    "scan (etcdobs)": "#1f78d1",
    "pages by limit alone (estimated)": "#d1495b",
    "children (etcdobs)": "#7a5cff",
    "a read a directory (estimated)": "#e16f24",
}
ESTIMATED = {"pages by limit alone (estimated)", "a read a directory (estimated)"}


def _way(name: str, cases: Sequence[Case], value: Callable[[Case], float | None]) -> Line:
    points = [(float(case.keys), y) for case in cases if (y := value(case))]
    return Line(name, points, WAY_COLORS[name], name in ESTIMATED)


def whole(results: Results, who: str, case: Case, total: float) -> float | None:
    """Seconds for all of it, where a part may have been measured."""
    spread = results.seconds(who, case)
    return spread.median * total if spread else None


def large_keyspaces(results: Results) -> list[Panel]:
    """Time and memory of a whole read, and the time of a list of directories."""
    time_lines, memory_lines = [], []
    for name, who, scenario in ways_to_read(results):
        cases = results.cases(scenario)
        time_lines.append(_way(name, cases, lambda case, who=who: whole(results, who, case, case.keys)))  # type: ignore[misc]
        if name not in ESTIMATED:
            grown = lambda case, who=who: _most(results.growth(who, case))  # noqa: E731
            memory_lines.append(_way(name, cases, grown))
    listed = [
        _way("children (etcdobs)", results.cases("children"), lambda case: whole(results, field.SYNC, case, 97)),
        _way("a read a directory (estimated)", results.cases("children"), lambda case: _naive(results, case)),
    ]
    return [
        Panel("seconds to read all keys", "keys", time_lines),
        Panel("MiB that it takes", "keys", memory_lines),
        Panel("seconds to list 97 directories", "keys in them", listed),
    ]


def _naive(results: Results, case: Case) -> float | None:
    return whole(results, field.RAW_SYNC, case, 97)


def pictures(results: Results) -> dict[str, str]:
    """By file name."""
    everyone = [entry.name for entry in field.FIELD if entry.name != field.ETCDCTL]
    calls = [rates(results, f"{do}s a second", do, "callers at a time", everyone) for do in ("get", "put")]
    growth = [
        rates(results, "gets a second, 8 callers", "get growth", "keys in the store", everyone),
        rates(results, "watch: events a second", "watch", "events", everyone),
        rates(results, "bulk load: keys a second", "load", "keys", everyone),
    ]
    return {
        "bench-calls.svg": chart("Calls: how throughput grows with callers", calls),
        "bench-keyspace.svg": chart("Large keyspaces: how cost grows with keys", large_keyspaces(results)),
        "bench-growth.svg": chart("Reads, watches and loads: what becomes of throughput as the work grows", growth),
    }
