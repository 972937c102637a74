"""Measures what it costs to have a large batch of events cut into fragments, in seconds from asking for it to the last.

    python benchmarks/fragments.py [revisions] [puts in each] [bytes in each]

Starts an etcd of its own (ETCDOBS_ETCD names another binary), writes transactions, and watches what they wrote from
the first revision, with `fragment=True` and False by turns, three times each. `cpu` is the server's CPU time meanwhile.
A server collects up to 1,000 revisions for a watch that is behind and sends them as one response, cut into fragments of
its `--max-request-bytes` and a little more where the watch asked for that.
"""

import os
import sys
import time

from etcdobs import Client, Keys, Put
from etcdobs.testing import etcd

ROUNDS = 3
MOST = 600.0  # seconds for one replay


def write(client: Client, revisions: int, puts: int, size: int) -> int:
    """Writes the history; answers its first revision."""
    first, value = 0, b"x" * size
    for number in range(revisions):
        keys = range(number * puts, (number + 1) * puts)
        written = client.txn().then(*(Put(f"/fragments/{key:08d}", value) for key in keys)).commit()
        first = first or written.revision
    return first


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def replay(client: Client, first: int, events: int, *, fragment: bool) -> float:
    """Seconds until a watch from the past has brought every event."""
    began, seen = time.monotonic(), 0
    keys = Keys.prefix("/fragments/")
    with client.watch(keys, start_revision=first, fragment=fragment, buffer=events, timeout=MOST) as watcher:
        for response in watcher.responses():
            seen += len(response.events)
            if seen >= events:
                break
    return time.monotonic() - began


def main(revisions: int = 200, puts: int = 500, size: int = 100) -> None:
    """Prints a line for each replay."""
    with etcd(flags=[f"--max-txn-ops={puts}"]) as server, Client(server.endpoint, metrics=None) as client:
        first = write(client, revisions, puts, size)
        print(f"{revisions:,} revisions of {puts:,} puts of {size:,} bytes")
        for fragment in (True, False) * ROUNDS:
            spent = cpu(server.pid)
            took = replay(client, first, revisions * puts, fragment=fragment)
            print(f"fragment={fragment!s:5}  {took:7.2f} s  cpu {cpu(server.pid) - spent:7.2f} s", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
