"""Decides what docs/benchmarks.md says: tables of ratios with their spread, and where a peer wins."""

import re
from collections.abc import Iterable, Iterator, Sequence

from benchmarks.suite import field, prose
from benchmarks.suite.charts import short
from benchmarks.suite.pictures import whole
from benchmarks.suite.results import Case, Results, Spread

PLAIN_NAMES = [entry.name for entry in field.FIELD if entry.name not in field.BATCHED]
ALL_NAMES = [entry.name for entry in field.FIELD]
NOUNS = {"get": "calls", "put": "calls", "range": "keys", "watch": "events", "load": "keys"}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """In Markdown; all columns but the first are figures."""
    yield f"| {' | '.join(head)} |"
    yield f"| --- |{' ---: |' * (len(head) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def figure(value: float) -> str:
    """Three digits of it."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def ratio(spread: Spread | None, *, loses: bool = False) -> str:
    """0.95 (0.90-1.02); bold where it is a defeat."""
    if spread is None:
        return "-"
    median = f"**{spread.median:.2f}**" if loses and spread.median < 1 else f"{spread.median:.2f}"
    return f"{median} ({spread.least:.2f}-{spread.most:.2f})"


def case_name(case: Case) -> str:
    """get, 8 callers."""
    how_much = f"{short(case.keys)} {NOUNS.get(case.scenario, 'keys')}" if case.keys else f"{case.callers} callers"
    return f"{case.scenario}, {how_much}".replace(", 1 callers", ", 1 caller")


class Page:
    """The page of these results."""

    def __init__(self, results: Results) -> None:
        self._results = results

    def text(self) -> str:
        """All of it."""
        parts = (self._head, self._summary, self._calls, self._reads, self._watches, self._loads)
        rest = (self._memory, self._imports, self._hot, self._missing)
        text = "\n".join(line for part in (*parts, *rest) for line in part())
        return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"

    def _head(self) -> Iterator[str]:
        facts = self._results.facts
        yield from ("# Benchmarks", "", f"Written by `{facts['command']}`; nothing here is written by hand.", "")
        yield from (f"- {name}: {facts[name]}" for name in ("server", "machine", "client side", "peers", "took"))
        yield prose.METHOD

    # --- who wins

    def _summary(self) -> Iterator[str]:
        yield prose.SUMMARY.lstrip()
        head = (
            "case",
            "fastest etcdobs",
            "to raw gRPC",
            "to the best peer on grpcio",
            "to etcd-client-py (Rust)",
            "to Go's clientv3",
        )
        cases = [case for name in ("get", "put", "range", "watch", "load") for case in self._results.cases(name)]
        rows = [self._duel(case, field.PLAIN, "") for case in cases]
        rows += [self._duel(case, field.BATCHED, ", batched") for case in cases if case.scenario in {"get", "put"}]
        yield from table(head, [row for row in rows if row])
        yield from self._defeats(cases)

    def _duel(self, case: Case, ours: Sequence[str], suffix: str) -> list[str]:
        best = self._results.best(ours, case)
        if best is None:
            return []
        floor = self._results.best((field.RAW_SYNC, field.RAW_AIO), case)
        peer = self._results.best(field.ON_GRPCIO, case)
        others = [self._against(best, name, case) for name in (floor, peer, field.RUST, field.GO)]
        named = f"{others[1]} {peer}" if peer else "-"
        rate = self._results.rate(best, case)
        assert rate is not None
        what = f"{best.removeprefix('etcdobs, ')}: {figure(rate.median)} {NOUNS[case.scenario]}/s"
        return [case_name(case) + suffix, what, others[0], named, *others[2:]]

    def _against(self, best: str, other: str | None, case: Case) -> str:
        spread = self._results.ratio(best, other, case) if other else None
        return ratio(spread, loses=True)

    def _defeats(self, cases: Sequence[Case]) -> Iterator[str]:
        lost = [f"- {case_name(case)}: {', '.join(won)}." for case in cases if (won := list(self._winners(case)))]
        yield from ("Where a peer wins, batching left aside, and how many times as fast it is:", "")
        yield from (*(lost or ["- nowhere."]), "")

    def _winners(self, case: Case) -> Iterator[str]:
        best = self._results.best(field.PLAIN, case)
        for peer in (*field.ON_GRPCIO, field.RUST, field.GO):
            spread = self._results.ratio(best, peer, case) if best else None
            if spread and spread.median < 1:
                noise = "" if spread.most < 1 else " (not in every round)"
                yield f"{peer} {1 / spread.median:.2f}{noise}"

    # --- one chapter a scenario

    def _calls(self) -> Iterator[str]:
        yield prose.CALLS
        for do in ("get", "put"):
            cases = self._results.cases(do)
            if not cases:
                continue
            columns = [f"{case.callers} caller{'s' * (case.callers > 1)}" for case in cases]
            head = [
                do,
                *(text for column in columns for text in (f"{column}, /s", "to raw gRPC")),
                f"us CPU, {columns[-1]}",
                "to raw gRPC",
            ]
            yield from table(head, [self._call_row(name, cases) for name in ALL_NAMES if self._has(name, cases)])

    def _call_row(self, name: str, cases: Sequence[Case]) -> list[str]:
        cells = [name]
        for case in cases:
            rate = self._results.rate(name, case)
            cells += [figure(rate.median) if rate else "-", self._to_floor(name, case)]
        cpu = self._results.cpu(name, cases[-1])
        floor = field.BY_NAME[name].floor
        return [*cells, figure(cpu.median) if cpu else "-", ratio(self._results.cpu_ratio(name, floor, cases[-1]))]

    def _to_floor(self, name: str, case: Case) -> str:
        return ratio(self._results.ratio(name, field.BY_NAME[name].floor, case))

    def _has(self, name: str, cases: Iterable[Case]) -> bool:
        return any(self._results.of(name, case) for case in cases)

    def _bulk(self, scenario: str, names: Sequence[str], what: str) -> Iterator[str]:
        cases = self._results.cases(scenario)
        if not cases:
            return
        head = [
            what,
            *(
                text
                for case in cases
                for text in (f"{short(case.keys)}: {NOUNS.get(scenario, 'events')}/s", "to raw gRPC", "us CPU")
            ),
        ]
        yield from table(head, [self._bulk_row(name, cases) for name in names if self._has(name, cases)])

    def _bulk_row(self, name: str, cases: Sequence[Case]) -> list[str]:
        cells = [name]
        for case in cases:
            rate, cpu = self._results.rate(name, case), self._results.cpu(name, case)
            cells += [
                figure(rate.median) if rate else "-",
                self._to_floor(name, case),
                figure(cpu.median) if cpu else "-",
            ]
        return cells

    def _reads(self) -> Iterator[str]:
        yield prose.KEYSPACES
        yield from self._bulk("range", PLAIN_NAMES, "one Range, read whole")
        yield prose.WAYS
        cases = self._results.cases("range")
        yield from table(["seconds", *(f"{short(case.keys)} keys" for case in cases)], self._ways(cases))
        yield from self._factors(cases)

    def _ways(self, cases: Sequence[Case]) -> Iterator[list[str]]:
        ways = (
            ("one Range, raw gRPC", field.RAW_SYNC, "range", 0),
            ("one Range, etcdobs", field.SYNC, "range", 0),
            ("scan, etcdobs", field.SYNC, "scan", 0),
            ("scan, etcdobs, asyncio", field.AIO, "scan", 0),
            ("pages by limit alone (estimated)", field.RAW_SYNC, "pages", 0),
            ("children, etcdobs", field.SYNC, "children", 97),
            ("one read a directory (estimated)", field.RAW_SYNC, "children", 97),
            ("a count", field.SYNC, "count", 1),
        )
        for name, who, scenario, total in ways:
            seconds = [whole(self._results, who, Case(scenario, keys=case.keys), total or case.keys) for case in cases]
            yield [name, *(f"{value:.3g}" if value else "-" for value in seconds)]

    def _factors(self, cases: Sequence[Case]) -> Iterator[str]:
        rows = []
        for case in cases:
            one, scan, pages, children, naive, count = (
                whole(self._results, who, Case(scenario, keys=case.keys), total or case.keys)
                for who, scenario, total in (
                    (field.RAW_SYNC, "range", 0),
                    (field.SYNC, "scan", 0),
                    (field.RAW_SYNC, "pages", 0),
                    (field.SYNC, "children", 97),
                    (field.RAW_SYNC, "children", 97),
                    (field.SYNC, "count", 1),
                )
            )
            rows.append(
                [short(case.keys), _by(scan, one), _by(pages, scan), _by(children, count), _by(naive, children)]
            )
        head = ("keys", "scan to one Range", "pages to scan", "children to a count", "naive list to children")
        yield prose.FACTORS
        yield from table(head, rows)

    def _watches(self) -> Iterator[str]:
        yield prose.WATCH
        yield from self._bulk("watch", PLAIN_NAMES, "watch")

    def _loads(self) -> Iterator[str]:
        yield prose.LOAD
        fills = [(case, self._results.rate(field.SYNC, case)) for case in self._results.cases("fill")]
        yield from (f"- {short(case.keys)} keys: {figure(rate.median)} keys/s" for case, rate in fills if rate)
        yield ""
        yield from self._bulk("load", [name for name in ALL_NAMES if name != field.ETCDCTL], "bulk load")
        yield prose.GROWTH

    def _memory(self) -> Iterator[str]:
        yield prose.MEMORY
        chapters = (("range", "one Range"), ("scan", "scan"), ("load", "bulk load"))
        rows = []
        sizes = [case.keys for case in self._results.cases("range")]
        for scenario, title in chapters:
            for name in (field.RAW_SYNC, field.SYNC, field.RAW_AIO, field.AIO, *field.ON_GRPCIO, field.RUST, field.GO):
                grown = [self._results.growth(name, Case(scenario, keys=keys)) for keys in sizes]
                if any(grown):
                    rows.append([f"{title}: {name}", *(f"{spread.most:.1f}" if spread else "-" for spread in grown)])
        yield from table(["MiB", *(f"{short(keys)}" for keys in sizes)], rows)

    def _imports(self) -> Iterator[str]:
        yield prose.IMPORT
        rows = []
        for name in ALL_NAMES:
            spread = self._results.seconds(name, Case("import"))
            if spread:
                rows.append(
                    [
                        name.removesuffix(", sync") if name == field.SYNC else name,
                        *(f"{value * 1e3:.0f}" for value in (spread.median, spread.least, spread.most)),
                    ]
                )
        yield from table(("import", "ms", "least", "most"), rows)

    def _hot(self) -> Iterator[str]:
        hot = self._results.hot
        if not hot.wall:
            return
        stub, quiet, client = hot.cpu.values()
        calls_stub, calls_quiet, calls = (f"{made:.0f}" for made in hot.calls.values())
        yield prose.HOT.format(
            wall=figure(hot.wall["the client"]),
            wall_stub=figure(hot.wall["the stub"]),
            cpu=figure(client),
            cpu_stub=figure(stub),
            share=stub / client,
            own=figure(quiet - stub),
            metrics=figure(client - quiet) if client > quiet else "less than the rounds differ by",
            calls_stub=calls_stub,
            calls_quiet=calls_quiet,
            calls=calls,
        )
        rows = [
            [f"`{room}`" if "/" in room else room, f"{made:.1f}", f"{share:.0%}"]
            for room, made, share in hot.rooms
            if share >= 0.01
        ]
        yield from table(("part", "calls in a get", "share of the CPU"), rows)

    def _missing(self) -> Iterator[str]:
        yield from ("## What is missing, and why", "")
        seen = dict.fromkeys(
            (name, case.scenario, why) for (name, case), why in self._results.missing.items() if why != "not measured"
        )
        yield from (f"- {name}, {scenario}: {why}" for name, scenario, why in seen)
        if not seen:
            yield "Nothing."


def _by(one: float | None, other: float | None) -> str:
    return f"{one / other:.2f}" if one and other else "-"
