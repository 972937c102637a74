"""`etcdobs-explorer` as a command: what it prints without a terminal, and one clear line for whatever is wrong."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from etcdobs import Client
from etcdobs.testing import Etcd, etcd
from etcdobs_explorer.model.contexts import Context, Password, Source
from etcdobs_explorer.model.go_values import duration
from etcdobs_explorer.settings import UsageError, read

PROGRAM = "etcdobs-explorer: "


def run(*arguments: str, timeout: float = 30, **environ: str) -> "subprocess.CompletedProcess[str]":
    """The command with nothing but pipes around it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ETCDCTL_", "ETCDOBS_CONFIG"))}
    clean |= {"ETCDOBS_CONFIG": os.devnull}
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
            (["stray"], 2, "no command 'stray'; there are info, context list, use and import"),
            (["--context", "gone"], 2, "no context 'gone'; there are env"),
            (["context", "use", "gone"], 2, "no context 'gone'"),
            (["context", "import", "/nowhere.yaml"], 2, "/nowhere.yaml: No such file"),
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


FILE = """
current = "dev"
[contexts.dev]
endpoints = ["a:1"]
[contexts.prod]
endpoints = ["b:2"]
user = "viewer"
password_command = "pass etcd"
read_only = true
separator = ":"
"""


def context(*arguments: str, file: Path | None = None, **environ: str) -> Context:
    return read(arguments, {"ETCDOBS_CONFIG": str(file or os.devnull), **environ}).context


class TestSettings:
    @pytest.mark.parametrize(("text", "seconds"), [("5s", 5), ("500ms", 0.5), ("1m30s", 90), ("1.5h", 5400)])
    def test_go_durations(self, text: str, seconds: float) -> None:
        assert duration(text) == pytest.approx(seconds)

    def test_flags_win_over_variables(self) -> None:
        found = context("--endpoints", "a:1", ETCDCTL_ENDPOINTS="b:2", ETCDCTL_CACERT="ca.pem")
        assert (found.endpoints, found.cacert) == (("a:1",), "ca.pem")

    @pytest.mark.parametrize(
        ("user", "password", "expected"),
        [
            (None, None, (None, Password())),
            ("root:pw", None, ("root", Password(Source.GIVEN, "pw"))),
            ("root:p:w", None, ("root", Password(Source.GIVEN, "p:w"))),
            ("root", "pw", ("root", Password(Source.GIVEN, "pw"))),
            ("ro:ot", "pw", ("ro:ot", Password(Source.GIVEN, "pw"))),
            ("root", None, ("root", Password())),
        ],
    )
    def test_user_as_etcdctl_reads_it(
        self, user: str | None, password: str | None, expected: tuple[str | None, Password]
    ) -> None:
        variables: dict[str, Any] = {"ETCDCTL_USER": user, "ETCDCTL_PASSWORD": password}
        flags = [part for flag, text in (("--user", user), ("--password", password)) if text for part in (flag, text)]
        found = context(**{name: text for name, text in variables.items() if text is not None})
        assert (found.user, found.password) == expected
        found = context(*flags)
        assert (found.user, found.password) == expected

    @pytest.mark.parametrize(
        ("arguments", "uses_tls"),
        [
            ([], False),
            (["--cacert", "x"], True),
            (["--insecure-skip-tls-verify"], True),
            (["--insecure-transport=false"], True),
            (["--insecure-transport=true"], False),
        ],
    )
    def test_when_tls_is_spoken(self, arguments: list[str], uses_tls: bool) -> None:
        assert context(*arguments).uses_tls is uses_tls

    def test_separators(self) -> None:
        assert context("--separator", "\\0").separator == b"\0"
        assert context("--separator", "").separator == b""

    def test_the_title_names_user_and_cluster_and_no_password(self) -> None:
        assert context("--endpoints", "http://a:1,b:2,c:3", "--user", "root:secret").title == "root@a:1 (+2)"

    def test_what_is_wrong_is_said_by_name(self) -> None:
        with pytest.raises(UsageError, match="--command-timeout"):
            context("--command-timeout", "x")


class TestContexts:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(FILE)
        return path

    def test_which_one_is_opened(self, file: Path) -> None:
        assert context(file=file).name == "dev"
        assert context("--context", "prod", file=file).endpoints == ("b:2",)
        assert context(file=file, ETCDCTL_ENDPOINTS="c:3").endpoints == ("c:3",)
        assert context("--context", "prod", file=file, ETCDCTL_ENDPOINTS="c:3").endpoints == ("b:2",)
        assert context("--endpoints", "d:4", file=file).title == "d:4"

    def test_flags_change_the_context(self, file: Path) -> None:
        found = context("--context", "prod", "--user", "admin:pw", "--command-timeout", "9s", file=file)
        assert (found.user, found.password.place, found.command_timeout) == ("admin", "pw", 9.0)
        assert (found.read_only, found.separator) == (True, b":")
        assert context("--context", "prod", "--password", "pw", file=file).user == "viewer"
        assert context("--read-only", file=file).read_only

    def test_list_use_import_and_info(self, file: Path, tmp_path: Path) -> None:
        environ: dict[str, Any] = {"ETCDOBS_CONFIG": str(file), "ETCDOBS_STATE": str(tmp_path / "state")}
        yaml = tmp_path / "staging.yaml"
        yaml.write_text("endpoints: [s:1]\nusername: u\npassword: secret\n")
        imported = run("context", "import", str(yaml), **environ)
        assert (imported.returncode, "secret" in file.read_text()) == (0, False)
        assert "its password is not" in imported.stdout
        assert run("context", "use", "staging", **environ).returncode == 0
        assert run("--endpoints", "x:1", "--cacert", "c", "context", "import", **environ).returncode == 0
        listed = run("context", "list", **environ).stdout
        assert [line.split()[:2] for line in listed.splitlines()] == [
            ["env", "-"], ["dev", "-"], ["prod", "viewer"], ["*", "staging"], ["imported", "-"],
        ]  # fmt: skip
        said = run("info", **environ).stdout
        for part in (str(file), str(tmp_path / "state"), "explorer.log", "staging", "s:1"):
            assert part in said

    def test_a_damaged_file_is_told_and_prevents_nothing(self, tmp_path: Path) -> None:
        file = tmp_path / "config.toml"
        file.write_text("nonsense = [")
        done = run("--endpoints", "127.0.0.1:1", "--dial-timeout", "200ms", ETCDOBS_CONFIG=str(file))
        assert done.returncode == 1
        first, second = done.stderr.splitlines()
        assert first.startswith(f"{PROGRAM}{file}:1: it is no TOML")
        assert second.startswith(f"{PROGRAM}cannot reach etcd")


def test_the_log_goes_to_a_file_when_asked_for(etcd_server: Etcd, tmp_path: Path) -> None:
    log = tmp_path / "explorer.log"
    done = run("--endpoints", "127.0.0.1:1", "--dial-timeout", "200ms", "--log-file", str(log))
    assert done.returncode == 1
    assert log.exists()
