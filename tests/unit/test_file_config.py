"""A configuration file means to a client what it means to clientv3's yaml package, and what is wrong in it is named."""

import sys
from pathlib import Path
from typing import Any

import pytest

from etcdobs import TLS, Client, RetryPolicy
from etcdobs._file_config import from_file


@pytest.fixture
def pem(tmp_path: Path) -> str:
    path = tmp_path / "some.pem"
    path.write_bytes(b"pem")
    return str(path)


def read(tmp_path: Path, *lines: str) -> dict[str, Any]:
    """What the lines say, TLS forbidden so that it is left out."""
    return from_file(written(tmp_path, "insecure-transport: true", *lines))


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "cluster.yaml"
    path.write_text("\n".join(lines))
    return path


def test_every_key_reaches_its_argument(tmp_path: Path) -> None:
    lines = """
        endpoints: [a:1, "https://b:2"]
        auto-sync-interval: 60s
        dial-timeout: 2s
        dial-keep-alive-time: 10s
        dial-keep-alive-timeout: 3s
        max-call-send-msg-size: 1000
        max-call-recv-msg-size: 2000
        username: root
        password: secret
        reject-old-cluster: true
    """
    assert read(tmp_path, *(line.strip() for line in lines.splitlines())) == {
        "endpoints": ["a:1", "https://b:2"],
        "auto_sync_interval": 60.0,
        "dial_timeout": 2.0,
        "keepalive_time": 10.0,
        "keepalive_timeout": 3.0,
        "max_send_bytes": 1000,
        "max_receive_bytes": 2000,
        "username": "root",
        "password": "secret",
        "reject_old_cluster": True,
    }
    assert read(tmp_path, "token: abc") == {"token": "abc"}


@pytest.mark.parametrize(
    "lines", [[], ["endpoints:"], ["dial-timeout: 0", 'username: ""', "max-call-send-msg-size: 0"]]
)
def test_nothing_zero_and_empty_stand_for_the_default(tmp_path: Path, lines: list[str]) -> None:
    assert read(tmp_path, *lines) == {}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5000000000", 5), ("5s", 5), ("1m30s", 90), ("500ms", 0.5), ("1.5e+9", 1.5), ("1000000", 0.001)],
)
def test_a_duration_is_gos(tmp_path: Path, text: str, seconds: float) -> None:
    assert read(tmp_path, f"dial-timeout: {text}")["dial_timeout"] == pytest.approx(seconds)


def test_keys_are_spelled_in_any_capitals_and_sizes_as_gos_fields(tmp_path: Path) -> None:
    assert read(tmp_path, "Dial-Timeout: 2s") == {"dial_timeout": 2}
    assert read(tmp_path, "MaxCallSendMsgSize: 5", "maxCallRecvMsgSize: 6") == {
        "max_send_bytes": 5,
        "max_receive_bytes": 6,
    }


def test_a_keepalive_time_is_raised_to_what_a_server_bears(tmp_path: Path) -> None:
    assert read(tmp_path, "dial-keep-alive-time: 1s") == {"keepalive_time": 5.0}


def test_retries(tmp_path: Path) -> None:
    lines = ["max-unary-retries: 3", "backoff-wait-between: 2s", "backoff-jitter-fraction: 0.1"]
    assert read(tmp_path, *lines) == {"retry": RetryPolicy(max_attempts=3, backoff_base=2.0, backoff_max=2.0)}


def test_tls_is_spoken_unless_it_is_forbidden(tmp_path: Path, pem: str) -> None:
    assert from_file(written(tmp_path)) == {"tls": TLS(allow_plaintext=True)}
    assert from_file(written(tmp_path, "insecure-skip-tls-verify: true")) == {
        "tls": TLS(verify=False, allow_plaintext=True)
    }
    files = [f"cert-file: {pem}", f"key-file: {pem}"]
    assert from_file(written(tmp_path, *files, f"trusted-ca-file: {pem}")) == {
        "tls": TLS(pem, pem, pem, allow_plaintext=True)
    }
    assert from_file(written(tmp_path, f"ca-file: {pem}")) == {"tls": TLS(ca=pem, allow_plaintext=True)}
    assert read(tmp_path, *files) == {}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("endpoint: a:1", "endpoint: there is no such key"),
        ("endpoints: {a: 1}", "endpoints: a list of endpoints is wanted"),
        ("endpoints: [1]", "endpoints: a string is wanted, not 1"),
        ("dial-timeout: five", "dial-timeout: a duration like 5s"),
        ("dial-timeout: -1", "dial-timeout: nanoseconds, or a duration like 5s"),
        ("dial-timeout: true", "dial-timeout: nanoseconds, or a duration like 5s"),
        ("auto-sync-interval: [1]", "auto-sync-interval: nanoseconds, or a duration like 5s"),
        ("max-call-send-msg-size: 1.5", "max-call-send-msg-size: a number of at least 0"),
        ("max-call-recv-msg-size: lots", "max-call-recv-msg-size: a number of at least 0"),
        ("reject-old-cluster: 1", "reject-old-cluster: true or false is wanted"),
        ("insecure-skip-tls-verify: yes please", "insecure-skip-tls-verify: true or false is wanted"),
        ("username: 5", "username: a string is wanted"),
        ("username: root", "username: it was given without password"),
        ("cert-file: /nowhere.pem", "cert-file: .*/nowhere.pem"),
        ("- endpoints", "keys and values are wanted"),
        ("endpoints: [", "it is no YAML"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(tmp_path: Path, line: str, complaint: str) -> None:
    path = written(tmp_path, line)
    with pytest.raises(ValueError, match=complaint) as caught:
        from_file(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="password: a string is wanted") as caught:
        read(tmp_path, "username: root", "password: 271828")
    assert "271828" not in str(caught.value)
    with pytest.raises(ValueError, match="token: it excludes username") as caught:
        read(tmp_path, "username: root", "password: canary", "token: canary")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(("present", "absent"), [("cert-file", "key-file"), ("key-file", "cert-file")])
def test_a_certificate_without_its_key_names_both(tmp_path: Path, pem: str, present: str, absent: str) -> None:
    with pytest.raises(ValueError, match=f"{present}: it was given without {absent}"):
        from_file(written(tmp_path, f"{present}: {pem}"))


def test_a_missing_file_is_a_value_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"gone\.yaml: .*No such file"):
        Client.from_config(tmp_path / "gone.yaml")


def test_without_pyyaml_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'etcdobs\[yaml\]'"):
        from_file(written(tmp_path, "endpoints: [a:1]"))
