"""The wheel works against a real server with the oldest and with the newest dependencies that it admits."""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from etcdobs.testing import etcd
from tests.packaging.environments import ROOT, install, run

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(900)]

FIRST_WHEELS = {(3, 13): {"grpcio": "1.66.2"}}
"""Where a floor is older than the interpreter: the first release with a wheel for it."""

ROUND_TRIP = """
import asyncio
import sys

import etcdobs
from etcdobs import AsyncClient, Client, Compare, EventType, Get, Keys, Put
from prometheus_client import generate_latest


def blocking(endpoint: str) -> None:
    with Client(endpoint) as client:
        client.put("/sync/a", "1")
        assert client.get("/sync/a").value == b"1"
        client.put("/sync/b", "2")
        assert [kv.key for kv in client.range(Keys.prefix("/sync/"))] == [b"/sync/a", b"/sync/b"]
        txn = client.txn().when(Compare.value("/sync/a") == "1").then(Put("/sync/a", "3"), Get("/sync/a"))
        done = txn.otherwise(Get("/sync/b")).commit()
        assert done.succeeded and done.responses[1].kvs[0].value == b"3"
        lease = client.lease.grant(60)
        client.put("/sync/leased", "x", lease=lease)
        assert client.get("/sync/leased").lease == lease.id != 0
        with client.watch("/sync/watched") as watcher:
            client.put("/sync/watched", "seen")
            event = watcher.get(timeout=10)
            assert (event.type, event.kv.value) == (EventType.PUT, b"seen")


async def asynchronous(endpoint: str) -> None:
    async with AsyncClient(endpoint) as client:
        await client.put("/async/a", "1")
        assert (await client.get("/async/a")).value == b"1"
        await client.put("/async/b", "2")
        assert [kv.key for kv in await client.range(Keys.prefix("/async/"))] == [b"/async/a", b"/async/b"]
        txn = client.txn().when(Compare.value("/async/a") == "1").then(Put("/async/a", "3"), Get("/async/a"))
        done = await txn.otherwise(Get("/async/b")).commit()
        assert done.succeeded and done.responses[1].kvs[0].value == b"3"
        lease = await client.lease.grant(60)
        await client.put("/async/leased", "x", lease=lease)
        assert (await client.get("/async/leased")).lease == lease.id != 0
        async with client.watch("/async/watched") as watcher:
            await client.put("/async/watched", "seen")
            event = await watcher.get(timeout=10)
            assert (event.type, event.kv.value) == (EventType.PUT, b"seen")


assert etcdobs.__file__.startswith(sys.prefix), etcdobs.__file__
blocking(sys.argv[1])
asyncio.run(asynchronous(sys.argv[1]))
metrics = generate_latest().decode()
assert all(f'grpc_method="{method}"' in metrics for method in ("Put", "Range", "Txn", "LeaseGrant", "Watch")), metrics
print("done")
"""


def dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return list(project["dependencies"])


def floors() -> dict[str, str]:
    """The lowest admitted version of each dependency that this interpreter can install."""
    bounds = (re.fullmatch(r"([\w-]+)>=([\w.]+),<[\w.]+", dependency) for dependency in dependencies())
    declared = {bound[1]: bound[2] for bound in bounds if bound}
    return declared | FIRST_WHEELS.get(sys.version_info[:2], {})


def installed(python: Path, name: str) -> str:
    ask = f"from importlib.metadata import version; print(version({name!r}))"
    return run(python, "-I", "-c", ask, cwd=python.parent).strip()


def round_trip(python: Path, folder: Path, endpoint: str) -> str:
    """What the script says when this interpreter runs it, isolated: the checkout is not on its path."""
    script = folder / "round_trip.py"
    script.write_text(ROUND_TRIP)
    return run(python, "-I", script, endpoint, cwd=folder).strip()


@pytest.fixture
def endpoint() -> Iterator[str]:
    with etcd() as server:
        yield server.endpoint


def test_every_dependency_has_a_floor_and_a_ceiling() -> None:
    assert len(floors()) == len(dependencies())


def test_a_round_trip_with_the_oldest_dependencies(tmp_path: Path, wheel: Path, endpoint: str) -> None:
    python = install(tmp_path / "oldest", wheel, floors())
    for name, version in floors().items():
        assert f"{installed(python, name)}.".startswith(f"{version}.")
    assert round_trip(python, tmp_path, endpoint) == "done"


def test_a_round_trip_with_the_newest_dependencies(tmp_path: Path, wheel: Path, endpoint: str) -> None:
    python = install(tmp_path / "newest", wheel, {})
    for name, version in floors().items():
        assert not f"{installed(python, name)}.".startswith(f"{version}.")
    assert round_trip(python, tmp_path, endpoint) == "done"
