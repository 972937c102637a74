"""Measures what a flood of events costs the explorer: CPU, memory, how long the event loop and the reader wait.

    python -m benchmarks.explorer_watch [minutes] [events a second] [puts in a transaction] [--tops] [--profile FILE]

Starts an etcd of its own (ETCDOBS_ETCD names another binary) and a process that writes 5,000 events a second from four
tasks: transactions of 10 puts of 100 bytes, spread over 10,000 keys. The explorer runs on a pseudo-terminal of 140 x 40
and shows its watch view, with a second watch beside the key tree's; meanwhile the log is walked, an event's difference
opened, the log paused and resumed, a filter typed, the help and the key tree looked at. `loop` is how late a 10 ms
timer of its event loop comes, `machine` how late such a timer comes in a process that does nothing else; the steps of
the loop are told with their own CPU time, what they take on a quiet machine. `key` is the time from the arrival of a
key to its being handled, `key own` the CPU time of the steps in it, `paint` the time from a key being typed to the help
being on the terminal. `--tops` names the steps that cost most; `--profile` writes cProfile's statistics of the
explorer, which runs slower with it.
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

from benchmarks.explorer_steps import Steps
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
SELF = (sys.executable, "-m", "benchmarks.explorer_watch")
# Seconds apart: walked, followed, helped, paused and resumed, an event's difference and its neighbour, filtered, tree.
STAY = ("k", "j", "f", "?", "p", "p", "\r", "[", "\x1b", "/", "0", "7", "\r", "\x1b", "f", "\x02", "f", "1", "4")


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
        self.key_own = list[float]()
        self.steps = Steps()
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
        self.key_own.clear()
        self.steps.begin()
        began, cpu, minute, seen = time.monotonic(), time.process_time(), 1, self.state.log.total
        while True:
            due = time.monotonic() + 0.01
            await asyncio.sleep(0.01)
            self.loop_lags.append(max(0.0, time.monotonic() - due))
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
            self.key_own.append(self.steps.since(event.time))
        await super().on_event(event)


async def explore(endpoint: str, profile: str) -> dict[str, Any]:
    """Run the explorer until it is left; answers what was measured."""
    profiler = cProfile.Profile() if profile else None
    gateway = EtcdGateway(AsyncClient(endpoint))
    app = Measured(gateway, State("benchmark"), profiler)
    pauses.shorten(lambda: app.pressed_at, lambda: app.has_dialog)  # as the command does
    await app.run_async()
    await gateway.close()
    if profiler:
        profiler.disable()
        profiler.dump_stats(profile)
    logs = [{"total": w.log.total, "dropped": w.log.dropped, "held": w.log.held} for w in app.state.watches.rows]
    found = app.report | {
        "loop": spread(app.loop_lags),
        "steps": app.steps.told(),
        "tops": app.steps.tops(),
        "key": spread(app.key_lags),
        "key own": spread(app.key_own),
        "watches": logs,
    }
    return found | {"end_rss": round(rss(), 1)}


# -- the writer ----------------------------------------------------------------------------------------------


async def write(endpoint: str, rate: float, operations: int, prefix: str) -> None:
    """Writes transactions at a rate of events a second, until it is ended."""
    batches = count()
    async with AsyncClient(endpoint, metrics=None) as client, asyncio.TaskGroup() as tasks:
        for _ in range(WRITERS):
            tasks.create_task(_write(client, batches, operations, operations * WRITERS / rate, prefix))


async def _write(client: AsyncClient, batches: Iterator[int], operations: int, period: float, prefix: str) -> None:
    value, due = "x" * 100, time.monotonic()
    for batch in batches:
        numbers = range(batch * operations, (batch + 1) * operations)
        await client.txn().then(*(Put(f"{prefix}{number % KEYS:05d}", value) for number in numbers)).commit()
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
            [*SELF, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
        )
        os.close(theirs)
        self.written = 0
        self.tail = b""
        self._seen = threading.Event()
        self._wanted = b""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with suppress(OSError):
            while chunk := os.read(self._ours, 65536):
                self.written += len(chunk)
                self.tail = (self.tail + chunk)[-200_000:]
                if self._wanted and self._wanted in self.tail:
                    self._seen.set()

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._ours, keys.encode())

    def press_until(self, keys: str, wanted: bytes) -> float:
        """Seconds from typing to a text on the terminal."""
        self._seen.clear()
        self.tail, self._wanted = b"", wanted
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
        terminal.press_until("", b"revision")
        terminal.press_until("4", b"BEHIND")
        terminal.press_until("n", b"Key or prefix")
        terminal.press_until("/flood/", b"etcdctl watch")
        terminal.press("\r")
        time.sleep(SETTLE)
        began, written, paints = time.monotonic(), terminal.written, list[float]()
        idle = subprocess.Popen([*SELF, "--idle"], stdout=subprocess.PIPE, text=True)
        for keys in cycle(STAY):
            if time.monotonic() - began >= 60 * minutes:
                break
            if keys == "?":
                paints.append(terminal.press_until(keys, b"Esc closes"))
                terminal.press("\x1b")
            else:
                terminal.press(keys)
            time.sleep(0.5)
        rate = (terminal.written - written) / (time.monotonic() - began)
        idle.terminate()
        machine = json.loads(idle.communicate()[0])
        for keys in ("\x1b", "\x1b", "q"):  # out of a dialog or the prompt first
            terminal.press(keys)
            time.sleep(0.5)
        terminal.wait()
        if not os.path.exists(report):
            raise RuntimeError(
                f"the explorer did not come to its end: {terminal.tail[-2000:].decode(errors='replace')}"
            )
        with open(report) as file:
            return json.load(file) | {"machine": machine, "paint": spread(paints)}, rate


def main(minutes: float, rate: float, operations: int, profile: str, *, tops: bool) -> None:
    """Prints what was measured."""
    with etcd() as server:
        order = ["--write", server.endpoint, str(rate), str(operations), "/flood/"]
        writer = subprocess.Popen([*SELF, *order])
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
    for name in ("machine", "loop", "key", "key own", "paint"):
        print(f"{name:8}" + "".join(f"{label} {number:7.1f} ms   " for label, number in found[name].items()))
    print("\n".join([f"steps   {found['steps']}", *(found["tops"] if tops else ())]))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[:1] == ["--write"]:
        asyncio.run(write(arguments[1], float(arguments[2]), int(arguments[3]), arguments[4]))
    elif arguments[:1] == ["--idle"]:
        idle()
    elif arguments[:1] == ["--explore"]:
        Path(arguments[2]).write_text(json.dumps(asyncio.run(explore(arguments[1], arguments[3]))))
    else:
        tops = "--tops" in arguments
        arguments = [each for each in arguments if each != "--tops"]
        named = arguments.index("--profile") if "--profile" in arguments else len(arguments)
        numbers = [float(number) for number in arguments[:named]]
        minutes, rate, operations = [*numbers, *(1.0, 5000.0, 10.0)[len(numbers) :]]
        main(minutes, rate, int(operations), "".join(arguments[named + 1 :]), tops=tops)
