"""A page that is on its way when its client is closed, or when the process is forked, holds up nobody."""

import os
import subprocess
import sys
import textwrap
import threading

from etcdobs import Client, Keys
from etcdobs.testing import Etcd, relay

FORKED = """
    import os, sys
    from etcdobs import Client, ClosedError, Keys
    from etcdobs.testing import relay

    with relay(sys.argv[1]) as link, Client(link.endpoint) as client:
        client.load(f'{{"key": "{sys.argv[2]}{number}", "value": "v"}}' for number in range(60))
        found = client.scan(Keys.prefix(sys.argv[2]), page_size=10)
        for _ in range(5):
            next(found)
        link.pause()
        next(found)
        child = os.fork()
        if not child:
            try:
                list(found)
            except ClosedError as error:
                print(error, flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        link.resume()
        print(len(list(found)), flush=True)
"""


def test_no_page_outlives_its_client(etcd_server: Etcd, prefix: str) -> None:
    with relay(etcd_server.endpoint) as link, Client(link.endpoint, timeout=None) as client:
        client.load(f'{{"key": "{prefix}{number}", "value": "v"}}' for number in range(60))
        found = client.scan(Keys.prefix(prefix), page_size=10)
        for _ in range(5):
            next(found)
        link.pause()
        next(found)
        assert [thread for thread in threading.enumerate() if thread.name == "etcdobs-page"]
        client.close()
        assert not [thread for thread in threading.enumerate() if thread.name == "etcdobs-page"]


def test_a_forked_child_does_not_wait_for_a_page(etcd_server: Etcd, prefix: str) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", textwrap.dedent(FORKED), etcd_server.endpoint, prefix]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=30, check=True)
    told, rest = done.stdout.splitlines()
    assert "made before this process was forked" in told
    assert rest == "54"
