"""The notebooks that people are given: run from end to end by nbclient, in a real kernel, against a real etcd."""

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert.exporters import HTMLExporter

import etcdobs_explorer
from etcdobs import Client, Keys
from etcdobs.testing import Etcd

pytestmark = pytest.mark.timeout(240)
PLACE = Path(etcdobs_explorer.__file__).parents[1] / "notebooks"
# What each is to show somewhere, beyond that none of its cells fails.
SHOWS = {
    "tour.ipynb": [
        "connected",
        "the first 8 of 32 keys",
        "queued          20   1.4",
        "SUCCESS",
        "32 keys",
        'host: "db-1" → "db-2", pool.size: 20 → 40',
        "etcdctl get --keys-only --limit=5 --prefix /notebooks/tour/jobs/",
        "33 keys deleted",
    ],
    "watch-a-rollout.ipynb": ["ended: stopped", "(13, 'stopped')", "(3, 4)", "(14, b'/notebooks/rollout/target')"],
    "what-changed.ipynb": ["1 added · 2 changed · 1 removed", '-   "pool": 20,', "the same value", "2 events"],
    "whose-fault-is-the-latency.ipynb": ["(True, True)", "<Plot: latency by method", "3 endpoints"],
}


def read(path: Path) -> Any:
    reader: Any = nbformat.read
    return reader(path, as_version=4)


def executed(path: Path, server: Etcd, home: Path) -> Any:
    notebook = read(path)
    environ = {"ETCDCTL_ENDPOINTS": server.endpoint, "ETCDOBS_CONFIG": os.devnull, "IPYTHONDIR": str(home)}
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(env={**os.environ, **environ})
    return notebook


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def texts(notebook: Any) -> str:
    return "\n".join(
        str(output.get("data", {}).get("text/plain", output.get("text", ""))) for output in outputs(notebook)
    )


def test_there_are_four() -> None:
    assert sorted(path.name for path in PLACE.glob("*.ipynb")) == sorted(SHOWS)


@pytest.mark.parametrize("name", SHOWS)
def test_a_notebook_runs_from_end_to_end(name: str, etcd_server: Etcd, tmp_path: Path) -> None:
    notebook = executed(PLACE / name, etcd_server, tmp_path)
    shown = texts(notebook)
    for words in SHOWS[name]:
        assert words in shown
    kinds = {output.output_type for output in outputs(notebook)}
    assert kinds <= {"execute_result", "display_data"}, shown
    for output in outputs(notebook):
        assert "application/vnd.jupyter.widget-view+json" not in output.data
        assert "<script" not in output.data.get("text/html", "")
    with Client(etcd_server.endpoint) as client:
        assert client.count(Keys.prefix("/notebooks/")) == 0


@pytest.mark.parametrize("name", SHOWS)
def test_what_is_kept_is_what_a_run_left(name: str) -> None:
    notebook = read(PLACE / name)
    nbformat.validate(notebook)
    assert (PLACE / name).stat().st_size < 200_000
    assert "widgets" not in notebook.metadata
    for words in SHOWS[name]:
        assert words in texts(notebook)
    assert "/tmp" not in str(notebook)
    assert "/root" not in str(notebook)


def test_a_page_made_of_one_shows_its_tables() -> None:
    exporter: Any = HTMLExporter
    page, _ = exporter().from_filename(str(PLACE / "tour.ipynb"))
    assert '<div class="etcdobs">' in page
    assert "&lt;b&gt;markup&lt;/b&gt;" in page
