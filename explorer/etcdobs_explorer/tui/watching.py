"""Decides what a view posts for a watch to begin, to go on and to end."""

from etcdobs_explorer.model.watches import TooManyWatchesError, Watch, WatchSpec

from .messages import Tell, ViewChosen, Where, Work


def begin(where: Where, spec: WatchSpec) -> bool:
    """Begin a watch and choose it; one that asks for the same is chosen instead. False where there are too many."""
    watches = where.state.watches
    if (same := watches.alike(spec)) is not None:
        watches.chosen = same
        return True
    try:
        watch = watches.add(spec)
    except TooManyWatchesError:
        where.post_message(Tell(f"{len(watches.rows)} watches are the most; d removes one", "warning"))
        return False
    _follow(where, watch, spec)
    return True


def _follow(where: Where, watch: Watch, spec: WatchSpec) -> None:
    where.post_message(Work(f"watch {watch.id}", lambda feeds: feeds.watch.follow(watch.id, spec)))


def begin_and_show(where: Where, spec: WatchSpec) -> None:
    """Begin a watch and go to it."""
    if begin(where, spec):
        where.post_message(ViewChosen("watch"))


def end(where: Where) -> bool:
    """End the chosen watch and forget it; False where that is the key tree's."""
    watches = where.state.watches
    watch = watches.chosen
    if watch.is_builtin:
        where.post_message(Tell("the key tree's own watch stays", "warning"))
        return False
    watches.remove(watch.id)
    where.post_message(Work(f"watch {watch.id}", lambda feeds: feeds.watch.end(watch.id)))
    return True


def restart(where: Where) -> None:
    """Go on with the chosen watch where it ended, or where the server's history starts now."""
    watch = where.state.watches.chosen
    if watch.is_builtin or not watch.phase.is_over:
        where.post_message(Tell("it has not ended", "warning"))
        return
    spec = watch.again
    watch.restart(spec)
    _follow(where, watch, spec)
