"""Waits for the explorer to show something worth a picture, and writes it: `make pictures`.

The pictures are of the app itself on an etcd of the demo's, in a terminal of 150x42 that exists in memory only.
"""

import asyncio
import os
import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

os.environ["GRPC_VERBOSITY"] = "NONE"  # before gRPC is imported

from textual.pilot import Pilot

from etcdobs import AsyncClient, serve_metrics
from etcdobs.testing import Etcd, etcd
from etcdobs_explorer.demo.worker import Worker
from etcdobs_explorer.gateway import EtcdGateway
from etcdobs_explorer.model.records import GatewayError
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.app import ExplorerApp
from etcdobs_explorer.tui.widgets.key_list import KeyList

SCENES: Sequence[tuple[str, str, Callable[[State], bool]]] = (
    ("explorer", "1", lambda state: state.log.total > 40 and _just_changed(state, b"/config/checkout/features.json")),
    ("leases", "2", lambda state: bool(state.leases.rows) and all(row.record for row in state.leases.rows)),
    ("watch", "4", lambda state: state.log.total > 100),
    ("calls", "5", lambda state: len(state.calls.rows) > 5),
)
HERE = Path(__file__).parent
SIZE = (150, 42)
FONTS = 'ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace'
PATIENCE = 40.0  # seconds
CELL = 12.2  # the width of a cell in the export's units
SPACE = "&#160;"
TEXT = re.compile(
    r'<text (?P<class>class="[^"]*") x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" textLength="(?P<length>[\d.]+)" '
    r'(?P<clip>clip-path="[^"]*")>(?P<before>(?:&#160;)*)(?P<text>[^<]*?)(?P<after>(?:&#160;)*)</text>'
)


def main() -> None:
    """Make all pictures."""
    with (
        etcd() as server,
        Worker(server.endpoint, server.directory / "workload.log") as worker,
        serve_metrics(0) as metrics,
    ):
        worker.await_filled()
        asyncio.run(_pictures(server, metrics.url))


async def _pictures(server: Etcd, metrics_url: str) -> None:
    gateway = EtcdGateway(AsyncClient(server.endpoint), dial_timeout=5.0)
    state = State(server.endpoint.removeprefix("http://"), metrics_url=metrics_url)
    app = ExplorerApp(gateway, state)
    async with app.run_test(size=SIZE) as pilot:
        for directory in (b"services", b"config", b"checkout"):
            await _go_to(pilot, state, directory)
            await pilot.press("right")
        await _go_to(pilot, state, b"database.json")
        for name, key, is_ready in SCENES:
            await pilot.press(key)
            await _until(pilot, partial(is_ready, state))
            await pilot.pause(0.5)
            picture = _self_contained(app.export_screenshot(title="etcdobs-explorer", simplify=True))
            (HERE / f"{name}.svg").write_text(picture)
    await gateway.close()


async def _go_to(pilot: Pilot[GatewayError], state: State, name: bytes) -> None:
    """Put the cursor on the first row of a name, once there is one."""
    await _until(pilot, lambda: _row(state, name) is not None)
    pilot.app.screen.query_one(KeyList).cursor = _row(state, name) or 0
    await pilot.pause()


def _just_changed(state: State, key: bytes) -> bool:
    return time.monotonic() - state.touched.get(key, 0) < 0.5


def _row(state: State, name: bytes) -> int | None:
    return next((index for index, row in enumerate(state.tree.rows) if row.name == name), None)


async def _until(pilot: Pilot[GatewayError], condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await pilot.pause(0.05)


def _self_contained(svg: str) -> str:
    """Without the fonts that Textual's export would fetch from elsewhere; glyphs fill their cells in any font."""
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code, monospace", FONTS).replace("font-family: arial", "font-family: sans-serif")
    return TEXT.sub(_trimmed, svg)


def _trimmed(found: re.Match[str]) -> str:
    """A piece of text without the spaces around it: some programs leave them out when they draw."""
    before, after = (found[side].count(SPACE) * CELL for side in ("before", "after"))
    x, length = float(found["x"]) + before, float(found["length"]) - before - after
    size = f'x="{x:.1f}" y="{found["y"]}" lengthAdjust="spacingAndGlyphs" textLength="{length:.1f}"'
    return f"<text {found['class']} {size} {found['clip']}>{found['text']}</text>"


if __name__ == "__main__":
    main()
