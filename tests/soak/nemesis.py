"""Decides which fault comes next, how long it lasts, and that it is healed: one after the other, from one seed."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from etcdobs import AsyncClient, EtcdError
from etcdobs.testing import Etcd, EtcdCluster, Relay
from tests.soak.journal import Journal, now

# Every client's.
LOGIN: dict[str, Any] = {"username": "root", "password": "soak"}
_HEAL = 30.0
# Revisions that a compaction leaves: a watcher that was away for as long as a fault lasts still finds its own.
_KEPT = 600


@dataclass(frozen=True, slots=True)
class Site:
    """What faults happen to: the members, the relay before each, and a client that reaches them without relays."""

    cluster: EtcdCluster
    relays: Sequence[Relay]
    direct: AsyncClient
    journal: Journal


Place = Callable[[Site, random.Random], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault: it lasts for `least` to `most` seconds, and is chosen as often as its weight says."""

    name: str
    place: Place
    least: float = 0.0
    most: float = 0.0
    weight: int = 2


def _link(change: Callable[[Relay, random.Random], None], heal: Callable[[Relay], None], *, every: bool) -> Place:
    @asynccontextmanager
    async def place(site: Site, chance: random.Random) -> AsyncGenerator[None, None]:
        links = site.relays if every else [chance.choice(site.relays)]
        try:
            for link in links:
                await asyncio.to_thread(change, link, chance)
            yield
        finally:
            for link in links:
                await asyncio.to_thread(heal, link)

    return place


def _member(harm: Callable[[Etcd], None], count: int, *, leader: bool = False) -> Place:
    @asynccontextmanager
    async def place(site: Site, chance: random.Random) -> AsyncGenerator[None, None]:
        leading = await asyncio.to_thread(site.cluster.leader)
        harmed = [leading] if leader else chance.sample(list(site.cluster), count)
        try:
            for member in harmed:
                await asyncio.to_thread(harm, member)
            yield
        finally:
            for member in harmed:
                member.resume()
            if harm is Etcd.pause and leading in harmed:
                site.journal.wakes.append(now())
            await asyncio.to_thread(site.cluster.start)

    return place


def _refuse(link: Relay, _: random.Random) -> None:
    link.refuse()
    link.reset()


def _compaction(kept: int) -> Place:
    @asynccontextmanager
    async def place(site: Site, _: random.Random) -> AsyncGenerator[None, None]:
        revision = (await site.direct.range("k", timeout=5.0)).revision - kept
        if revision > max(site.journal.compactions, default=0):
            site.journal.compactions.append(revision)
            await site.direct.compact(revision, timeout=5.0)
        yield

    return place


@asynccontextmanager
async def _defragmentation(site: Site, chance: random.Random) -> AsyncGenerator[None, None]:
    await site.direct.maintenance.defragment(chance.choice(site.cluster.endpoints), timeout=10.0)
    yield


@asynccontextmanager
async def _other_leader(site: Site, chance: random.Random) -> AsyncGenerator[None, None]:
    leader = await asyncio.to_thread(site.cluster.leader)
    status = await site.direct.maintenance.status(leader.endpoint, timeout=5.0)
    members = await site.direct.cluster.members(timeout=5.0)
    target = chance.choice([member.id for member in members if member.id != status.leader])
    await site.direct.maintenance.move_leader(target, timeout=5.0)
    yield


@asynccontextmanager
async def _tokens_revoked(site: Site, _: random.Random) -> AsyncGenerator[None, None]:
    # To the same one: what was handed out for it is refused from then on, and requests under way are too old.
    await site.direct.auth.user_change_password(LOGIN["username"], LOGIN["password"], timeout=5.0)
    yield


def _nothing(_: Relay) -> None: ...


FAULTS = (
    Fault("connections reset", _link(lambda link, _: link.reset(), _nothing, every=False), weight=3),
    Fault("all connections reset", _link(lambda link, _: link.reset(), _nothing, every=True)),
    Fault(
        "link slow", _link(lambda link, c: link.delay(c.uniform(0.05, 0.8)), lambda r: r.delay(0), every=False), 1, 5
    ),
    Fault(
        "all links slow",
        _link(lambda link, c: link.delay(c.uniform(0.05, 0.4)), lambda r: r.delay(0), every=True),
        1,
        4,
    ),
    Fault("link stalled", _link(lambda link, _: link.pause(), Relay.resume, every=False), 1, 8),
    Fault("link swallows", _link(lambda link, _: link.blackhole(), Relay.resume, every=False), 1, 12, 3),
    Fault("link refused", _link(_refuse, Relay.accept, every=False), 1, 6),
    Fault("all links refused", _link(_refuse, Relay.accept, every=True), 0.5, 4),
    Fault("all links swallow", _link(lambda link, _: link.blackhole(), Relay.resume, every=True), 1, 6),
    Fault("member frozen", _member(Etcd.pause, 1), 1, 8, 3),
    Fault("leader frozen", _member(Etcd.pause, 1, leader=True), 1, 8),
    Fault("quorum frozen", _member(Etcd.pause, 2), 0.5, 4),
    Fault("member killed", _member(Etcd.kill, 1), 0, 6, 3),
    Fault("leader killed", _member(Etcd.kill, 1, leader=True), 0, 4),
    Fault("quorum killed", _member(Etcd.kill, 2), 0, 3, 1),
    Fault("member stopped", _member(Etcd.stop, 1), 0, 4),
    Fault("compaction", _compaction(_KEPT), weight=4),
    Fault("defragmentation", _defragmentation),
    Fault("leadership moved", _other_leader),
    Fault("tokens revoked", _tokens_revoked, weight=3),
)
# While another fault lasts: who is cut off then is told so, and must say what it missed.
UNDER_WAY = Fault("compaction of what was missed", _compaction(5))
# A second fault on a link may come on top of one at a member, and the other way round.
_LINKS = [fault for fault in FAULTS if "link" in fault.name or "connections" in fault.name]


class Nemesis:
    """Harms and heals in turn, and counts. The cluster is whole again when `run` returns."""

    def __init__(self, site: Site) -> None:
        self.counts: Counter[str] = Counter()
        self._site = site
        self._chance = site.journal.random("nemesis")

    async def run(self, until: float) -> None:
        """Faults until that moment, and then none."""
        while now() < until:
            await asyncio.sleep(self._chance.uniform(0.5, 3.0))
            async with AsyncExitStack() as healing:
                hold = 0.0
                for fault in self._chosen():
                    hold = max(hold, await self._place(fault, healing))
                await asyncio.sleep(max(0.0, min(hold, until - now())))
                if self._chance.random() < 0.15:
                    await self._place(UNDER_WAY, healing)
            await asyncio.to_thread(self._await_health)

    def _chosen(self) -> list[Fault]:
        first = self._chance.choices(FAULTS, [fault.weight for fault in FAULTS])[0]
        if first in _LINKS or self._chance.random() < 0.7:
            return [first]
        return [first, self._chance.choice(_LINKS)]

    async def _place(self, fault: Fault, healing: AsyncExitStack) -> float:
        self.counts[fault.name] += 1
        try:
            await healing.enter_async_context(fault.place(self._site, self._chance))
        except EtcdError as error:
            self.counts[f"{fault.name}: {type(error).__name__}"] += 1
        return self._chance.uniform(fault.least, fault.most)

    def _await_health(self) -> None:
        deadline = now() + _HEAL
        self._site.cluster.leader(_HEAL)
        while not all(member.is_healthy() for member in self._site.cluster):
            if now() > deadline:
                raise TimeoutError(f"the members are not healthy {_HEAL:g} s after the last fault was healed")
