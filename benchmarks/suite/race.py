"""Decides what is measured in which order: in each round all contenders take their turn, to and fro."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.suite import environments, field
from benchmarks.suite.environments import NotHereError
from benchmarks.suite.field import Entry
from benchmarks.suite.process import Process
from benchmarks.suite.results import Case, Results
from etcdobs import Client, Keys

LOADED = "/bench/load/"
CORE = (field.RAW_SYNC, field.RAW_AIO, field.SYNC, field.AIO, field.AIO_BATCHED, field.AETCD, field.GO)
"""Who is measured where it takes long."""
HEAVY = (field.RAW_SYNC, field.SYNC, field.GO)
PLACES = 12
"""Pages that stand for all, where reading all pages would take the square."""


@dataclass(frozen=True)
class Size:
    """A store of so many keys, and how often what depends on them is measured."""

    keys: int
    rounds: int
    loads: int
    who: Sequence[str] = ()
    """Everyone, where it is empty."""


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    seconds: float
    rounds: int
    callers: Sequence[int]
    sizes: Sequence[Size]
    events: Sequence[Size]
    """Of a watch; keys without a store."""
    imports: int


FULL = Plan(
    seconds=0.3,
    rounds=5,
    callers=(1, 8, 64),
    sizes=(Size(10_000, 5, 3), Size(100_000, 3, 1, CORE), Size(1_000_000, 2, 0, HEAVY)),
    events=(Size(10_000, 5, 0), Size(100_000, 1, 0, CORE)),
    imports=5,
)
QUICK = Plan(
    seconds=0.08,
    rounds=3,
    callers=(1, 8, 64),
    sizes=(Size(1_000, 3, 2), Size(10_000, 3, 1, CORE), Size(30_000, 1, 0, HEAVY)),
    events=(Size(2_000, 3, 0), Size(10_000, 1, 0, CORE)),
    imports=2,
)
TINY = Plan(seconds=0.02, rounds=1, callers=(1, 4), sizes=(Size(200, 1, 1),), events=(Size(200, 1, 0),), imports=0)


class Race:
    """One server, all contenders on it, and what they took."""

    def __init__(self, plan: Plan, endpoint: str, entries: Sequence[Entry], say: Callable[[str], None] = print) -> None:
        self.results = Results()
        self._plan, self._endpoint, self._entries, self._say = plan, endpoint, entries, say
        self._began = time.monotonic()

    def run(self) -> Results:
        """Measure everything."""
        with ExitStack() as stack:
            self._client = stack.enter_context(Client(self._endpoint, timeout=120))
            self._tell("making the contenders' environments")
            self._processes = [Process(entry, self._endpoint) for entry in self._entries]
            for process in self._processes:
                stack.callback(process.close)
            self._calls()
            for size in self._plan.events:
                self._watch(size)
            for size in self._plan.sizes:
                self._store(size)
        self._imports()
        return self.results

    def _tell(self, what: str) -> None:
        self._say(f"{time.monotonic() - self._began:6.1f} s  {what}")

    def _in_turns(self, rounds: int, who: Sequence[str], ask: Callable[[Process, int], None]) -> None:
        running = [process for process in self._processes if not who or process.entry.name in who]
        for turn in range(rounds):
            for process in running if turn % 2 else reversed(running):
                ask(process, turn)

    def _all(self, case: Case, do: str, rounds: int, who: Sequence[str] = (), **arguments: object) -> None:
        """The same of everyone, in turns."""

        def ask(process: Process, turn: int) -> None:
            self.results.add(process.entry.name, case, turn, process.ask(do, **arguments))

        self._in_turns(rounds, who, ask)

    def _calls(self) -> None:
        for do in ("put", "get"):
            # Connections, caches and keys are there before the first round.
            self._in_turns(1, (), lambda process, _, do=do: _warm(process, do))  # type: ignore[misc]
            for callers in self._plan.callers:
                self._tell(f"{do}, {callers} callers")
                seconds = self._plan.seconds
                self._all(Case(do, callers), do, self._plan.rounds, callers=callers, seconds=seconds)

    def _watch(self, size: Size) -> None:
        prefix, start = f"/bench/watch/{size.keys}/", self._revision() + 1
        self._tell(f"watch, {size.keys} events")
        writer = next(process for process in self._processes if process.entry.name == field.RAW_SYNC)
        # As a busy cluster has them: a few keys a revision. Of many the server makes answers that it takes apart at
        # a cost of their square, which would hide what the clients do.
        writer.ask("load", prefix=prefix, count=size.keys, operations=4)
        case = Case("watch", keys=size.keys)
        self._all(case, "watch", size.rounds, size.who, prefix=prefix, count=size.keys, revision=start)

    def _store(self, size: Size) -> None:
        """What depends on how many keys there are."""
        prefix = f"/bench/{size.keys}/"
        self._tell(f"a store of {size.keys} keys")
        # Where it is too much for all to load as many again, this is what is known of loading them.
        case = Case("fill" if size.loads else "load", keys=size.keys)
        self._all(case, "load", 1, (field.SYNC,), prefix=prefix, count=size.keys)
        # Before the process has held all of them at once: its allocator may keep what it got then.
        self._all(Case("scan", keys=size.keys), "scan", size.rounds, (field.SYNC, field.AIO), prefix=prefix)
        self._all(Case("range", keys=size.keys), "range", size.rounds, size.who, prefix=prefix)
        self._bounded_reads(size, prefix)
        self._load(size)

    def _bounded_reads(self, size: Size, prefix: str) -> None:
        self._tell(f"pages and children of {size.keys} keys")
        rounds, raw = size.rounds, (field.RAW_SYNC,)
        self._all(Case("pages", keys=size.keys), "pages", 1, raw, prefix=prefix, count=size.keys, wanted=PLACES)
        self._all(Case("children", keys=size.keys), "children", rounds, (field.SYNC,), prefix=prefix, wanted=0)
        self._all(Case("children", keys=size.keys), "children", 1, raw, prefix=prefix, wanted=PLACES)
        self._all(Case("count", keys=size.keys), "count", rounds, (field.SYNC,), prefix=prefix)
        seconds, callers = self._plan.seconds, 8
        self._all(Case("get growth", 8, size.keys), "get", 3, CORE, callers=callers, seconds=seconds)

    def _load(self, size: Size) -> None:
        if not size.loads:
            return
        self._tell(f"bulk load of {size.keys} keys")

        def ask(process: Process, turn: int) -> None:
            answer = process.ask("load", prefix=LOADED, count=size.keys)
            self.results.add(process.entry.name, Case("load", keys=size.keys), turn, answer)
            self._client.delete(Keys.prefix(LOADED))

        self._in_turns(size.loads, size.who, ask)

    def _revision(self) -> int:
        return self._client.range("/bench/nothing").revision

    def _imports(self) -> None:
        self._tell("imports")
        importing = [entry for entry in self._entries if entry.imports]
        for turn in range(self._plan.imports):
            for entry in importing if turn % 2 else reversed(importing):
                self.results.add(entry.name, Case("import"), turn, _import(entry))


def _warm(process: Process, do: str) -> None:
    process.ask(do, callers=64, seconds=0.05)


def _import(entry: Entry) -> dict[str, float | str]:
    """A fresh interpreter, less one that imports nothing."""
    try:
        python = str(environments.python_with(entry.requirements))
        _interpreted(python, entry.imports)
        return {"count": 1, "wall": _interpreted(python, entry.imports), "cpu": 0.0, "growth": 0}
    except (NotHereError, subprocess.CalledProcessError) as failed:
        return {"error": str(failed)}


def _interpreted(python: str, statement: str) -> float:
    """Seconds within the interpreter, its own start left out."""
    program = f"import time; t = time.perf_counter(); exec({statement!r}); print(time.perf_counter() - t)"
    ran = subprocess.run([python, "-c", program], cwd=environments.CHECKOUT, capture_output=True, text=True, check=True)
    return float(ran.stdout)


if __name__ == "__main__":
    sys.exit("run `make bench`")
