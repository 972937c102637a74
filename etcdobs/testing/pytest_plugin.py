"""Decides how long pytest keeps an etcd: fixtures for `pytest_plugins = ["etcdobs.testing.pytest_plugin"]`."""

from collections.abc import Iterator

import pytest

from etcdobs.testing._cluster import EtcdCluster, etcd_cluster
from etcdobs.testing._server import Etcd, etcd


@pytest.fixture(scope="session")
def etcd_server() -> Iterator[Etcd]:
    """One member for the whole session. Shared: write under keys of your own, and leave it running as you found it."""
    with etcd() as server:
        yield server


@pytest.fixture(scope="module")
def etcd_cluster_of_three() -> Iterator[EtcdCluster]:
    """Three members for the tests of one module.

    Not for the session: tests ask for a cluster in order to kill, freeze and change it, and what one module does to
    it should not reach another; a new one costs about a second. A test that stops a member starts it again.
    """
    with etcd_cluster(3) as cluster:
        yield cluster


@pytest.fixture
def fresh_etcd() -> Iterator[Etcd]:
    """One member for this test alone: empty, at revision 1, to be stopped, killed and compacted at will."""
    with etcd() as server:
        yield server
