"""A Ctrl-C in the very moment in which a lock is taken: closing is prompt all the same, whatever stays locked."""

import os
import subprocess
import sys
import textwrap

import pytest

from etcdobs.testing import Etcd

USES = {
    "watch": """
        with client.watch("k") as watcher:
            client.put("k", "v")
            watcher.get(timeout=5)
        """,
    "keep alive": """
        with client.lease.grant(60).keep_alive():
            client.get("k")
        """,
    "lock": """
        with client.lock("name", ttl=60):
            client.get("k")
        """,
}

# Raises KeyboardInterrupt in the main thread as `Condition.__enter__` returns for the n-th time, and closes the client.
SCRIPT = """
import sys, threading, time
from etcdobs import Client
from etcdobs._drive import sync, uninterrupted

sync.CLOSING = uninterrupted.CLOSING = 0.05
sys.unraisablehook = lambda unraisable: None
ENTER = threading.Condition.__enter__.__code__

def use(client):
    {use}

def interrupted(at):
    taken = 0
    def interrupt(frame, event, argument):
        nonlocal taken
        if event == "return" and frame.f_code is ENTER:
            taken += 1
            if taken == at:
                sys.setprofile(None)
                raise KeyboardInterrupt
    client = Client(sys.argv[1])
    sys.setprofile(interrupt)
    try:
        use(client)
    except KeyboardInterrupt:
        pass
    finally:
        sys.setprofile(None)
    began = time.monotonic()
    client.close()
    assert time.monotonic() - began < 2, at
    return taken == at

at = 1
while interrupted(at):
    at += 1
print("moments:", at - 1)
"""


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_closing_is_prompt_whatever_lock_an_interrupt_has_left_taken(quick_etcd: Etcd, use: str) -> None:
    script = SCRIPT.replace("{use}", textwrap.indent(textwrap.dedent(use), "    ").strip())
    command = [sys.executable, "-c", script, quick_etcd.endpoint]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=50, check=False)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout.removeprefix("moments:")) > 5
