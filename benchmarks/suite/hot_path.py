"""Measures where the time of one `get` goes: the bare stub, the client without telemetry, the client; and its calls."""

import cProfile
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from pstats import Stats
from typing import Any

from benchmarks.suite.contenders.raw_sync import Contender
from benchmarks.suite.keyspace import call_key
from benchmarks.suite.results import HotPath
from etcdobs import Client

KEY = call_key(0)
Function = tuple[str, int, str]
"""As profiles name one: file, line, name."""


def _cost(get: Callable[[bytes], Any], times: int) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(times):
        get(KEY)
    return (time.perf_counter() - wall) / times * 1e6, (time.process_time() - cpu) / times * 1e6


def _profile(get: Callable[[bytes], Any], times: int) -> Any:
    # CPU of this thread, not time that passes: the wait for the server is none of the client's.
    profile = cProfile.Profile(time.thread_time)
    profile.enable()
    for _ in range(times):
        get(KEY)
    profile.disable()
    return Stats(profile)


def _room(function: Function) -> str:
    """The part of the house that a function is in."""
    parts = Path(function[0]).parts
    if "etcdobs" in parts:
        at = len(parts) - 1 - parts[::-1].index("etcdobs")
        return "/".join(parts[at:][:3])
    for package in ("grpc", "google", "prometheus_client", "opentelemetry"):
        if package in parts:
            return package
    return "Python's own"


def _rooms(stats: Any, times: int) -> list[tuple[str, float, float]]:
    calls, seconds = defaultdict[str, float](float), defaultdict[str, float](float)
    for function, (_, made, own, _, callers) in stats.stats.items():
        # What is built in is the doing of who calls it.
        builtin = function[0] == "~" and callers
        shares = (
            [(caller, *counted[1:3]) for caller, counted in callers.items()] if builtin else [(function, made, own)]
        )
        for owner, count, spent in shares:
            calls[_room(owner)] += count / times
            seconds[_room(owner)] += spent
    total = sum(seconds.values())
    rows = [(room, calls[room], seconds[room] / total) for room in seconds]
    return sorted(rows, key=lambda row: -row[2])


def hot_path(endpoint: str, rounds: int, times: int) -> HotPath:
    """Measure it on this server."""
    raw, found = Contender(), HotPath()
    raw.open(endpoint)
    with Client(endpoint) as client, Client(endpoint, metrics=None) as quiet:
        client.put(KEY, "x" * 100)
        gets: dict[str, Callable[[bytes], Any]] = {
            "the stub": raw.get,
            "the client without metrics": quiet.get,
            "the client": client.get,
        }
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in gets}
        for get in gets.values():
            _cost(get, times)
        for turn in range(rounds):
            for name, get in gets.items() if turn % 2 else reversed(gets.items()):
                taken[name].append(_cost(get, times))
        for name, get in gets.items():
            found.wall[name], found.cpu[name] = map(statistics.median, zip(*taken[name], strict=True))
            found.calls[name] = _profile(get, times).total_calls / times
        found.rooms = _rooms(_profile(client.get, times), times)
    raw.close()
    return found
