"""Runs cells in a real kernel, one after the other, and keeps what a page would show of each."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

_PATIENCE = 25.0


@dataclass
class Cell:
    """What one cell left: outputs as mime bundles in their order, what it printed, and how it ended."""

    bundles: list[dict[str, Any]] = field(default_factory=list)
    stdout: str = ""
    stderr: str = ""
    error: str = ""
    traceback: str = ""
    shown: dict[str, int] = field(default_factory=dict)
    updates: int = 0

    @property
    def html(self) -> str:
        """All HTML of it."""
        return "\n".join(bundle.get("text/html", "") for bundle in self.bundles)

    @property
    def text(self) -> str:
        """All plain text of it."""
        return "\n".join(bundle.get("text/plain", "") for bundle in self.bundles)


class Kernel:
    """A kernel with the extension loaded."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self.client = client
        self._cells: dict[str, Cell] = {}
        self._displays: dict[str, tuple[Cell, int]] = {}

    def begin(self, code: str) -> str:
        """Start a cell, and do not wait for it; answers its id."""
        message: str = self.client.execute(code, allow_stdin=False)
        self._cells[message] = Cell()
        return message

    def finish(self, message: str, patience: float = _PATIENCE) -> Cell:
        """Wait until a cell is done."""
        while not self._take(self.client.get_iopub_msg(timeout=patience), message):
            pass
        return self._cells[message]

    def run(self, code: str) -> Cell:
        """One cell, whole."""
        return self.finish(self.begin(code))

    def ok(self, code: str) -> Cell:
        """One cell, which must end well."""
        cell = self.run(code)
        assert not cell.error, cell.traceback or cell.stderr
        return cell

    def drain(self) -> None:
        """What arrived since, of cells that are done: updates of what they show."""
        try:
            while True:
                self._take(self.client.get_iopub_msg(timeout=0.2), "")
        except Empty:
            return

    def complete(self, code: str, cursor: int | None = None) -> tuple[list[str], str]:
        """What may follow, and what is typed of it already."""
        reply = self.client.complete(code, cursor, reply=True, timeout=_PATIENCE)["content"]
        return reply["matches"], code[reply["cursor_start"] : reply["cursor_end"]]

    def _take(self, message: Mapping[str, Any], wanted: str) -> bool:
        parent = message["parent_header"].get("msg_id", "")
        cell = self._cells.get(parent, Cell())
        content = message["content"]
        match message["msg_type"]:
            case "stream":
                setattr(cell, content["name"], getattr(cell, content["name"]) + content["text"])
            case "execute_result" | "display_data":
                self._show(cell, content)
            case "update_display_data":
                self._update(content)
            case "error":
                cell.error, cell.traceback = content["ename"], "\n".join(content["traceback"])
            case "status":
                return bool(content["execution_state"] == "idle" and parent == wanted)
            case _:
                pass
        return False

    def _show(self, cell: Cell, content: Mapping[str, Any]) -> None:
        cell.bundles.append(dict(content["data"]))
        if display := content.get("transient", {}).get("display_id"):
            self._displays[display] = (cell, len(cell.bundles) - 1)

    def _update(self, content: Mapping[str, Any]) -> None:
        cell, at = self._displays[content["transient"]["display_id"]]
        cell.bundles[at] = dict(content["data"])
        cell.updates += 1


@contextmanager
def kernel(endpoint: str, **environ: str) -> Iterator[Kernel]:
    """A kernel whose environment says where etcd is, with the extension loaded."""
    manager = KernelManager(kernel_name="python3")
    own = {"ETCDCTL_ENDPOINTS": endpoint, "ETCDOBS_CONFIG": os.devnull}
    manager.start_kernel(env={**os.environ, **own, **environ})
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        running = Kernel(manager, client)
        running.ok("%load_ext etcdobs")
        yield running
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
