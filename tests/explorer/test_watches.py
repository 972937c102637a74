"""The watches: what each asks for, how far it is behind, and how it goes on after it ended."""

import pytest

from etcdobs_explorer.model.changes import EventsArrived, WatchBegan, WatchFailed
from etcdobs_explorer.model.records import EventRecord, FailureKind
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.watches import MOST, Phase, TooManyWatchesError, Watches, WatchSpec


def event(revision: int, key: bytes = b"/a/k", *, is_delete: bool = False) -> EventRecord:
    return EventRecord(is_delete, False, key, b"", 0, revision)


@pytest.mark.parametrize(
    ("spec", "covered"),
    [
        (WatchSpec(b"/a/"), True),
        (WatchSpec(b""), True),
        (WatchSpec(b"/a/", is_prefix=False), False),
        (WatchSpec(b"/a/k", is_prefix=False), True),
        (WatchSpec(b"/b/"), False),
        (WatchSpec(b"/a/", puts=False), False),
        (WatchSpec(b"/a/", deletes=False), True),
    ],
)
def test_what_a_watch_brings(spec: WatchSpec, covered: bool) -> None:
    assert spec.covers(event(1)) is covered


class TestList:
    def test_a_new_one_is_chosen_and_its_neighbour_once_it_is_removed(self) -> None:
        watches = Watches()
        first, second = watches.add(WatchSpec(b"/a")), watches.add(WatchSpec(b"/b"))
        assert watches.chosen is second
        watches.remove(second.id)
        assert watches.chosen is first
        watches.remove(first.id)
        assert watches.chosen is watches.builtin

    def test_that_of_the_key_tree_stays(self) -> None:
        watches = Watches()
        watches.remove(watches.builtin.id)
        assert watches.rows == [watches.builtin]

    def test_there_is_an_end_to_how_many(self) -> None:
        watches = Watches()
        for _ in range(MOST - 1):
            watches.add(WatchSpec(b"/a"))
        with pytest.raises(TooManyWatchesError):
            watches.add(WatchSpec(b"/a"))

    def test_news_of_one_that_was_removed_changes_nothing(self) -> None:
        state = State("c")
        watch = state.watches.add(WatchSpec(b"/a"))
        state.watches.remove(watch.id)
        for news in (
            WatchBegan(watch.id, 5),
            EventsArrived([event(7)], 7, 0.0, watch.id),
            WatchFailed(FailureKind.DENIED, b"no", watch.id),
        ):
            assert not news.apply(state, 1.0)
        assert (state.log.total, state.watching) == (0, False)


class TestState:
    def test_from_opening_to_live(self) -> None:
        state = State("c")
        watch = state.watches.add(WatchSpec(b"/a/"))
        assert watch.phase is Phase.OPENING
        WatchBegan(watch.id, 40).apply(state, 1.0)
        EventsArrived([event(41), event(42)], 42, 0.0, watch.id).apply(state, 1.0)
        assert (watch.phase, watch.revision, watch.log.total, state.log.total) == (Phase.LIVE, 42, 2, 0)
        assert state.connection.revision == 42

    def test_a_loss_is_waited_out_and_a_refusal_is_not(self) -> None:
        state = State("c")
        watch = state.watches.add(WatchSpec(b"/a/"))
        WatchFailed(FailureKind.UNREACHABLE, b"refused", watch.id).apply(state, 1.0)
        assert (watch.phase, watch.reason) == (Phase.RETRYING, b"refused")
        WatchFailed(FailureKind.DENIED, b"permission denied", watch.id).apply(state, 1.0)
        assert (watch.phase, watch.phase.is_over) == (Phase.DENIED, True)

    def test_it_goes_on_after_what_was_seen(self) -> None:
        state = State("c")
        watch = state.watches.add(WatchSpec(b"/a/", deletes=False))
        assert watch.again == WatchSpec(b"/a/", deletes=False)
        EventsArrived([event(41)], 41, 0.0, watch.id).apply(state, 1.0)
        assert watch.again == WatchSpec(b"/a/", start_revision=42, deletes=False)

    def test_where_history_is_gone_it_goes_on_where_it_starts_now(self) -> None:
        state = State("c")
        watch = state.watches.add(WatchSpec(b"/a/", start_revision=5))
        WatchFailed(FailureKind.OTHER, b"compacted", watch.id, 900).apply(state, 1.0)
        assert (watch.phase, watch.history_start) == (Phase.COMPACTED, 900)
        assert watch.again.start_revision == 900

    def test_another_root_restarts_that_of_the_key_tree_and_keeps_its_log(self) -> None:
        state = State("c")
        WatchBegan(revision=3).apply(state, 1.0)
        EventsArrived([event(4)], 4, 0.0).apply(state, 1.0)
        state.rooted(b"/a/")
        assert (state.watching, state.watches.builtin.spec.key, state.log.total) == (False, b"/a/", 1)


class TestLag:
    def test_keys_that_rest_are_not_behind(self) -> None:
        state = State("c")
        watch = state.watches.add(WatchSpec(b"/a/"))
        WatchBegan(watch.id, 10).apply(state, 1.0)
        EventsArrived([event(5000, b"/other")], 5000, 0.0).apply(state, 2.0)
        assert watch.lag(state.connection.revision, 3.0) == 0

    def test_behind_while_another_watch_has_brought_what_it_has_not(self) -> None:
        state = State("c")
        watch = state.watches.add(WatchSpec(b"/a/"))
        WatchBegan(watch.id, 10).apply(state, 1.0)
        EventsArrived([event(11), event(12, b"/other")], 12, 0.0).apply(state, 2.0)
        assert watch.lag(state.connection.revision, 9.0) == 2
        EventsArrived([event(11)], 11, 0.0, watch.id).apply(state, 9.0)
        assert watch.lag(state.connection.revision, 9.0) == 0

    def test_behind_while_it_reads_history(self) -> None:
        state = State("c")
        state.connection.seen(1000)
        watch = state.watches.add(WatchSpec(b"/a/", start_revision=1))
        WatchBegan(watch.id, 0).apply(state, 1.0)
        EventsArrived([event(400)], 400, 0.0, watch.id).apply(state, 2.0)
        assert watch.lag(1000, 2.1) == 600
        assert watch.lag(1000, 9.0) == 0, "nothing more comes: the rest was about other keys"
