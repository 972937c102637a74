"""What the benchmark's page makes of figures: ratios of neighbours, and no silence about who is faster."""

import sys
from xml.etree import ElementTree

from benchmarks.suite import field
from benchmarks.suite.environments import NotHereError
from benchmarks.suite.field import Entry
from benchmarks.suite.keyspace import key, places, sorted_key
from benchmarks.suite.page import Page
from benchmarks.suite.pictures import pictures
from benchmarks.suite.process import Process
from benchmarks.suite.results import Case, Results

FACTS = dict.fromkeys(("command", "server", "machine", "client side", "peers", "took"), "known")
GET = Case("get", 8)


def answer(count: float) -> dict[str, float | str]:
    """So many in a second."""
    return {"count": count, "wall": 1.0, "cpu": 0.5, "growth": 2**20}


def results(**rates: tuple[float, ...]) -> Results:
    """What contenders did in each round."""
    found = Results(facts=FACTS)
    names = {"raw": field.RAW_SYNC, "ours": field.SYNC, "aetcd": field.AETCD}
    for name, rounds in rates.items():
        for turn, rate in enumerate(rounds):
            found.add(names[name], GET, turn, answer(rate))
    return found


def test_a_ratio_is_of_neighbours_and_has_its_spread() -> None:
    # The machine became twice as slow in the second round: for both, so that the ratio stays.
    spread = results(raw=(100, 50, 100), ours=(80, 40, 90)).ratio(field.SYNC, field.RAW_SYNC, GET)
    assert spread is not None
    assert (spread.median, spread.least, spread.most) == (0.8, 0.8, 0.9)


def test_the_page_says_where_a_peer_wins() -> None:
    text = Page(results(raw=(100,), ours=(50,), aetcd=(80,))).text()
    assert "**0.62** (0.62-0.62) aetcd" in text
    assert "- get, 8 callers: aetcd 1.60." in text


def test_the_page_says_where_no_peer_wins() -> None:
    text = Page(results(raw=(100,), ours=(90,), aetcd=(80,))).text()
    assert "1.12 (1.12-1.12) aetcd" in text
    assert "- nowhere." in text


def test_a_contender_that_fails_is_told_of_once() -> None:
    found = results(raw=(100,), ours=(90,))
    for turn in range(2):
        found.add(field.AETCD, GET, turn, {"error": "OSError: it broke"})
    assert Page(found).text().count("aetcd, get: OSError: it broke") == 1


def test_a_contender_that_did_nothing_has_no_figure() -> None:
    found = results(raw=(100,), ours=(0,))
    assert found.rate(field.SYNC, GET) is None
    assert "not one came to its end" in Page(found).text()


def test_the_pictures_are_drawn_of_whatever_is_there() -> None:
    for picture in pictures(results(raw=(100,), ours=(90,))).values():
        ElementTree.fromstring(picture)


def test_a_process_that_ends_is_out_and_says_why() -> None:
    program = "import sys; print('{}', flush=True); sys.stdin.readline(); sys.exit('it broke')"
    process = Process(Entry("broken", "peer", field.RAW_SYNC, lambda: [sys.executable, "-c", program]), "endpoint")
    assert process.out == ""
    for _ in range(2):
        assert process.ask("get") == {"error": "it ended: it broke"}
    process.close()


def test_a_contender_that_is_not_here_says_why() -> None:
    def command() -> list[str]:
        raise NotHereError("Go is not on PATH")

    assert Process(Entry("absent", "peer", field.RAW_SYNC, command), "").ask("get") == {"error": "Go is not on PATH"}


def test_pages_are_measured_at_places_spread_over_all_keys() -> None:
    ordered = sorted(key("/p/", number) for number in range(5_000))
    assert [sorted_key("/p/", 5_000)(place) for place in range(5_000)] == ordered
    first, stands_for = places("/p/", 5_000, wanted=2)
    assert first == [ordered[1_250], ordered[3_750]]
    assert stands_for == 2.5
