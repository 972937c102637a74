"""Real etcd servers for tests: one member, a cluster, TLS, authentication, and a relay that misbehaves on demand.

    from etcdobs.testing import etcd

    with etcd() as server:
        client = Client(server.endpoint)

Nothing here is a mock. Servers listen on the loopback only, on free ports, and are gone with their data when the
block ends, however it ends. Fixtures for pytest are in `etcdobs.testing.pytest_plugin`.
"""

from etcdobs.testing._binary import EtcdNotFoundError, find_etcd
from etcdobs.testing._cluster import EtcdCluster, etcd_cluster
from etcdobs.testing._relay import Relay, relay
from etcdobs.testing._server import Etcd, EtcdStartError, etcd
from etcdobs.testing._tls import Certificates, certificates

__all__ = [
    "Certificates",
    "Etcd",
    "EtcdCluster",
    "EtcdNotFoundError",
    "EtcdStartError",
    "Relay",
    "certificates",
    "etcd",
    "etcd_cluster",
    "find_etcd",
    "relay",
]
