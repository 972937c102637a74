"""Waits as users do: writers, a counter, readers, a bank, locks and leases, each the same on both clients."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from etcdobs import AsyncClient, Compare, Keys, Put
from etcdobs.recipes import AsyncLock, AsyncSTM
from tests.soak.journal import ROOT, Holding, Journal, Operation, Write, now, shortened

ACCOUNTS = [ROOT + b"bank/%d" % number for number in range(5)]
BALANCE = 100
COUNTER = ROOT + b"counter"
FENCED = ROOT + b"fenced"
WRITERS = ROOT + b"w/"
LEASED = ROOT + b"leased/"
LOCK = ROOT + b"lock"
LOCK_TTL = 3
# The deadline of the clients of a run, for calls that name none.
DEFAULT_TIMEOUT = 3.0
_BIG = 250_000


@dataclass(frozen=True, slots=True)
class Scene:
    """Where an actor acts: its client, by name, what is noted, and the event that ends it."""

    kind: str
    client: AsyncClient
    journal: Journal
    stop: asyncio.Event


class Actor:
    """One user of a client."""

    def __init__(self, scene: Scene, role: str) -> None:
        self.name = f"{scene.kind} {role}"
        self.client = scene.client
        self.journal = scene.journal
        self.chance = scene.journal.random(self.name)
        self.stop = scene.stop

    def operation(self, kind: str, timeout: float, *writes: Write) -> Operation:
        """One that begins now."""
        return Operation(self.name, kind, timeout, tuple((key, value and shortened(value)) for key, value in writes))

    def timeout(self) -> float:
        """From too short to long enough for most faults."""
        return self.chance.uniform(0.3, 4.0)

    async def turns(self, pause: float) -> AsyncIterator[int]:
        """Numbers, with a pause after each, until it is time to stop."""
        number = 0
        while not self.stop.is_set():
            yield number
            number += 1
            await asyncio.sleep(self.chance.uniform(0, 2 * pause))


async def write(scene: Scene, role: str) -> None:
    """Puts of numbers that grow to two keys of its own; now and then several keys at once, or big values."""
    actor = Actor(scene, role)
    keys = [WRITERS + actor.name.replace(" ", "-").encode() + b"/%d" % index for index in range(2)]
    async for number in actor.turns(0.15):
        timeout, value, dice = actor.timeout(), b"%d" % number, actor.chance.random()
        if dice < 0.75:
            key = actor.chance.choice(keys)
            noted = actor.operation("put", timeout, (key, value))
            await actor.journal.attempt(noted, actor.client.put(key, value, timeout=timeout))
            continue
        if dice < 0.76:
            value = value.ljust(_BIG, b".")
        noted = actor.operation("txn", timeout, *((key, value) for key in keys))
        txn = actor.client.txn().then(*(Put(key, value) for key in keys))
        await actor.journal.attempt(noted, txn.commit(timeout=timeout))


async def erase(scene: Scene, role: str) -> None:
    """Puts and deletes of one key in turn."""
    actor = Actor(scene, role)
    key = ROOT + b"erased/" + actor.name.replace(" ", "-").encode()
    async for number in actor.turns(0.6):
        timeout = actor.timeout()
        if number % 2:
            noted = actor.operation("delete", timeout, (key, None))
            await actor.journal.attempt(noted, actor.client.delete(key, timeout=timeout))
        else:
            value = b"%d" % number
            noted = actor.operation("put", timeout, (key, value))
            await actor.journal.attempt(noted, actor.client.put(key, value, timeout=timeout))


async def count(scene: Scene, role: str) -> None:
    """Adds one to a number that all share, if nobody did meanwhile."""
    actor = Actor(scene, role)
    async for _ in actor.turns(0.4):
        timeout = actor.timeout()
        found = await actor.journal.attempt(actor.operation("get", timeout), actor.client.get(COUNTER, timeout=timeout))
        if found is None:
            continue
        value = b"%d" % (int(found.value) + 1)
        # Two who read the same number write the same: the name behind it tells them apart.
        noted = actor.operation("count", timeout, (COUNTER, value))
        unchanged = Compare.mod_revision(COUNTER) == found.mod_revision
        answer = await actor.journal.attempt(
            noted, actor.client.txn().when(unchanged).then(Put(COUNTER, value)).commit(timeout=timeout)
        )
        if answer is not None and not answer.succeeded:
            noted.writes = ()


async def read(scene: Scene, role: str) -> None:
    """Linearizable reads of keys that others write."""
    actor = Actor(scene, role)
    async for _ in actor.turns(0.2):
        timeout = actor.timeout()
        key = actor.chance.choice([COUNTER, FENCED, *ACCOUNTS])
        noted = actor.operation("range", timeout)
        answer = await actor.journal.attempt(noted, actor.client.range(key, timeout=timeout))
        if answer is not None:
            noted.key, noted.found = key, answer.kvs[0].mod_revision if answer.kvs else 0


async def transfer(scene: Scene, role: str) -> None:
    """Moves money between accounts in transactional memory, and sums it up."""
    actor = Actor(scene, role)
    async for number in actor.turns(0.5):
        timeout = actor.timeout()
        giver, taker = actor.chance.sample(ACCOUNTS, 2)
        amount = actor.chance.randint(1, 9)

        async def move(stm: AsyncSTM, giver: bytes = giver, taker: bytes = taker, amount: int = amount) -> None:
            left, right = int(await stm.get(giver)), int(await stm.get(taker))
            await stm.put(giver, str(left - amount))
            await stm.put(taker, str(right + amount))

        await actor.journal.attempt(actor.operation("stm", timeout), actor.client.stm(move, timeout=timeout))
        if number % 4 == 0:
            await audit(actor, timeout)


async def audit(actor: Actor, timeout: float) -> None:
    """One read of all accounts."""
    bank = Keys.prefix(ROOT + b"bank/")
    answer = await actor.journal.attempt(actor.operation("range", timeout), actor.client.range(bank, timeout=timeout))
    if answer is not None:
        actor.journal.balances.append((answer.revision, sum(int(kv.value) for kv in answer)))


async def exclude(scene: Scene, role: str) -> None:
    """Takes one lock, and writes under its fence while it is not lost."""
    actor = Actor(scene, role)
    async for _ in actor.turns(0.3):
        patience = actor.chance.uniform(1.0, 8.0)
        lock = actor.client.lock(LOCK, ttl=LOCK_TTL, timeout=patience)
        # The lease, its first renewal, the queue; and where that fails, to leave it and to give the lease back.
        noted = actor.operation("acquire", patience + 4 * DEFAULT_TIMEOUT)
        await actor.journal.attempt(noted, lock.acquire())
        if noted.error:
            continue
        holding = Holding(actor.name, lock.fence, noted.began, noted.ended, noted.ended)
        actor.journal.holdings.append(holding)
        await _guarded(actor, lock, holding)
        noted = actor.operation("release", 2 * DEFAULT_TIMEOUT)
        await actor.journal.attempt(noted, lock.release())


async def _guarded(actor: Actor, lock: AsyncLock, holding: Holding) -> None:
    until = now() + actor.chance.uniform(0.1, 1.5)
    while now() < until:
        seen = now()
        if lock.lost:
            return
        holding.held_until = seen
        value = b"%020d" % lock.fence
        noted = actor.operation("fenced", 1.0, (FENCED, value))
        mine = Compare.create_revision(lock.key) == lock.fence
        answer = await actor.journal.attempt(
            noted, actor.client.txn().when(mine).then(Put(FENCED, value)).commit(timeout=1.0)
        )
        if answer is not None and not answer.succeeded:
            noted.writes = ()
        await asyncio.sleep(0.1)


async def keep(scene: Scene, role: str) -> None:
    """Keeps a lease alive, and notes when it was last not lost; its key's deletion says when it was gone."""
    actor = Actor(scene, role)
    async for number in actor.turns(0.5):
        timeout = actor.timeout()
        lease = await actor.journal.attempt(
            actor.operation("grant", timeout), actor.client.lease.grant(actor.chance.randint(2, 4), timeout=timeout)
        )
        if lease is None:
            continue
        key = LEASED + f"{actor.name.replace(' ', '-')}/{number}".encode()
        noted = actor.operation("put", timeout, (key, b"alive"))
        await actor.journal.attempt(noted, actor.client.put(key, "alive", lease=lease, timeout=timeout))
        heartbeat = lease.keep_alive(timeout=timeout)
        beating = actor.operation("keep_alive", timeout)
        if await actor.journal.attempt(beating, heartbeat.__aenter__()) is None:
            continue
        try:
            until = now() + actor.chance.uniform(1, 12)
            while now() < until and not actor.stop.is_set():
                seen = now()
                if heartbeat.lost:
                    break
                actor.journal.last_alive[key] = seen
                await asyncio.sleep(0.03)
        finally:
            await heartbeat.close()
        await actor.journal.attempt(actor.operation("revoke", timeout), lease.revoke(timeout=timeout))


ROLES = {
    "writer 1": write,
    "writer 2": write,
    "eraser": erase,
    "counter": count,
    "reader": read,
    "teller 1": transfer,
    "teller 2": transfer,
    "locker 1": exclude,
    "locker 2": exclude,
    "lessee 1": keep,
    "lessee 2": keep,
}
