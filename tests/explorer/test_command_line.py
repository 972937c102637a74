"""`etcdobs-explorer` as a command: what it prints without a terminal, and one clear line for whatever is wrong."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from etcdobs import Client
from etcdobs.testing import Etcd, etcd
from etcdobs_explorer.settings import Settings, UsageError, duration, read

PROGRAM = "etcdobs-explorer: "


def run(*arguments: str, timeout: float = 30, **environ: str) -> "subprocess.CompletedProcess[str]":
    """The command with nothing but pipes around it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ETCDCTL_")}
    return subprocess.run(
        [sys.executable, "-m", "etcdobs_explorer", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=timeout,
        env=clean | environ,
        check=False,
    )


def complaint(done: "subprocess.CompletedProcess[str]") -> str:
    """The one line on stderr."""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith(PROGRAM)
    assert done.stdout == ""
    return lines[0].removeprefix(PROGRAM)


class TestWithoutATerminal:
    def test_everything_is_printed_as_text(self, fresh_etcd: Etcd) -> None:
        with Client(fresh_etcd.endpoint) as client:
            lease = client.lease.grant(100)
            client.put("/app/\x1b[31mred", b"\xff", lease=lease)
        with subprocess.Popen(
            [sys.executable, "-m", "etcdobs_explorer", "--endpoints", fresh_etcd.endpoint],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            read_so_far = []
            for line in process.stdout:
                read_so_far.append(line)
                if line.startswith("EVENTS"):
                    with Client(fresh_etcd.endpoint) as client:
                        for number in range(10):
                            client.put("/app/counter", str(number))
            assert process.wait() == 0
            assert process.stderr.read() == ""
        text = "".join(read_so_far)
        for part in ("app/", "\\x1b[31mred", f"{lease.id:x}", "leader", "STATUS", "revision", "db "):
            assert part in text
        assert text.count("/app/counter") == 10
        assert "\x1b" not in text

    def test_etcdctls_environment(self, etcd_server: Etcd) -> None:
        done = run("--endpoints", "127.0.0.1:1", ETCDCTL_DIAL_TIMEOUT="300ms", ETCDCTL_ENDPOINTS=etcd_server.endpoint)
        assert (done.returncode, complaint(done)[:26]) == (1, "cannot reach etcd at 127.0")


class TestComplaints:
    def test_no_server(self) -> None:
        began = time.monotonic()
        done = run("--endpoints", "127.0.0.1:1", "--dial-timeout", "1s")
        assert done.returncode == 1
        assert complaint(done).startswith("cannot reach etcd at 127.0.0.1:1: ")
        assert time.monotonic() - began < 10  # the interpreter starts, too

    def test_wrong_password(self) -> None:
        with etcd(root_password="right") as server:
            done = run("--endpoints", server.endpoint, "--user", "root:wrong")
        assert done.returncode == 1
        assert complaint(done).startswith("authentication failed at ")

    def test_tls_with_a_client_certificate(self) -> None:
        with etcd(tls="mutual") as server:
            shown = server.certificates
            files = ["--cacert", str(shown.ca), "--cert", str(shown.client_cert), "--key", str(shown.client_key)]
            refused = run("--endpoints", server.endpoint, *files[:2], "--dial-timeout", "1s")
            unknown = run("--endpoints", server.endpoint, "--dial-timeout", "1s")
        assert (refused.returncode, unknown.returncode) == (1, 1)
        assert complaint(refused).startswith("cannot reach etcd at ")
        assert complaint(unknown).startswith("cannot reach etcd at ")

    @pytest.mark.parametrize(
        ("arguments", "code", "part"),
        [
            (["--cacert", "/nowhere/ca.pem"], 1, "/nowhere/ca.pem"),
            (["--cert", __file__], 2, "cert was given without key"),
            (["--endpoints", "nonsense"], 2, "host:port is wanted"),
            (["--endpoints", ","], 2, "--endpoints"),
            (["--dial-timeout", "5"], 2, "--dial-timeout: a duration like 5s"),
            (["--dial-timeout", "-5s"], 2, "--dial-timeout"),
            (["--command-timeout", "0s"], 2, "above zero"),
            (["--metrics-port", "99999"], 2, "--metrics-port"),
            (["--insecure-transport=maybe"], 2, "--insecure-transport"),
            (["--user", "root"], 2, "--user"),
            (["--nonsense"], 2, "--nonsense"),
            (["stray"], 2, "stray"),
        ],
    )
    def test_wrong_settings(self, arguments: list[str], code: int, part: str) -> None:
        done = run(*arguments)
        assert (done.returncode, part in complaint(done)) == (code, True), done.stderr

    def test_a_wrong_variable(self) -> None:
        done = run(ETCDCTL_DIAL_TIMEOUT="abc")
        assert done.returncode == 2
        assert "--dial-timeout" in complaint(done)

    def test_help_and_version(self) -> None:
        assert run("--help").returncode == 0
        assert run("--version").stdout.startswith("etcdobs-explorer ")


class TestSettings:
    def settings(self, *arguments: str, **environ: str) -> Settings:
        return read(arguments, environ)

    @pytest.mark.parametrize(("text", "seconds"), [("5s", 5), ("500ms", 0.5), ("1m30s", 90), ("1.5h", 5400)])
    def test_go_durations(self, text: str, seconds: float) -> None:
        assert duration(text) == pytest.approx(seconds)

    def test_flags_win_over_variables(self) -> None:
        settings = self.settings("--endpoints", "a:1", ETCDCTL_ENDPOINTS="b:2", ETCDCTL_CACERT="ca.pem")
        assert (settings.endpoints, settings.cacert) == ("a:1", "ca.pem")

    @pytest.mark.parametrize(
        ("user", "password", "expected"),
        [
            (None, None, (None, None)),
            ("root:pw", None, ("root", "pw")),
            ("root:p:w", None, ("root", "p:w")),
            ("root", "pw", ("root", "pw")),
            ("ro:ot", "pw", ("ro:ot", "pw")),
            ("root", None, ("root", None)),
        ],
    )
    def test_user_as_etcdctl_reads_it(
        self, user: str | None, password: str | None, expected: tuple[str | None, str | None]
    ) -> None:
        environ = {"ETCDCTL_USER": user, "ETCDCTL_PASSWORD": password}
        settings = self.settings(**{name: value for name, value in environ.items() if value is not None})
        assert (settings.username, settings.password) == expected

    @pytest.mark.parametrize(
        ("arguments", "uses_tls"),
        [
            ([], False),
            (["--cacert", "x"], True),
            (["--insecure-skip-tls-verify"], True),
            (["--insecure-transport=false"], True),
            (["--insecure-transport"], False),
        ],
    )
    def test_when_tls_is_spoken(self, arguments: list[str], uses_tls: bool) -> None:
        assert self.settings(*arguments).uses_tls is uses_tls

    def test_separators(self) -> None:
        assert self.settings("--separator", "\\0").separator == b"\0"
        assert self.settings("--separator", "").separator == b""

    def test_the_context_names_user_and_cluster_and_no_password(self) -> None:
        settings = self.settings("--endpoints", "http://a:1,b:2,c:3", "--user", "root:secret")
        assert settings.context == "root@a:1 (+2)"

    def test_what_is_wrong_is_said_by_name(self) -> None:
        with pytest.raises(UsageError, match="--command-timeout"):
            self.settings("--command-timeout", "x")


def test_the_log_goes_to_a_file_when_asked_for(etcd_server: Etcd, tmp_path: Path) -> None:
    log = tmp_path / "explorer.log"
    done = run("--endpoints", "127.0.0.1:1", "--dial-timeout", "200ms", "--log-file", str(log))
    assert done.returncode == 1
    assert log.exists()
