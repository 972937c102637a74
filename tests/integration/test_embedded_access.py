"""What `etcdobs.testing` promises of servers with TLS or with authentication."""

from pathlib import Path

import grpc
import pytest

from etcdobs.testing import (
    Etcd,
    certificates,
    etcd,
    etcd_cluster,
)
from tests.bare_grpc import channel, get, put, trust
from tests.waiting import QUICK


class TestTLS:
    def test_a_client_that_trusts_the_ca_is_served(self) -> None:
        with (
            etcd(flags=QUICK, tls="server") as server,
            channel(server, trust(server.certificates, show=False)) as opened,
        ):
            assert server.endpoint.startswith("https://")
            put(opened, "key", "value")

            assert get(opened, "key") == [b"value"]

    def test_mutual_asks_for_a_certificate(self) -> None:
        with etcd(flags=QUICK, tls="mutual") as server:
            with channel(server, trust(server.certificates, show=True)) as opened:
                put(opened, "key", "value")
                assert get(opened, "key") == [b"value"]
            with (
                channel(server, trust(server.certificates, show=False)) as opened,
                pytest.raises(grpc.FutureTimeoutError),
            ):
                grpc.channel_ready_future(opened).result(timeout=1)

    def test_etcdctl_gets_the_certificates(self) -> None:
        with etcd(flags=QUICK, tls="mutual") as server:
            assert "OK" in server.etcdctl("put", "key", "value")

    def test_serves_with_certificates_that_were_given(self, tmp_path: Path) -> None:
        given = certificates(tmp_path)

        with (
            etcd(flags=QUICK, tls="server", certificates=given) as server,
            channel(server, trust(given, show=False)) as opened,
        ):
            assert server.certificates == given
            assert get(opened, "key") == []

    def test_members_share_one_ca(self) -> None:
        with etcd_cluster(2, tls="mutual") as cluster:
            for member in cluster:
                with channel(member, trust(cluster.certificates, show=True)) as opened:
                    assert get(opened, "key") == []

    def test_expired_certificates_can_be_made_and_served(self, tmp_path: Path) -> None:
        expired = certificates(tmp_path, days=-1)

        with (
            etcd(flags=QUICK, tls="server", certificates=expired) as server,
            channel(server, trust(expired, show=False)) as opened,
            pytest.raises(grpc.FutureTimeoutError),
        ):
            grpc.channel_ready_future(opened).result(timeout=1)

    def test_without_tls_there_are_no_certificates(self, etcd_server: Etcd) -> None:
        with pytest.raises(RuntimeError, match="tls="):
            _ = etcd_server.certificates


class TestAuthentication:
    def test_an_anonymous_put_is_refused_and_roots_is_not(self) -> None:
        with etcd(flags=QUICK, root_password="secret") as server, channel(server) as opened:
            with pytest.raises(grpc.RpcError, match="user name is empty"):
                put(opened, "key", "value")
            assert "OK" in server.etcdctl("put", "key", "value")

    def test_it_stays_enabled_over_a_restart(self) -> None:
        with etcd(flags=QUICK, root_password="secret") as server:
            server.stop()
            server.start()

            assert "OK" in server.etcdctl("put", "key", "value")

    def test_and_in_data_that_the_caller_keeps(self, tmp_path: Path) -> None:
        for _ in range(2):
            with etcd(flags=QUICK, root_password="secret", data_dir=tmp_path / "kept") as server:
                assert "OK" in server.etcdctl("put", "key", "value")

    def test_holds_for_every_member(self) -> None:
        with etcd_cluster(3, root_password="secret") as cluster:
            for member in cluster:
                assert "OK" in member.etcdctl("put", "key", "value")
