"""What an object shows of itself: one line that says what it is and where it stands."""

import pytest

from etcdobs import AsyncClient, Client, ClientMetrics, Compare, Get, Put
from etcdobs.testing import Etcd

KINDS = pytest.mark.parametrize(("kind", "name"), [(Client, ""), (AsyncClient, "Async")])


@KINDS
def test_parts_of_a_client_that_is_not_connected(kind: type[Client], name: str) -> None:
    client = kind("a:1,b:2", username="u", password="canary")
    for part in ("lease", "cluster", "auth", "maintenance"):
        assert repr(getattr(client, part)) == f"<{name}{part.capitalize()}Client of a:1,b:2>"
    txn = client.txn().when(Compare.missing("k")).then(Put("k", "canary"), Get("k"))
    assert repr(txn) == f"<{name}TxnBuilder when=1 then=2 otherwise=0>"
    assert repr(client.lock("jobs")) == f"<{name}Lock b'jobs' not held>"
    assert repr(client.election("leader")) == f"<{name}Election b'leader' not held>"
    assert repr(client.session(ttl=5)) == f"<{name}Session ttl=5 not open>"
    assert repr(client.lease.keep_alive(255)) == f"<{name}Heartbeat of lease ff ttl=0 not open>"
    assert repr(client.watch("k")).startswith(f"<{name}Watcher of ")
    assert repr(client.namespaced("/app/").lease) == f"<{name}LeaseClient of a:1,b:2>"


def test_what_is_open_says_so(etcd_server: Etcd, prefix: str) -> None:
    with Client(etcd_server.endpoint) as client, client.session(ttl=30) as session:
        shown = f"lease {session.lease.id:x}"
        assert repr(session) == f"<Session {shown} ttl=30 open>"
        with session.lease.keep_alive() as heartbeat:
            assert repr(heartbeat) == f"<Heartbeat of {shown} ttl=30 open>"
        assert repr(heartbeat).endswith("closed>")
        with client.lock(prefix, session=session) as lock:
            assert repr(lock) == f"<Lock {prefix.encode()!r} held, fence {lock.fence}>"
        assert repr(lock).endswith("not held>")


def test_metrics_say_how_much_they_know() -> None:
    from prometheus_client import CollectorRegistry

    metrics = ClientMetrics(CollectorRegistry())
    metrics.method("/etcdserverpb.KV/Put", "unary")
    assert repr(metrics) == "<ClientMetrics of 1 RPC methods>"
    assert "process-wide" in repr(ClientMetrics.default())
