"""Decides what the figures say: rates, medians, and ratios between neighbours in one round."""

import json
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class HotPath:
    """What one `get` costs, by who makes it: microseconds of wall time and of CPU, and function calls."""

    wall: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    calls: dict[str, float] = field(default_factory=dict)
    rooms: list[tuple[str, float, float]] = field(default_factory=list)
    """Of the client: a file or a package, its function calls in a `get`, and its share of the caller's CPU."""


@dataclass(frozen=True)
class Case:
    """What was measured: `callers` of a call, or `keys` of a bulk."""

    scenario: str
    callers: int = 1
    keys: int = 0


@dataclass(frozen=True)
class Sample:
    """What one contender took for one case in one round."""

    contender: str
    case: Case
    turn: int
    count: float
    wall: float
    cpu: float
    growth: int = 0

    @property
    def rate(self) -> float:
        """Of what was done, in a second."""
        return self.count / self.wall


@dataclass(frozen=True)
class Spread:
    """A median, and the least and the most of what it is of."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread | None":
        """None where there is nothing."""
        known = list(values)
        return cls(statistics.median(known), min(known), max(known)) if known else None


@dataclass
class Results:
    """All samples, and why some are missing."""

    samples: list[Sample] = field(default_factory=list)
    missing: dict[tuple[str, Case], str] = field(default_factory=dict)
    hot: HotPath = field(default_factory=HotPath)
    facts: dict[str, str] = field(default_factory=dict)
    """What was measured, with what, on what."""

    def add(self, contender: str, case: Case, turn: int, answer: dict[str, float | str]) -> None:
        """Keep what a contender answered."""
        why = answer.get("error") or answer.get("lacks")
        if why:
            self.missing[contender, case] = str(why)
            return
        count, wall, cpu = (float(answer[name]) for name in ("count", "wall", "cpu"))
        if not count:
            self.missing[contender, case] = "not one came to its end in the time"
            return
        self.samples.append(Sample(contender, case, turn, count, wall, cpu, int(answer["growth"])))

    def of(self, contender: str, case: Case) -> list[Sample]:
        """By round."""
        return [sample for sample in self.samples if sample.contender == contender and sample.case == case]

    def cases(self, scenario: str) -> list[Case]:
        """That were measured, smallest first."""
        found = {sample.case for sample in self.samples if sample.case.scenario == scenario}
        return sorted(found, key=lambda case: (case.callers, case.keys))

    def rate(self, contender: str, case: Case) -> Spread | None:
        """In a second."""
        return Spread.of(sample.rate for sample in self.of(contender, case))

    def seconds(self, contender: str, case: Case) -> Spread | None:
        """For one of what is counted; where that is a share of a whole, for the whole."""
        return Spread.of(sample.wall / sample.count for sample in self.of(contender, case))

    def cpu(self, contender: str, case: Case) -> Spread | None:
        """Microseconds for one of what is counted."""
        return Spread.of(sample.cpu / sample.count * 1e6 for sample in self.of(contender, case))

    def growth(self, contender: str, case: Case) -> Spread | None:
        """MiB that the process grew by at its peak."""
        return Spread.of(sample.growth / 2**20 for sample in self.of(contender, case))

    def ratio(self, contender: str, other: str, case: Case) -> Spread | None:
        """How many times the other's rate in the same round."""
        others = {sample.turn: sample.rate for sample in self.of(other, case)}
        own = self.of(contender, case)
        return Spread.of(sample.rate / others[sample.turn] for sample in own if sample.turn in others)

    def cpu_ratio(self, contender: str, other: str, case: Case) -> Spread | None:
        """How many times the other's CPU in the same round, for one of what is counted."""
        others = {sample.turn: sample.cpu / sample.count for sample in self.of(other, case)}
        own = self.of(contender, case)
        return Spread.of(
            sample.cpu / sample.count / others[sample.turn] for sample in own if others.get(sample.turn, 0) > 0
        )

    def best(self, contenders: Iterable[str], case: Case) -> str | None:
        """The fastest of these."""
        rates = {name: spread.median for name in contenders if (spread := self.rate(name, case))}
        return max(rates, key=lambda name: rates[name], default=None)

    def save(self, path: Path) -> None:
        """Keep all of it, so that the page can be written anew."""
        missing = [[name, asdict(case), why] for (name, case), why in self.missing.items()]
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = [asdict(sample) for sample in self.samples]
        kept = {"samples": samples, "missing": missing, "hot": asdict(self.hot), "facts": self.facts}
        path.write_text(json.dumps(kept))

    @classmethod
    def load(cls, path: Path) -> "Results":
        """What `save` kept."""
        kept = json.loads(path.read_text())
        samples = [Sample(**{**one, "case": Case(**one["case"])}) for one in kept["samples"]]
        missing = {(name, Case(**case)): why for name, case, why in kept["missing"]}
        hot = HotPath(**kept["hot"])
        # JSON knows no tuples.
        hot.rooms = [(room, made, share) for room, made, share in hot.rooms]
        return cls(samples, missing, hot, kept["facts"])
