"""Measures what large values cost the explorer's event loop: opened, walked, wrapped, searched, folded, compared.

    python -m benchmarks.explorer_value [--tops]

Values of 1.5 MiB, the most that etcd takes: a Kubernetes-like JSON object, one line of text, CJK text, and bytes. For
each scene: the seconds that it took, the process's peak, and what the steps of the loop cost. `--tops` names the worst.
"""

import json
import random
from collections.abc import Callable

from benchmarks.explorer_stage import Stage, begin, perform
from etcdobs import Client
from etcdobs.testing import etcd
from etcdobs_explorer.tui.widgets.diff_view import DiffView
from etcdobs_explorer.tui.widgets.value_view import ValueView

SIZE = 1_450_000  # bytes
FLAGS = ["--max-request-bytes=4194304"]


def json_value(seed: int) -> bytes:
    """An object of many lines, some of which differ by the seed."""
    rows = [
        {"name": f"item-{number}", "labels": {"app": "web", "tier": "back"}, "ports": [80, number % 7 * seed]}
        for number in range(SIZE // 90)
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": rows}).encode()


VALUES: dict[str, Callable[[], bytes]] = {
    "json": lambda: json_value(1),
    "json-other": lambda: json_value(2),
    "line": lambda: b"word " * (SIZE // 5),
    "lines": lambda: b"\n".join(b"line %d of a text" % number for number in range(SIZE // 20)),
    "cjk": lambda: ("漢字かな" * 20 + "\n").encode() * (SIZE // 241),
    "bytes": lambda: random.Random(1).randbytes(SIZE),
}


async def script(stage: Stage) -> None:
    """Each value opened and used."""
    view = stage.app.screen.query_one(ValueView)
    state = stage.state
    await stage.wait(lambda: state.tree.directory(b"/").children)
    await stage.scene("the tree", *":goto /v/", "enter", "right", rest=1.0)
    for name in sorted(VALUES):
        await opened(stage, view, name)
        await stage.scene(f"{name}: walked", "enter", "pagedown", "end", "home", "down", "up")
        await stage.scene(f"{name}: searched", *"/item-9", "enter", "n", "n", "N", until=lambda: view.is_settled)
        await stage.scene(f"{name}: search ended", "escape")
        await stage.scene(f"{name}: folded", "home", "enter", until=lambda: view.is_settled)
        await stage.scene(f"{name}: unfolded", "enter", until=lambda: view.is_settled)
        await stage.scene(f"{name}: not wrapped", "W", "right", "right", until=lambda: view.is_settled)
        await stage.scene(f"{name}: wrapped", "W", until=lambda: view.is_settled)
        await stage.scene(f"{name}: other form", "x", until=lambda: state.selection.is_read and view.is_settled)
        await stage.scene(f"{name}: first form", *":as auto", "enter", until=lambda: state.selection.is_read)
        await stage.scene(f"{name}: copied", "Y", "y")
        await stage.scene(f"{name}: left", "escape", "escape")
    await compared(stage)


async def opened(stage: Stage, view: ValueView, name: str) -> None:
    """The next key's value."""
    state, key = stage.state, b"/v/" + name.encode()

    def is_read() -> bool:
        return state.selection.key == key and state.selection.is_read and view.is_settled

    await stage.scene(f"{name}: opened", "down", until=is_read)


async def compared(stage: Stage) -> None:
    """One value against another, of the same form and of another."""

    def is_compared() -> bool:
        found = stage.app.screen.query(DiffView)
        return bool(found) and found.first().is_settled

    await stage.scene("a value marked", *":goto /v/json", "enter", "m", rest=1.0)
    await stage.scene("json against json", *":goto /v/json-other", "enter", "D", until=is_compared)
    await stage.scene("all lines of it", "f", until=is_compared)
    await stage.scene("walked", "end", "home", "n", "n", "N", "pagedown")
    await stage.scene("closed", "escape")
    await stage.scene("json against bytes", *":goto /v/bytes", "enter", "D", until=is_compared)
    await stage.scene("walked", "end", "home", "n", "n", "N", "pagedown")
    await stage.scene("closed", "escape")


def main() -> None:
    """Measure, and print."""
    with etcd(flags=FLAGS) as server:
        with Client(server.endpoint) as client:
            for name, made in VALUES.items():
                client.put(f"/v/{name}", made())
        perform("benchmarks.explorer_value", server.endpoint)


if __name__ == "__main__":
    begin(script, main)
