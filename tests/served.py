"""Asks an etcd what it serves at this moment, through its own metrics: what no client can tell."""

import urllib.request

from etcdobs.testing import Etcd


def watchers_on(server: Etcd) -> int:
    """How many watchers the server holds."""
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{server.endpoint}/metrics") as answer:
        metrics: str = answer.read().decode()
    return int(metrics.partition("\netcd_debugging_mvcc_watcher_total ")[2].split()[0])
