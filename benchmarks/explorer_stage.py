"""Runs the explorer on a pseudo-terminal and a script of keys in it; tells after each scene what the loop's steps cost.

For the explorer's benchmarks: what measures starts itself again, for the explorer alone, so that nothing else counts.
`--tops` has the steps told that cost most.
"""

import asyncio
import fcntl
import os
import pty
import resource
import struct
import subprocess
import sys
import termios
import threading
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from textual.pilot import Pilot

from benchmarks.explorer_steps import Steps
from etcdobs_explorer import pauses
from etcdobs_explorer.gateway import EtcdGateway
from etcdobs_explorer.model.contexts import Context
from etcdobs_explorer.model.state import State
from etcdobs_explorer.opening import open_gateway
from etcdobs_explorer.tui.app import ExplorerApp

LINES, COLUMNS = 40, 140
_REPORT = "ETCDOBS_BENCHMARK_REPORT"
_GLANCE = 0.005  # seconds
_PATIENCE = 30.0
_REST = 0.4  # after a scene, in which timers of it still come


class Stage:
    """The explorer while a script runs."""

    def __init__(
        self,
        app: ExplorerApp,
        gateway: EtcdGateway,
        pilot: Pilot[Any],
        steps: Steps,
        tell: Callable[[str], object],
    ) -> None:
        self.app = app
        self.gateway = gateway
        self.state: State = app.state
        self._pilot = pilot
        self._steps = steps
        self._tell = tell

    async def scene(
        self, what: str, *keys: str, until: Callable[[], object] | None = None, rest: float = _REST
    ) -> None:
        """Press keys, wait for what they lead to and a little longer, and tell what it cost."""
        self._steps.reset()
        began = time.perf_counter()
        for key in keys:
            await self._pilot.press(key)
        if until is not None:
            await self.wait(until)
        took = time.perf_counter() - began
        await asyncio.sleep(rest)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self._tell(f"{what:36} {took:6.2f} s {peak:4.0f} MiB  {self._steps.told()}")
        for line in self._steps.tops():
            self._tell(line)

    async def wait(self, until: Callable[[], object]) -> None:
        """Until something holds, or for as long as anybody would."""
        end = time.monotonic() + _PATIENCE
        while not until() and time.monotonic() < end:  # noqa: ASYNC110 - a screen tells nobody
            await asyncio.sleep(_GLANCE)
        if not until():
            self._tell("  it never came")


Script = Callable[[Stage], Awaitable[object]]


def begin(script: Script, measure: Callable[[], object]) -> None:
    """Measure; or, in a process that `perform` has started, run the explorer on its terminal, and the script in it."""
    if report := os.environ.get(_REPORT):
        asyncio.run(_played(sys.argv[1], script, int(report)))
    else:
        measure()


async def _played(endpoint: str, script: Script, report: int) -> None:
    def tell(line: str) -> None:
        os.write(report, line.encode() + b"\n")

    gateway = open_gateway(Context("benchmark", endpoints=(endpoint,), command_timeout=30.0), None)
    app, steps = ExplorerApp(gateway, State("benchmark")), Steps()

    async def act(pilot: Pilot[Any]) -> None:
        try:
            await script(Stage(app, gateway, pilot, steps, tell))
        except Exception:  # noqa: BLE001 - it is told, and the run is over
            tell(traceback.format_exc())
        app.exit()

    pauses.shorten(lambda: app.pressed_at, lambda: app.has_dialog)
    steps.begin()
    await app.run_async(auto_pilot=act)
    await gateway.close()


def perform(module: str, endpoint: str) -> None:
    """Run this module of a benchmark anew on a pseudo-terminal, and print what its script tells."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    report, writes = os.pipe()
    environ = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor", _REPORT: str(writes)}
    environ |= {"GRPC_VERBOSITY": "NONE", "GLOG_minloglevel": "3"}
    command = [sys.executable, "-m", module, endpoint]
    process = subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, env=environ, pass_fds=[writes]
    )
    os.close(follower)
    os.close(writes)
    threading.Thread(target=_drain, args=(leader,), daemon=True).start()
    with open(report) as lines:
        for line in lines:
            if "--tops" in sys.argv or not line.startswith("  own "):
                print(line, end="", flush=True)
    process.wait(30)


def _drain(terminal: int) -> None:
    with suppress(OSError):
        while os.read(terminal, 65536):
            pass
