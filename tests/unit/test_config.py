"""A wrong setting is named before anything is connected; a right one is understood as etcd's clients do."""

import os
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from etcdobs import TLS, Client, RetryPolicy
from etcdobs.config import Endpoint, parse_endpoints


@pytest.mark.parametrize(
    ("text", "address", "target", "secure"),
    [
        ("localhost:2379", "localhost:2379", "dns:///localhost:2379", None),
        ("http://a:1", "a:1", "dns:///a:1", False),
        ("https://a:1", "a:1", "dns:///a:1", True),
        ("https://a:1/", "a:1", "dns:///a:1", True),
        (" a:1 ", "a:1", "dns:///a:1", None),
        ("A.Example:1", "a.example:1", "dns:///a.example:1", None),
        ("etcd_0.etcd:2379", "etcd_0.etcd:2379", "dns:///etcd_0.etcd:2379", None),
        ("127.0.0.1:65535", "127.0.0.1:65535", "dns:///127.0.0.1:65535", None),
        ("[::1]:2379", "[::1]:2379", "dns:///[::1]:2379", None),
        ("https://[fe80::1%eth0]:1", "[fe80::1%eth0]:1", "dns:///[fe80::1%eth0]:1", True),
        ("unix:///run/etcd.sock", "/run/etcd.sock", "unix:/run/etcd.sock", None),
        ("unix:/run/etcd.sock", "/run/etcd.sock", "unix:/run/etcd.sock", None),
        ("unix://localhost:m1", "localhost:m1", "unix:localhost:m1", None),
        ("unixs:///run/etcd.sock", "/run/etcd.sock", "unix:/run/etcd.sock", True),
        (" unix:///run/with%20space", "/run/with space", "unix:/run/with space", None),
    ],
)
def test_an_endpoint_is_read(text: str, address: str, target: str, secure: bool | None) -> None:
    endpoint = Endpoint.parse(text)
    assert (endpoint.address, endpoint.target, endpoint.secure) == (address, target, secure)


@pytest.mark.parametrize(
    "text",
    [
        "localhost",
        "localhost:",
        ":2379",
        "localhost:abc",
        "localhost:0",
        "localhost:65536",
        "localhost:-1",
        "a:1:2",
        "::1:2379",
        "[::1",
        "http://",
        "https://host",
        "ftp://a:1",
        "dns:///a:1",
        "http://http://a:1",
        "a:1/path",
        "a:1?query",
        "a:1#fragment",
        "a b:1",
        "a\tb:1",
        "a\nb:1",
        "unix://",
        "unix:",
        "unixs://",
    ],
)
def test_a_bad_endpoint_names_itself(text: str) -> None:
    for parse in (Endpoint.parse, parse_endpoints, Client):
        with pytest.raises(ValueError, match="endpoint") as caught:
            parse(text)
        assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    "text", ["http://root:canary@a:1", "root:canary@a:1", "https://canary@a", "ftp://x:canary@a:1"]
)
def test_a_password_in_an_endpoint_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ValueError, match=r"\*\*\*@a") as caught:
        parse_endpoints(text)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "endpoints", ["a:1,b:2", " a:1 , b:2 ,", ["a:1", "b:2"], ("a:1,b:2",), iter(["a:1", "b:2"]), ["a:1", "b:2", "a:1"]]
)
def test_endpoints_come_as_one_text_or_as_many(endpoints: Any) -> None:
    assert [endpoint.address for endpoint in parse_endpoints(endpoints)] == ["a:1", "b:2"]


@pytest.mark.parametrize("endpoints", ["", " , ", [], [""]])
def test_no_endpoint_at_all_is_an_error(endpoints: Any) -> None:
    with pytest.raises(ValueError, match="no endpoint"):
        parse_endpoints(endpoints)


@pytest.mark.parametrize(("endpoints", "kind"), [([b"a:1"], "bytes"), ([None], "NoneType")])
def test_an_endpoint_that_is_no_str_names_its_type(endpoints: Any, kind: str) -> None:
    with pytest.raises(TypeError, match=f"an endpoint must be a str, not {kind}"):
        parse_endpoints(endpoints)


def test_one_member_with_and_without_tls_is_refused() -> None:
    with pytest.raises(ValueError, match=r"http://a:1.*https://a:1"):
        parse_endpoints("http://a:1,https://a:1")


@pytest.mark.parametrize(("given", "absent"), [("cert", "key"), ("key", "cert")])
def test_a_certificate_needs_its_key(given: str, absent: str) -> None:
    with pytest.raises(ValueError, match=f"{given} was given without {absent}"):
        TLS(cert=b"pem" if given == "cert" else None, key=b"pem" if given == "key" else None)


@pytest.mark.parametrize("name", ["ca", "cert", "key"])
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    paths: dict[str, Any] = {"cert": b"pem", "key": b"pem"} | {name: str(tmp_path / "gone.pem")}
    with pytest.raises(FileNotFoundError, match=f"{name} names no file: .*gone.pem"):
        TLS(**paths)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.pem"
    path.write_bytes(b"pem")
    # Permissions do not bind root, as whom tests may run.
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(PermissionError, match=r"ca cannot be read: .*secret\.pem"):
        TLS(ca=path)


def test_tls_material_of_another_type_is_named() -> None:
    with pytest.raises(TypeError, match=r"ca must be .*, not int"):
        TLS(ca=3)  # type: ignore[arg-type]


def test_tls_reads_its_files_when_asked_so_that_new_ones_count(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(b"old")
    tls = TLS(ca=path, cert=b"cert", key=b"key")
    path.write_bytes(b"new")
    assert [tls.read(name) for name in ("ca", "cert", "key")] == [b"new", b"cert", b"key"]
    assert TLS().read("ca") is None


def test_tls_verifies_unless_told_not_to() -> None:
    assert TLS().verify
    assert repr(TLS()) == "TLS(ca=None, cert=None, key=None, server_name=None, verify=True)"


def test_tls_shows_paths_but_never_material(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(b"pem")
    shown = repr(TLS(ca=path, cert=b"canary-cert", key=b"canary-key", server_name="etcd.internal"))
    assert "canary" not in shown
    assert "ca.pem" in shown
    assert "etcd.internal" in shown


@pytest.mark.parametrize(
    "settings",
    [
        {"max_attempts": 0},
        {"max_attempts": -1},
        {"backoff_base": 0},
        {"backoff_base": 2, "backoff_max": 1},
        {"backoff_base": float("nan")},
    ],
)
def test_a_retry_policy_out_of_bounds_names_its_setting(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        RetryPolicy(**settings)


def test_a_retry_policy_may_be_at_its_bounds() -> None:
    policy = RetryPolicy(max_attempts=1, backoff_base=0.5, backoff_max=0.5)
    assert (policy.max_attempts, policy.backoff_base, policy.backoff_max) == (1, 0.5, 0.5)


@pytest.mark.parametrize("attempts", [True, 2.5, "3", None])
def test_attempts_are_counted_in_ints(attempts: Any) -> None:
    with pytest.raises(TypeError, match="max_attempts must be an int"):
        RetryPolicy(max_attempts=attempts)


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"timeout": 0}, ValueError),
        ({"timeout": float("inf")}, ValueError),
        ({"timeout": "10"}, TypeError),
        ({"dial_timeout": 0}, ValueError),
        ({"dial_timeout": None}, TypeError),
        ({"dial_timeout": True}, TypeError),
        ({"keepalive_time": 4.9}, ValueError),
        ({"keepalive_timeout": -1}, ValueError),
        ({"keepalive_timeout": float("nan")}, ValueError),
        ({"max_send_bytes": 0}, ValueError),
        ({"max_send_bytes": 1 << 31}, ValueError),
        ({"max_receive_bytes": 1.0}, TypeError),
        ({"tls": "ca.pem"}, TypeError),
        ({"retry": 3}, TypeError),
        ({"metrics": object()}, TypeError),
        ({"username": "root"}, ValueError),
        ({"password": "secret"}, ValueError),
        ({"token": 3}, TypeError),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value.__name__,
)
def test_a_wrong_argument_of_a_client_is_named(settings: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind, match=next(iter(settings))):
        Client("localhost:2379", **settings)


@pytest.mark.parametrize(
    ("make", "name"),
    [(lambda: TLS(ca=b"x"), "ca"), (RetryPolicy, "max_attempts"), (lambda: Endpoint.parse("a:1"), "text")],
)
def test_settings_are_frozen_values(make: Callable[[], Any], name: str) -> None:
    assert make() == make()
    with pytest.raises(FrozenInstanceError):
        setattr(make(), name, None)
