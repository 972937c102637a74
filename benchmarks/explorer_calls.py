"""Measures what ten thousand calls cost the explorer's event loop: made while each view is looked at, then walked.

    python -m benchmarks.explorer_calls [--tops]

The calls are the explorer's own, made through its gateway, 10,000 reads from 20 tasks. For each scene: the seconds that
it took, the process's peak, and what the steps of the loop cost. `--tops` names the worst.
"""

import asyncio

from benchmarks.explorer_stage import Stage, begin, perform
from etcdobs import Client
from etcdobs.testing import etcd

CALLS, TASKS = 10_000, 20
LEASES = 200


async def script(stage: Stage) -> None:
    """Each view while calls are made; then the calls."""

    async def calls(number: int) -> None:
        for _ in range(number // TASKS):
            await stage.gateway.count(b"/config/")

    async def rush(name: str, number: int) -> None:
        tasks = [asyncio.create_task(calls(number)) for _ in range(TASKS)]
        await stage.scene(f"{number:,} calls, {name} in sight", until=lambda: all(task.done() for task in tasks))

    await stage.scene("the keys", rest=2.0)
    for key, name in (("2", "leases"), ("3", "members"), ("5", "traffic"), ("6", "calls")):
        await stage.scene(f"to the {name}", key, rest=1.0)
        await rush(name, CALLS // 4)
        await stage.scene("walked", "end", "pageup", "home", "down", "up")
    await stage.scene("to the calls", "6")
    await rush("calls", CALLS)
    await stage.scene("walked", "end", "pageup", "pageup", "home", "down", "end")
    await stage.scene("filtered", *"/count", rest=1.0)
    await stage.scene("filtered by words", "escape", "escape", *"/slow:1ms !errors", "enter", rest=1.0)
    await stage.scene("the filter gone", "escape")
    await stage.scene("paused", "p")
    await rush("calls, which are paused,", CALLS // 4)
    await stage.scene("resumed", "p")
    await stage.scene("one call opened", "end", "enter")
    await stage.scene("closed", "escape")
    for key in "12345678":
        await stage.scene(f"view {key}", key)
    await stage.scene("the help", "?")
    await stage.scene("closed", "escape")
    await stage.scene("the palette", "ctrl+p", *"lea")
    await stage.scene("closed", "escape")


def main() -> None:
    """Measure, and print."""
    with etcd() as server:
        with Client(server.endpoint) as client:
            for number in range(LEASES):
                lease = client.lease.grant(3_600)
                client.put(f"/config/{number}", "value", lease=lease)
        perform("benchmarks.explorer_calls", server.endpoint)


if __name__ == "__main__":
    begin(script, main)
