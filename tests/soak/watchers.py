"""Waits for events as users do: one by one, in batches, slowly, and with breaks; every watcher must see the same."""

import asyncio
from collections.abc import Awaitable, Callable

from etcdobs import AsyncWatcher, CompactedError, EtcdError, Keys
from tests.soak.actors import Actor, Scene
from tests.soak.journal import ROOT, View

EVERYTHING = Keys.prefix(ROOT)
OPENING = 5.0
Take = Callable[[Actor, View, AsyncWatcher], Awaitable[bool]]


async def one_by_one(actor: Actor, view: View, watcher: AsyncWatcher) -> bool:
    """With a timed `get`, which must lose nothing when its time is up."""
    while True:
        try:
            event = await watcher.get(timeout=actor.chance.uniform(0.01, 1.0))
        except EtcdError:
            raise
        except TimeoutError:
            continue
        if actor.journal.saw(view, [event], whole=False):
            return True


async def in_batches(actor: Actor, view: View, watcher: AsyncWatcher) -> bool:
    """Batches, in which a revision is whole."""
    async for batch in watcher.responses():
        if batch.is_progress and batch.revision < view.last:
            actor.journal.wrong(f"{view.name}: progress to {batch.revision} after {view.last}")
        if actor.journal.saw(view, batch.events, whole=True):
            return True
    return False


async def slowly(actor: Actor, view: View, watcher: AsyncWatcher) -> bool:
    """Batches, with pauses in which its small buffer is full."""
    async for batch in watcher.responses():
        if actor.journal.saw(view, batch.events, whole=True):
            return True
        if actor.chance.random() < 0.02:
            await asyncio.sleep(actor.chance.uniform(0, 4))
    return False


async def with_breaks(actor: Actor, view: View, watcher: AsyncWatcher) -> bool:
    """Closed after some events, to go on from `revision`."""
    for _ in range(actor.chance.randint(1, 300)):
        event = await watcher.get()
        if actor.journal.saw(view, [event], whole=False):
            return True
    return False


async def watch(scene: Scene, role: str, take: Take, start: int, **asked: bool | int) -> None:
    """Opens a watcher again until the end of the run was seen; only a compaction may end one."""
    actor = Actor(scene, role)
    view = actor.journal.view(actor.name, start)
    following = start
    while not view.is_complete:
        watcher = actor.client.watch(EVERYTHING, start_revision=following, timeout=OPENING, **asked)  # type: ignore[arg-type]
        opening = actor.operation("watch", OPENING)
        try:
            await actor.journal.attempt(opening, watcher.__aenter__(), (CompactedError,))
            if not opening.error:
                await take(actor, view, watcher)
        except CompactedError as error:
            following = _after(actor, view, watcher, error.compact_revision or 0)
        except EtcdError as error:
            actor.journal.wrong(f"{view.name} was ended by {error!r}")
            return
        else:
            following = max(following, watcher.revision + 1)
            actor.journal.resumed(view, following - 1)
        finally:
            await watcher.close()


def _after(actor: Actor, view: View, watcher: AsyncWatcher, compacted: int) -> int:
    """Where to go on after a compaction, which must be one that was made."""
    lost_from = watcher.revision + 1
    actor.journal.resumed(view, watcher.revision)
    if compacted not in actor.journal.compactions or compacted <= lost_from:
        actor.journal.wrong(f"{view.name} at {lost_from} was ended by a compaction to {compacted}")
    view.gaps.append((lost_from, compacted - 1))
    return compacted


WATCHERS: dict[str, tuple[Take, dict[str, bool | int]]] = {
    "watcher one by one": (one_by_one, {}),
    "watcher in batches": (in_batches, {"progress_notify": True, "prev_kv": True}),
    "slow watcher": (slowly, {"buffer": 20}),
    "watcher with breaks": (with_breaks, {}),
}
