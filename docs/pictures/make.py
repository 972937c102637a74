"""Waits for the explorer to show each of its screens, and writes a picture of it: `make pictures`.

The pictures are of the app itself on a cluster of three with the demo's keys, in a terminal of 140x38 that exists in
memory only. The last ones are of a member's death.
"""

import asyncio
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ["GRPC_VERBOSITY"] = "NONE"  # before gRPC is imported

from textual.pilot import Pilot
from textual.widgets import TextArea

from etcdobs import Client, serve_metrics
from etcdobs.testing import EtcdCluster, etcd_cluster
from etcdobs_explorer.demo.worker import Worker
from etcdobs_explorer.model.contexts import Config, Context
from etcdobs_explorer.model.session import Session
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.writes import Phase
from etcdobs_explorer.opening import open_gateway
from etcdobs_explorer.tui.app import ExplorerApp
from etcdobs_explorer.tui.messages import PromptAnswered

HERE = Path(__file__).parent
SIZE = (140, 38)
FLAGS = ("--heartbeat-interval=50", "--election-timeout=500")
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
        tempfile.TemporaryDirectory() as scratch,
        etcd_cluster(3, flags=FLAGS) as cluster,
        Worker(cluster.endpoint, Path(scratch) / "workload.log") as worker,
        serve_metrics(0) as metrics,
        Client(cluster.endpoint, metrics=None) as others,
    ):
        worker.await_filled()
        asyncio.run(_pictures(cluster, others, metrics.url))


def _contexts(cluster: EtcdCluster) -> Config:
    hosts = tuple(endpoint.removeprefix("http://") for endpoint in cluster.endpoints)
    production = tuple(f"etcd-{number}.example.com:2379" for number in (1, 2, 3))
    contexts = (
        Context("shop", hosts, colour="green"),
        Context("staging", ("staging.example.com:2379",), user="viewer", colour="yellow"),
        Context("production", production, user="viewer", colour="red", read_only=True),
    )
    return Config({each.name: each for each in contexts}, path=Path("~/.config/etcdobs/config.toml"))


async def _pictures(cluster: EtcdCluster, others: Client, metrics_url: str) -> None:
    config = _contexts(cluster)
    session = Session(config, open_gateway, theme="dark", metrics_url=metrics_url)
    app = ExplorerApp.of_session(session, config.context("shop"))
    async with app.run_test(size=SIZE) as pilot:
        shown = Shown(app, pilot)
        await _keys(shown)
        await _writes(shown, others)
        await _history(shown)
        await _streams(shown)
        await _frame(shown)
        await _losses(shown, cluster)


class Shown:
    """The running explorer, led from one screen to the next."""

    def __init__(self, app: ExplorerApp, pilot: Pilot[str]) -> None:
        self._app = app
        self._pilot = pilot
        self.press = pilot.press
        self.wait = pilot.pause

    @property
    def state(self) -> State:
        """What is known of the cluster."""
        return self._app.state

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(strip.text for strip in self._app.screen._compositor.render_strips())  # pyright: ignore[reportPrivateUsage]

    async def command(self, text: str) -> None:
        """As typed after a colon."""
        self._app.post_message(PromptAnswered(":", text, final=True))
        await self._pilot.pause()

    async def go_to(self, key: str) -> None:
        """Put the cursor on a key."""
        await self.command(f"goto {key}")
        await self.until(lambda: self.state.selection.key == key.encode())

    def replace(self, old: str, new: str) -> None:
        """Change the text in the editor."""
        area = self._app.screen.query_one(TextArea)
        area.text = area.text.replace(old, new)

    async def see(self, *parts: str) -> None:
        """Wait until the screen shows all these texts."""
        await self.until(lambda: all(part in self.text for part in parts), parts)

    async def until(self, condition: Callable[[], object], what: object = "") -> None:
        """Let the app run until a condition holds."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    await self._pilot.pause(0.05)
        except TimeoutError:
            raise TimeoutError(f"never: {what or condition}\n{self.text}") from None

    async def picture(self, name: str, rest: float = 0.3) -> None:
        """Write a picture of what is shown after a moment's rest."""
        await self._pilot.pause(rest)
        drawn = _self_contained(self._app.export_screenshot(title="etcdobs-explorer", simplify=True))
        (HERE / f"{name}.svg").write_text(drawn)


# ---- the screens


async def _keys(shown: Shown) -> None:
    await shown.see("registry/", "live")
    for key in ("/services/", "/config/checkout/"):
        await shown.go_to(key)
        await shown.press("right")
    await shown.go_to("/config/checkout/database.json")
    await shown.until(lambda: shown.state.log.total > 30)
    await shown.until(lambda: b"/config/checkout/features.json" in shown.state.touched)
    await shown.picture("keys", 0.1)
    await shown.go_to("/edge-cases/gzip.json")
    await shown.see("gzip", '"report"')
    await shown.press("o")
    await shown.picture("value")
    await shown.command("keys /registry/pods/default/")
    await shown.see("  Pod  ")
    await shown.press("down", "down")
    await shown.see("apiVersion")
    await shown.picture("kubernetes")
    await shown.press("o")
    await shown.command("keys *")
    await shown.see("registry/", "live")


async def _writes(shown: Shown, others: Client) -> None:
    await shown.go_to("/tenants/acme/")
    await shown.press("d")
    await shown.until(lambda: shown.state.writing.phase is Phase.READY)
    await shown.picture("plan")
    await shown.press("2", "enter")
    await shown.until(lambda: shown.state.writing.phase is Phase.ENDED)
    await shown.press("enter")
    await _edit(shown, "/config/search/database.json", "30", others)
    await shown.see("other difference")
    await shown.picture("conflict")
    await shown.press("escape")
    await _edit(shown, "/config/catalog/database.json", "60")
    await shown.press("enter")
    await shown.press("u")
    await shown.until(lambda: shown.state.writing.phase is Phase.READY)
    await shown.press("enter")
    await shown.until(lambda: shown.state.writing.phase is Phase.ENDED)
    await shown.press("enter", "8")
    await shown.picture("journal")


async def _edit(shown: Shown, key: str, seconds: str, others: Client | None = None) -> None:
    """Lower a pool's idle_seconds; where `others` are given, they have changed the value meanwhile."""
    await shown.press("1")
    await shown.go_to(key)
    await shown.until(lambda: shown.state.selection.entry is not None and not shown.state.selection.is_branch)
    await shown.wait(0.5)
    before = others.get(key) if others is not None else None
    await shown.press("e", "ctrl+l")
    await shown.see("idle_seconds")
    shown.replace("300", seconds)
    await shown.press("ctrl+s")
    await shown.until(lambda: shown.state.writing.phase is Phase.READY)
    if others is not None and before is not None:
        others.put(key, before.value.replace(b"verify-full", b"require"))
    await shown.press("enter")
    await shown.until(lambda: shown.state.writing.phase is Phase.ENDED)


async def _history(shown: Shown) -> None:
    await shown.press("1")
    await shown.go_to("/config/payments/app.yaml")
    await shown.press("H")
    await shown.see("CREATE", "7.0.1")
    await shown.picture("history", 0.8)
    await shown.press("1")
    await shown.until(lambda: shown.state.selection.entry is not None)
    await shown.command("at 20")
    await shown.see("@rev", "7.0.0")
    await shown.picture("past", 1.0)
    await shown.command("now")
    await shown.wait(0.5)


async def _streams(shown: Shown) -> None:
    for prefix in ("/jobs/queue/", "/services/"):
        await shown.press("1")
        await shown.go_to(prefix)
        await shown.press("w")
    await shown.wait(13.0)  # as long as the rate's bars are
    await shown.picture("watch")
    await shown.press("2")
    await shown.until(lambda: all(row.record for row in shown.state.leases.rows))
    await shown.picture("leases", 1.0)
    await shown.press("5", "down", "enter")
    await shown.picture("traffic", 1.0)
    await shown.press("6", "o")
    await shown.picture("calls", 1.0)


async def _frame(shown: Shown) -> None:
    await shown.press("1", "C")
    await shown.see("production")
    await shown.picture("contexts")
    await shown.press("escape", "question_mark")
    await shown.picture("help")
    await shown.press("escape")


async def _losses(shown: Shown, cluster: EtcdCluster) -> None:
    """A follower's death, then the leader's: what was read stays in sight."""
    await shown.press("3")
    leader = cluster.leader()
    next(member for member in cluster if member is not leader).kill()
    await shown.see("1 down")
    await shown.picture("members", 4.0)
    leader.kill()
    await shown.press("1")
    await shown.see("one member is read alone")
    await shown.picture("no-leader", 2.0)


# ---- the pictures


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
