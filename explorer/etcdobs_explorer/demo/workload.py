"""Waits for the time of the next change to the demo's etcd, and makes it, until the process that started this ends.

Run as a process of its own, `python -m etcdobs_explorer.demo.workload ENDPOINT`, so that the explorer's metrics count
the explorer's calls alone. It fills the keyspace, prints how many keys and leases there are, and then keeps changing
some of them. Its standard input is a pipe that nobody writes to: when it closes, the other side is gone.
"""

import os
import random
import sched
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from itertools import cycle

from etcdobs import Client, EtcdError, Keys, Put, Txn

from . import keyspace, registry
from .fleet import INSTANCES, NODES
from .jobs import Jobs

_TIMEOUT = 2.0  # seconds for a call: etcd is on this machine, and a stop must not wait for long
_FIRST_JOB = 18_420


class LeaseHolder:
    """Holds one lease with its keys: grants it, renews it, lets it lapse, grants it again."""

    def __init__(self, client: Client, lease: keyspace.HeldLease) -> None:
        self._client = client
        self.lease = lease
        self._renewing = ExitStack()
        self._lost: Callable[[], bool] = lambda: True
        self.id = 0

    def grant(self) -> None:
        """A new lease with its keys, renewed from now on if it is to be."""
        granted = self._client.lease.grant(self.lease.ttl)
        for key, value in self.lease.keys(granted.id, _now()):
            self._client.put(key, value, lease=granted)
        self.id = granted.id
        if self.lease.renewed_for != 0:
            heartbeat = self._renewing.enter_context(granted.keep_alive())
            self._lost = lambda: heartbeat.lost

    def grant_if_lost(self) -> None:
        """Grant again what lapsed because this machine slept."""
        if self._lost():
            self.let_go()
            self.grant()

    def let_go(self) -> None:
        """Renew no longer."""
        self._renewing.close()


class Workload:
    """What happens in the demo, and when."""

    def __init__(self, client: Client, leases: Iterable[keyspace.HeldLease]) -> None:
        self._client = client
        self._agenda = sched.scheduler(time.monotonic)
        self._random = random.Random(20)
        self._jobs = Jobs(_FIRST_JOB)
        self._holders = {lease.name: LeaseHolder(client, lease) for lease in leases}
        self._instances = cycle(INSTANCES)
        self._nodes = cycle(NODES)
        self._controllers = cycle(registry.LEADER_LEASES)
        self._features = dict(keyspace.FEATURES)
        self._levels = cycle(("debug", "info"))
        self._requests = 48_201_733
        self._events = 0

    def fill(self) -> tuple[int, int]:
        """Write what is there at the start; answers how many keys and leases that is."""
        for key, value in keyspace.lasting(_now()):
            self._client.put(key, value)
        for step in self._jobs.fill():
            self._client.put(step.key, step.value or b"")
        self._count()
        for holder in self._holders.values():
            holder.grant()
        return self._client.count(Keys.all()), len(self._holders)

    def run(self, stop: threading.Event) -> None:
        """Go on until `stop` is set."""
        self._plan()
        while not stop.wait(self._agenda.run(blocking=False)):
            pass

    def _plan(self) -> None:
        self._every(0.75, self._work)
        self._every(1.0, self._count)
        self._every(1.5, self._register)
        self._every(2.5, self._renew_node)
        self._every(4.0, self._renew_controller)
        self._every(5.0, self._tell_event)
        self._every(7.0, self._switch)
        self._every(11.0, self._change_level)
        for holder in self._holders.values():
            self._hold(holder, holder.lease)

    def _every(self, seconds: float, action: Callable[[], None]) -> None:
        delay = seconds * self._random.uniform(0.7, 1.3)  # life has no beat
        self._agenda.enter(delay, 0, self._again, (seconds, action))

    def _again(self, seconds: float, action: Callable[[], None]) -> None:
        self._every(seconds, action)
        with suppress(EtcdError):  # what could not be done now is done the next time
            action()

    def _hold(self, holder: LeaseHolder, lease: keyspace.HeldLease) -> None:
        if lease.renewed_for is None:
            self._every(5.0, holder.grant_if_lost)
            return
        self._agenda.enter(lease.renewed_for, 0, holder.let_go)
        self._agenda.enter(lease.renewed_for + lease.ttl + lease.gap, 0, self._hold_again, (holder, lease))

    def _hold_again(self, holder: LeaseHolder, lease: keyspace.HeldLease) -> None:
        with suppress(EtcdError):
            holder.grant()
        self._hold(holder, lease)

    # -- what happens --------------------------------------------------------------------------------------

    def _work(self) -> None:
        step = self._jobs.step()
        if step.value is None:
            self._client.delete(step.key)
        else:
            self._client.put(step.key, step.value)

    def _count(self) -> None:
        self._requests += self._random.randrange(900, 1400)
        counters = keyspace.statistics(self._requests, self._jobs.queued)
        self._client.do(Txn(then=[Put(key, value) for key, value in counters]))

    def _register(self) -> None:
        instance = next(self._instances)
        key, value = keyspace.service(instance, _now(), self._random.randrange(40))
        self._client.put(key, value, lease=self._holders[instance.node.name].id)

    def _renew_node(self) -> None:
        self._client.put(*registry.node_lease(next(self._nodes), int(time.time())))

    def _renew_controller(self) -> None:
        self._client.put(*registry.leader_lease(next(self._controllers), int(time.time())))

    def _tell_event(self) -> None:
        self._events += 1
        key, value = registry.event(self._events % keyspace.EVENTS, int(time.time()))
        self._client.put(key, value, lease=self._holders["events"].id)

    def _switch(self) -> None:
        feature = self._random.choice(list(self._features))
        self._features[feature] = not self._features[feature]
        self._client.put(*keyspace.features("checkout", self._features))

    def _change_level(self) -> None:
        self._client.put("/config/search/log_level", next(self._levels))


def main(endpoint: str) -> None:
    """Fill, say so, and go on until standard input closes."""
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    with Client(endpoint, timeout=_TIMEOUT, metrics=None) as client:
        workload = Workload(client, keyspace.leases())
        print(*workload.fill(), flush=True)  # noqa: T201 - to the pipe
        workload.run(threading.Event())


def _end_with_standard_input() -> None:
    while os.read(sys.stdin.fileno(), 64):
        pass
    os._exit(0)  # whatever is under way: the etcd that it is for goes too


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main(sys.argv[1])
