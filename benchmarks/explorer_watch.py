"""Measures what a flood of events costs the explorer: CPU, memory, how long the event loop and the reader wait.

    python benchmarks/explorer_watch.py [minutes] [events a second] [puts in a transaction] [--profile FILE]

Starts an etcd of its own (ETCDOBS_ETCD names another binary) and a process that writes 5,000 events a second from four
tasks: transactions of 10 puts of 100 bytes, spread over 10,000 keys. The explorer runs on a pseudo-terminal of 140 x 40
and shows its watch view, with a second watch beside the key tree's; every second a key is pressed. `loop` is how late a
10 ms timer of its event loop comes, `own` the CPU time that the loop's thread itself spent meanwhile (what the timer
waits for on a quiet machine), `machine` how late such a timer comes in a process that does nothing else. `key` is the
time from the arrival of a key to its being handled, `paint` that from a key being typed to the help being on the
terminal. `--profile` writes cProfile's statistics of the explorer, which runs slower with it.
"""

import asyncio
import cProfile
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count, cycle
from pathlib import Path
from types import FrameType
from typing import Any

from textual import events

from etcdobs import AsyncClient, Put
from etcdobs.testing import etcd
from etcdobs_explorer import pauses
from etcdobs_explorer.gateway import EtcdGateway
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.app import ExplorerApp

WRITERS = 4
KEYS = 10_000
SETTLE = 5.0  # seconds before the first measurement
LINES, COLUMNS = 40, 140


def rss() -> float:
    """MiB resident of this process."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def spread(seconds: list[float]) -> dict[str, float]:
    """Median, p99 and maximum, in milliseconds."""
    ordered = sorted(seconds) or [0.0]
    at = {"p50": len(ordered) // 2, "p99": len(ordered) * 99 // 100, "max": -1}
    return {name: round(ordered[index] * 1e3, 1) for name, index in at.items()}


# -- the explorer, in a process of its own -------------------------------------------------------------------


class Measured(ExplorerApp):
    """The explorer, and what its reader waits for."""

    def __init__(self, gateway: EtcdGateway, state: State, profile: cProfile.Profile | None) -> None:
        super().__init__(gateway, state)
        self.loop_lags = list[float]()
        self.key_lags = list[float]()
        self.own = list[float]()
        self.report: dict[str, Any] = {}
        self._profile = profile

    def on_ready(self) -> None:
        """Begin to measure once it runs."""
        self.run_worker(self._measure(), group="measure", exit_on_error=False)

    async def _measure(self) -> None:
        await asyncio.sleep(SETTLE)
        if self._profile:
            self._profile.enable()
        self.report = {"rss": [round(rss(), 1)]}
        self.loop_lags.clear()
        self.key_lags.clear()
        began, cpu, minute, seen = time.monotonic(), time.process_time(), 1, self.state.log.total
        while True:
            due, spent = time.monotonic() + 0.01, time.thread_time()
            await asyncio.sleep(0.01)
            self.loop_lags.append(max(0.0, time.monotonic() - due))
            self.own.append(time.thread_time() - spent)
            wall = time.monotonic() - began
            if wall >= 60 * minute:
                minute += 1
                self.report["rss"].append(round(rss(), 1))
            self.report |= {
                "seconds": wall,
                "cpu": (time.process_time() - cpu) / wall,
                "seen": self.state.log.total - seen,
            }

    async def on_event(self, event: events.Event) -> None:
        """How long a key waited."""
        if isinstance(event, events.Key):
            self.key_lags.append(time.monotonic() - event.time)
        await super().on_event(event)


async def explore(endpoint: str, profile: str) -> dict[str, Any]:
    """Run the explorer until it is left; answers what was measured."""
    profiler = cProfile.Profile() if profile else None
    gateway = EtcdGateway(AsyncClient(endpoint))
    app = Measured(gateway, State("benchmark"), profiler)
    pauses.shorten()  # as the command does
    await app.run_async()
    await gateway.close()
    if profiler:
        profiler.disable()
        profiler.dump_stats(profile)
    logs = [{"total": w.log.total, "dropped": w.log.dropped, "held": w.log.held} for w in app.state.watches.rows]
    found = app.report | {
        "loop": spread(app.loop_lags),
        "own": spread(app.own),
        "key": spread(app.key_lags),
        "watches": logs,
    }
    return found | {"end_rss": round(rss(), 1)}


# -- the writer ----------------------------------------------------------------------------------------------


async def write(endpoint: str, rate: float, operations: int) -> None:
    """Writes transactions at a rate of events a second, until it is ended."""
    batches = count()
    async with AsyncClient(endpoint, metrics=None) as client, asyncio.TaskGroup() as tasks:
        for _ in range(WRITERS):
            tasks.create_task(_write(client, batches, operations, operations * WRITERS / rate))


async def _write(client: AsyncClient, batches: Iterator[int], operations: int, period: float) -> None:
    value, due = "x" * 100, time.monotonic()
    for batch in batches:
        numbers = range(batch * operations, (batch + 1) * operations)
        await client.txn().then(*(Put(f"/flood/{number % KEYS:05d}", value) for number in numbers)).commit()
        due += period
        await asyncio.sleep(due - time.monotonic())


# -- the terminal --------------------------------------------------------------------------------------------


class Terminal:
    """A process on a pseudo-terminal, whose output is read all the time."""

    def __init__(self, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        environment |= {"GRPC_VERBOSITY": "NONE", "GLOG_minloglevel": "3"}
        self._process = subprocess.Popen(
            [sys.executable, __file__, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
        )
        os.close(theirs)
        self.written = 0
        self._tail = b""
        self._seen = threading.Event()
        self._wanted = b""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with suppress(OSError):
            while chunk := os.read(self._ours, 65536):
                self.written += len(chunk)
                self._tail = (self._tail + chunk)[-200_000:]
                if self._wanted and self._wanted in self._tail:
                    self._seen.set()

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._ours, keys.encode())

    def press_until(self, keys: str, wanted: bytes) -> float:
        """Seconds from typing to a text on the terminal."""
        self._seen.clear()
        self._tail, self._wanted = b"", wanted
        began = time.monotonic()
        self.press(keys)
        self._seen.wait(10.0)
        return time.monotonic() - began

    def wait(self) -> None:
        """Until the process has ended."""
        self._process.wait(30)


def idle() -> None:
    """How late a timer comes in a process that does nothing else, until it is ended."""
    lags = list[float]()

    def end(number: int, frame: FrameType | None) -> None:
        print(json.dumps(spread(lags)))
        sys.exit()

    signal.signal(signal.SIGTERM, end)
    while True:
        due = time.monotonic() + 0.01
        time.sleep(0.01)
        lags.append(time.monotonic() - due)


def run(endpoint: str, minutes: float, profile: str) -> tuple[dict[str, Any], float]:
    """A stay of so long: what was measured, and bytes a second to the terminal."""
    with tempfile.TemporaryDirectory() as scratch:
        report = os.path.join(scratch, "report")
        terminal = Terminal("--explore", endpoint, report, profile)
        terminal.press_until("", b"live")
        terminal.press_until("4", b"BEHIND")
        terminal.press_until("n", b"Key or prefix")
        terminal.press_until("/flood/", b"etcdctl watch")
        terminal.press("\r")
        time.sleep(SETTLE)
        began, written, paints = time.monotonic(), terminal.written, list[float]()
        idle = subprocess.Popen([sys.executable, __file__, "--idle"], stdout=subprocess.PIPE, text=True)
        for keys in cycle(("k", "j", "f", "?", "\t", "\t")):
            if time.monotonic() - began >= 60 * minutes:
                break
            if keys == "?":
                paints.append(terminal.press_until(keys, b"Esc closes"))
                terminal.press("\x1b")
            else:
                terminal.press(keys)
            time.sleep(1.0)
        rate = (terminal.written - written) / (time.monotonic() - began)
        idle.terminate()
        machine = json.loads(idle.communicate()[0])
        terminal.press("q")
        terminal.wait()
        with open(report) as file:
            return json.load(file) | {"machine": machine, "paint": spread(paints)}, rate


def main(minutes: float, rate: float, operations: int, profile: str) -> None:
    """Prints what was measured."""
    with etcd() as server:
        order = ["--write", server.endpoint, str(rate), str(operations)]
        writer = subprocess.Popen([sys.executable, __file__, *order])
        try:
            found, output = run(server.endpoint, minutes, profile)
        finally:
            writer.kill()
            writer.wait()
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
    print(f"load average {load} on {os.cpu_count()} cores")
    print(f"{found['seconds']:.0f} s, {found['seen'] / found['seconds']:,.0f} events/s wanted {rate:,.0f}")
    for name, log in zip(("key tree's watch", "second watch"), found["watches"], strict=False):
        print(f"{name}: {log['total']:,} events, {log['held']:,} held, {log['dropped']:,} counted as dropped")
    print(f"CPU {found['cpu']:.0%} of a core, {output / 1024:,.0f} KiB/s to the terminal")
    print(f"RSS at the start and after each minute: {found['rss']} MiB, at the end {found['end_rss']}")
    for name in ("machine", "loop", "own", "key", "paint"):
        print(f"{name:8}" + "".join(f"{label} {number:7.1f} ms   " for label, number in found[name].items()))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[:1] == ["--write"]:
        asyncio.run(write(arguments[1], float(arguments[2]), int(arguments[3])))
    elif arguments[:1] == ["--idle"]:
        idle()
    elif arguments[:1] == ["--explore"]:
        Path(arguments[2]).write_text(json.dumps(asyncio.run(explore(arguments[1], arguments[3]))))
    else:
        named = arguments.index("--profile") if "--profile" in arguments else len(arguments)
        numbers = [float(number) for number in arguments[:named]]
        minutes, rate, operations = [*numbers, *(1.0, 5000.0, 10.0)[len(numbers) :]]
        main(minutes, rate, int(operations), "".join(arguments[named + 1 :]))
