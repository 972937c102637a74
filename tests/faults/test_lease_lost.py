"""A process that slept longer than its lease learns so at its first look, and with it all that hangs on the lease."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from etcdobs.testing import Etcd, relay

HEAD = """
import asyncio, logging, os, signal, sys
from prometheus_client import REGISTRY
from etcdobs import AsyncClient, Client
MARGIN = "etcdobs_lease_margin_seconds"
# Of leases alone: what the calls see of a server that cannot be reached is told too.
logging.getLogger("etcdobs.lease").addHandler(logging.StreamHandler(sys.stdout))
"""
LOOK = """
    print("ready", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
    # Nothing gets through any more: whatever is known now was not told by the server.
    print(*(held.lost for held in (heartbeat, session, lock, election)), flush=True)
    print(REGISTRY.get_sample_value("etcdobs_lease_lost_total"), REGISTRY.get_sample_value(MARGIN), flush=True)
    os._exit(0)
"""
BLOCKING = """
with Client(sys.argv[1]) as client:
    heartbeat = client.lease.keep_alive(client.lease.grant(1)).__enter__()
    session = client.session(ttl=1).__enter__()
    lock = client.lock("l", ttl=1)
    lock.acquire()
    election = client.election("e", ttl=1)
    election.campaign("me")
    assert not any(held.lost for held in (heartbeat, session, lock, election))
"""
AWAITING = """
async def main():
  async with AsyncClient(sys.argv[1]) as client:
    heartbeat = await client.lease.keep_alive(await client.lease.grant(1)).__aenter__()
    session = await client.session(ttl=1).__aenter__()
    lock = client.lock("l", ttl=1)
    await lock.acquire()
    election = client.election("e", ttl=1)
    await election.campaign("me")
    assert not any(held.lost for held in (heartbeat, session, lock, election))
"""
SCRIPTS = {
    "sync": BLOCKING + LOOK,
    "aio": AWAITING + LOOK + "asyncio.run(main())",
}


@contextmanager
def child(kind: str, endpoint: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-W", "error", "-c", HEAD + textwrap.dedent(SCRIPTS[kind]), endpoint]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("kind", ["sync", "aio"])
def test_a_process_that_was_suspended_sees_at_once_that_its_lease_is_lost(quick_etcd: Etcd, kind: str) -> None:
    with relay(quick_etcd.endpoint) as link, child(kind, link.endpoint) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        link.pause()
        # Its leases run out, and the server, which nothing reaches, says so to those who ask it.
        while quick_etcd.etcdctl("get", "--prefix", "", "--keys-only").strip():
            pass
        process.send_signal(signal.SIGCONT)
        said = process.stdout.read().splitlines()
    assert [line.partition(":")[0] for line in said[:4]] == ["a lease ended although it was kept alive"] * 4
    assert said[4:] == ["True True True True", "4.0 None"]
