"""Waits for the changes of some keys, as they come, for as long as was asked for."""

from contextlib import suppress
from typing import Any

from etcdobs_explorer.notebook.following.background import Live
from etcdobs_explorer.notebook.following.follow import Follow
from etcdobs_explorer.notebook.following.screens import SECONDS_BETWEEN_DRAWINGS, Screen, screen, show
from etcdobs_explorer.notebook.grammar import Argument, Command, Option
from etcdobs_explorer.notebook.kinds import DURATION, NUMBER, REVISION
from etcdobs_explorer.notebook.operations import keys_of
from etcdobs_explorer.notebook.run import Run
from etcdobs_explorer.notebook.words import LineError

from .keys import FROM_KEY, PREFIX, PREV_KV, absolute

_KEPT = 10_000


class Watched(Follow):
    """A watch that is over, drawn already where it ran."""

    was_drawn = False

    def _ipython_display_(self) -> None:
        if not self.was_drawn:
            show({"text/plain": repr(self), "text/html": self._repr_html_()}, is_updated=False)
        self.was_drawn = False


def watch(run: Run) -> Any:
    """The changes of a range: until the time or the number of events is reached, or the cell is interrupted."""
    asked = run.asked
    keys = keys_of(asked)
    start = absolute(run, asked["rev"])
    bounds = {**_bounds(run), "start": start}
    watcher = run.client.watch(keys, start_revision=start, prev_kv=asked["prev-kv"], timeout=run.seconds)
    if asked["background"]:
        place = screen(run.watching.show, in_background=True)  # type: ignore[arg-type]
        live = Live(watcher.__enter__(), keys.start, run.limits, screen=place, cell=cell_id(run.shell), **bounds)
        return live.start()
    follow = Watched(watcher.__enter__(), keys.start, run.limits, **bounds)
    return _followed(follow, screen(run.watching.show, in_background=False))  # type: ignore[arg-type]


def _bounds(run: Run) -> dict[str, Any]:
    """A cell that waits for ever helps nobody: it has a time always, and a number where it names neither."""
    seconds, most = run.asked["for"], run.asked["max-events"]
    if most == 0:
        raise LineError("--max-events: a whole number from 1 on is wanted, not 0")
    if seconds is None and most is None:
        most = run.watching.events
    return {"keep": _KEPT, "seconds": seconds or run.watching.seconds, "most": most}


def _followed(follow: Watched, place: Screen) -> Watched:
    place.begin(follow)
    try:
        while follow.step(SECONDS_BETWEEN_DRAWINGS):
            place.draw(follow)
    except KeyboardInterrupt:
        follow.end("interrupted")
    finally:
        follow.end("the watch was given up")
        place.draw(follow)
        place.end(follow)
    if follow.error is not None:
        raise follow.error
    follow.was_drawn = place.draws
    return follow


def cell_id(shell: Any) -> str:
    """Which cell runs, where the front end says so."""
    with suppress(AttributeError, KeyError, TypeError):
        metadata = shell.get_parent()["metadata"]
        return str(metadata.get("cellId") or metadata.get("cell_id") or "")
    return ""


COMMANDS = (
    Command(
        ("watch",),
        "changes as they come",
        watch,
        (Argument("KEY", completes="key"), Argument("RANGE_END", optional=True, completes="key")),
        (
            PREFIX,
            FROM_KEY,
            Option("rev", "from this revision on; -N: N before now", REVISION, default=0),
            PREV_KV,
            Option("for", "how long", DURATION),
            Option("max-events", "so many events", NUMBER),
            Option("background", "while other cells run; answers at once, .stop() ends it"),
        ),
        "The cell waits until the time or the number is reached, or until it is interrupted; without them"
        " %config EtcdMagic.watch_seconds and watch_events hold. Answers a sequence of the events.",
        ("%etcd watch /jobs --prefix --for 30s", "seen = %etcd watch /jobs --prefix --rev -100 --max-events 10"),
    ),
)
