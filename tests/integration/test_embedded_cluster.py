"""What `etcdobs.testing` promises of a cluster: it serves, fails over, and leaves nothing behind."""

import pytest

from etcdobs.testing import (
    EtcdCluster,
    etcd_cluster,
)
from tests.bare_grpc import channel, get, put
from tests.remains import left_behind
from tests.waiting import until


class TestCluster:
    def test_members_form_one_cluster(self, etcd_cluster_of_three: EtcdCluster, prefix: str) -> None:
        cluster = etcd_cluster_of_three
        with channel(cluster[0]) as opened:
            put(opened, f"{prefix}key", "value")

        with channel(cluster[2]) as opened:
            assert get(opened, f"{prefix}key") == [b"value"]
        assert cluster.endpoint == ",".join(member.endpoint for member in cluster.members)
        assert cluster.endpoints == [member.endpoint for member in cluster]
        assert len(cluster) == 3

    @pytest.mark.parametrize(("fail", "mend"), [("kill", "start"), ("stop", "start"), ("pause", "resume")])
    def test_another_member_leads_when_the_leader_fails(
        self, etcd_cluster_of_three: EtcdCluster, prefix: str, fail: str, mend: str
    ) -> None:
        old = etcd_cluster_of_three.leader()

        getattr(old, fail)()
        try:
            new = etcd_cluster_of_three.leader()

            assert new is not old
            with channel(new) as opened:
                put(opened, f"{prefix}key", "value")
        finally:
            getattr(old, mend)()
        until(old.is_healthy)

    def test_no_member_leads_without_a_quorum(self) -> None:
        with etcd_cluster(3) as cluster:
            cluster[0].kill()
            cluster[1].pause()

            with pytest.raises(TimeoutError, match="no leader with a quorum among 3"):
                cluster.leader(timeout=3)

    def test_a_member_without_quorum_starts_when_it_need_not_serve(self) -> None:
        with etcd_cluster(3) as cluster:
            cluster.stop()

            cluster[0].start(wait=False)
            assert cluster[0].running
            cluster.start()

            assert cluster.leader() in cluster.members

    def test_nothing_is_left_of_it(self) -> None:
        with etcd_cluster(3) as cluster:
            traces = [(member.pid, member.port, member.directory) for member in cluster]
            cluster[1].pause()

        assert [left_behind(*of_one) for of_one in traces] == [[], [], []]

    def test_it_has_at_least_one_member(self) -> None:
        with pytest.raises(ValueError, match="at least one"):
            etcd_cluster(0)
