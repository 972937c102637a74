"""Decides what happens to the demo's jobs: queued, running, done, deleted; their number stays the same."""

import json
from collections import deque
from collections.abc import Callable, Iterable
from itertools import cycle
from typing import NamedTuple

_KINDS = ("resize-image", "send-invoice", "reindex", "export-csv", "settle-payment")
_QUEUED, _RUNNING, _DONE = 7, 3, 4


class Step(NamedTuple):
    """One change to make; a value of None deletes the key."""

    key: str
    value: bytes | None


class Jobs:
    """The jobs below /jobs/queue, oldest first within each state."""

    def __init__(self, first: int) -> None:
        self._next = first
        self._queued: deque[int] = deque()
        self._running: deque[int] = deque()
        self._done: deque[int] = deque()
        self._turns = cycle((self._enqueue, self._begin, self._finish, self._forget))

    @property
    def queued(self) -> int:
        """How many wait."""
        return len(self._queued)

    def fill(self) -> Iterable[Step]:
        """The jobs that are there at the start."""
        yield from (self._made(self._done, "done") for _ in range(_DONE))
        yield from (self._made(self._running, "running") for _ in range(_RUNNING))
        yield from (self._made(self._queued, "queued") for _ in range(_QUEUED))

    def step(self) -> Step:
        """The next thing that happens; four of them leave as many jobs as there were."""
        turn: Callable[[], Step] = next(self._turns)
        return turn()

    def _made(self, state: deque[int], name: str) -> Step:
        self._next += 1
        state.append(self._next)
        return Step(_key(self._next), _value(self._next, name))

    def _enqueue(self) -> Step:
        return self._made(self._queued, "queued")

    def _begin(self) -> Step:
        self._running.append(self._queued.popleft())
        return Step(_key(self._running[-1]), _value(self._running[-1], "running"))

    def _finish(self) -> Step:
        self._done.append(self._running.popleft())
        return Step(_key(self._done[-1]), _value(self._done[-1], "done"))

    def _forget(self) -> Step:
        return Step(_key(self._done.popleft()), None)


def _key(number: int) -> str:
    return f"/jobs/queue/{number:08d}"


def _value(number: int, state: str) -> bytes:
    job: dict[str, object] = {"id": number, "kind": _KINDS[number % len(_KINDS)], "state": state}
    if state != "queued":
        job["worker"] = f"worker-{number % 4 + 1}"
    if state == "done":
        job["seconds"] = round(0.2 + number * 7 % 90 / 10, 1)
    return json.dumps(job).encode()
