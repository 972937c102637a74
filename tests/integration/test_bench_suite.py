"""The benchmark suite on a real server: one tiny round, so that it does not rot."""

import re
from pathlib import Path

import pytest

from benchmarks.suite import field
from benchmarks.suite.environments import NotHereError
from benchmarks.suite.field import Entry
from benchmarks.suite.hot_path import hot_path
from benchmarks.suite.race import TINY, Race
from benchmarks.suite.results import Results
from benchmarks.suite.run import write
from etcdobs.testing import Etcd

RATIO = r"\d+\.\d\d \(\d+\.\d\d-\d+\.\d\d\)"
FACTS = ("command", "server", "machine", "client side", "peers", "took")


def absent() -> list[str]:
    raise NotHereError("it is not here")


@pytest.mark.timeout(120)
def test_a_tiny_round_makes_the_page_and_one_that_fails_is_told_of(quick_etcd: Etcd, tmp_path: Path) -> None:
    entries = [field.BY_NAME[name] for name in (field.RAW_SYNC, field.RAW_AIO, field.SYNC)]
    failing = Entry(field.GO, "peer", field.RAW_AIO, absent)
    results = Race(TINY, quick_etcd.endpoint, [*entries, failing], lambda _: None).run()
    results.hot = hot_path(quick_etcd.endpoint, rounds=1, times=10)
    results.facts = dict.fromkeys(FACTS, "known")
    write(results, tmp_path)
    page = (tmp_path / "benchmarks.md").read_text()
    ways = ("calls", "range", "watch", "scan", "children", "load")
    assert [why for (name, _), why in results.missing.items() if name != field.GO and why != "not measured"] == []
    assert re.search(rf"\| {field.SYNC} \| [\d,.]+ \| {RATIO} \| [\d,.]+ \| {RATIO} \| [\d,.]+ \|", page)
    assert "- Go clientv3, get: it is not here" in page
    assert "function calls" in page
    assert {case.scenario for sample in results.samples if (case := sample.case)} > set(ways[1:])
    assert len(list((tmp_path / "pictures").glob("bench-*.svg"))) == 3
    results.save(tmp_path / "kept.json")
    assert Results.load(tmp_path / "kept.json") == results
