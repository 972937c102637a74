"""Runs users of both clients against three members while faults come and go: `python -m tests.soak.run --minutes 2`.

Prints the seed first and a report last; the exit status is 1 when a check failed. It ends by itself, whatever hangs.
"""

import argparse
import asyncio
import faulthandler
import os
import random
import sys
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from typing import Any, cast

from etcdobs import AsyncClient, Client, Keys, Put
from etcdobs.testing import EtcdCluster, Relay, etcd_cluster, relay
from etcdobs.testing._binary import etcd_version
from tests.clients import BlockingAsAsync
from tests.servers.obtain import obtained
from tests.soak.actors import ACCOUNTS, BALANCE, COUNTER, DEFAULT_TIMEOUT, FENCED, ROLES, WRITERS, Actor, Scene
from tests.soak.checks import CHECKS, nothing_grew
from tests.soak.journal import END, Journal, Write, now
from tests.soak.nemesis import LOGIN, Nemesis, Site
from tests.soak.report import print_report
from tests.soak.resources import Held, Measured, Pulse, count_all_memory, held, weight
from tests.soak.watchers import WATCHERS, in_batches, watch

KINDS = ("sync", "aio")
FLAGS = ("--snapshot-count=500", "--watch-progress-notify-interval=1s", "--auth-token-ttl=2", "--bcrypt-cost=4")
# Seconds for what comes after the faults: what is under way ends, watchers come to the end, clients close.
_WARM_UP, _WIND_UP, _DRAIN, _CLOSING = 3.0, 30.0, 45.0, 20.0


class Soak:
    """One run."""

    def __init__(self, cluster: EtcdCluster, relays: Sequence[Relay], seconds: float, seed: int) -> None:
        self.journal = Journal(seed)
        self._cluster = cluster
        self._relays = relays
        self._seconds = seconds
        self._stop = asyncio.Event()
        self.faults: Nemesis

    async def run(self, kinds: Sequence[str], pulse: Pulse) -> Measured:
        """Everything from the first client to the last check's material."""
        beating = asyncio.create_task(pulse.beat_in_loop())
        await self._open_once(kinds)
        before = held()
        async with AsyncExitStack() as clients:
            direct = await clients.enter_async_context(AsyncClient(self._cluster.endpoints, timeout=5.0, **LOGIN))
            scenes = [Scene(kind, await self._client(kind, clients), self.journal, self._stop) for kind in kinds]
            start = await self._prepare(direct)
            watching = self._watch(scenes, direct, start)
            acting = {f"{scene.kind} {role}": act(scene, role) for scene in scenes for role, act in ROLES.items()}
            opened = held()
            at_work = await self._harm(direct, watching, acting)
            at_end = held()
        beating.cancel()
        after = await self._settled(before)
        return Measured(before, opened, at_work, at_end, after, weight(self.journal))

    async def _open_once(self, kinds: Sequence[str]) -> None:
        """What gRPC starts with a process's first channel stays: it is no growth."""
        async with AsyncExitStack() as clients:
            for kind in kinds:
                await (await self._client(kind, clients)).get("k")
            await clients.enter_async_context(AsyncClient(self._cluster.endpoints, **LOGIN))

    async def _client(self, kind: str, clients: AsyncExitStack) -> AsyncClient:
        endpoints = [link.endpoint for link in self._relays]
        asked: dict[str, Any] = {"timeout": DEFAULT_TIMEOUT, "keepalive_time": 5.0, "keepalive_timeout": 2.0, **LOGIN}
        if kind == "aio":
            return await clients.enter_async_context(AsyncClient(endpoints, **asked))
        return cast(AsyncClient, await clients.enter_async_context(BlockingAsAsync(Client(endpoints, **asked))))

    async def _prepare(self, direct: AsyncClient) -> int:
        """What is there before the first actor; the revision at which it is."""
        first: list[Write] = [(account, b"%d" % BALANCE) for account in ACCOUNTS]
        first += [(COUNTER, b"1"), (FENCED, b"0" * 20)]
        actor = Actor(Scene("direct", direct, self.journal, self._stop), "setup")
        txn = direct.txn().then(*(Put(key, value or b"") for key, value in first))
        answer = await self.journal.attempt(actor.operation("txn", 10.0, *first), txn.commit(timeout=10.0))
        assert answer is not None
        return answer.revision

    def _watch(self, scenes: Sequence[Scene], direct: AsyncClient, start: int) -> dict[str, Awaitable[None]]:
        watching: dict[str, Awaitable[None]] = {
            f"{scene.kind} {role}": watch(scene, role, take, start, **asked)
            for scene in scenes
            for role, (take, asked) in WATCHERS.items()
        }
        observed = Scene("direct", direct, self.journal, self._stop)
        return watching | {"observer": watch(observed, "observer", in_batches, start)}

    async def _harm(
        self, direct: AsyncClient, watching: Mapping[str, Awaitable[None]], acting: Mapping[str, Awaitable[None]]
    ) -> Held:
        watchers = [asyncio.create_task(self._survive(name, work)) for name, work in watching.items()]
        actors = [asyncio.create_task(self._survive(name, work)) for name, work in acting.items()]
        self.faults = Nemesis(Site(self._cluster, self._relays, direct, self.journal))
        until = now() + self._seconds
        await asyncio.sleep(_WARM_UP)
        at_work = held()
        await self._survive("nemesis", self.faults.run(until))
        self._stop.set()
        await self._ended(actors, _WIND_UP, "actors that did not stop")
        await self._remember(direct)
        await self._ended(watchers, _DRAIN, "watchers that did not come to the end")
        return at_work

    async def _survive(self, name: str, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - whatever is raised but EtcdError is what is looked for
            self.journal.wrong(f"{name} met with {error!r}")

    async def _ended(self, tasks: Sequence["asyncio.Task[None]"], seconds: float, what: str) -> None:
        _, late = await asyncio.wait(tasks, timeout=seconds)
        if late:
            self.journal.wrong(f"{what} within {seconds:g} s: {len(late)}: {sorted(map(repr, late))}")
        for task in late:
            task.cancel()
        await asyncio.wait(tasks, timeout=_CLOSING)

    async def _remember(self, direct: AsyncClient) -> None:
        """How it all ended, and the event that tells watchers so."""
        for keys in (Keys.prefix(WRITERS), Keys.one(COUNTER)):
            for kv in await direct.range(keys, timeout=10.0):
                self.journal.versions[kv.key] = kv.version, kv.value
        await direct.put(END, "end", timeout=10.0)

    async def _settled(self, before: Held) -> Held:
        """What is held once the threads of closed clients had time to end."""
        deadline = now() + _CLOSING
        while (after := held()).threads > before.threads and now() < deadline:  # noqa: ASYNC110 - threads end untold
            await asyncio.sleep(0.1)
        return after

    def check(self, measured: Measured) -> list[str]:
        """All that must not have been."""
        wrong = [f"{check.__name__}: {what}" for check in CHECKS for what in check(self.journal)]
        return [*self.journal.violations, *wrong, *nothing_grew(measured, self._seconds / 60)]


def soak(minutes: float, seed: int, kinds: Sequence[str]) -> int:
    """One run and its report; the exit status."""
    seconds = 60 * minutes
    faulthandler.dump_traceback_later(seconds + _WARM_UP + _WIND_UP + _DRAIN + 4 * _CLOSING + 60, exit=True)
    with ExitStack() as stack:
        cluster = stack.enter_context(etcd_cluster(3, flags=FLAGS, root_password=LOGIN["password"]))
        relays = [stack.enter_context(relay(member.endpoint)) for member in cluster]
        run = Soak(cluster, relays, seconds, seed)
        version = cluster.version
        with Pulse(run.journal) as pulse:
            measured = asyncio.run(run.run(kinds, pulse))
    wrong = run.check(measured)
    print_report(run.journal, run.faults.counts, measured, wrong, f"{minutes:g} minutes on etcd {version}, {kinds}")
    faulthandler.cancel_dump_traceback_later()
    return 1 if wrong else 0


def choose_server() -> None:
    """The newest etcd that is here, where ETCDOBS_ETCD names none: it has the fewest faults of its own."""
    newest = max(obtained(), key=lambda server: etcd_version(server.etcd), default=None)
    if newest is not None:
        os.environ.setdefault("ETCDOBS_ETCD", str(newest.etcd))


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.run", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="how long faults come and go (default: 2)")
    parser.add_argument("--seed", type=int, help="of every choice (default: another each time)")
    parser.add_argument("--client", choices=(*KINDS, "both"), default="both")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if asked.seed is None else asked.seed
    count_all_memory()
    print(f"soak: seed {seed}, {asked.minutes:g} minutes, client {asked.client}", flush=True)
    choose_server()
    return soak(asked.minutes, seed, KINDS if asked.client == "both" else [asked.client])


if __name__ == "__main__":
    sys.exit(main())
