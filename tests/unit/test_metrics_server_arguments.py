"""What wrong TLS files and users of serve_metrics are told, before a port is bound."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from etcdobs.observe import serve_metrics
from etcdobs.testing import Certificates, certificates

SECRET = "s3cret"


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("strangers"))


@pytest.mark.parametrize(
    ("basic_auth", "kind", "message"),
    [
        ({}, ValueError, "basic_auth is empty.*None"),
        ({"": SECRET}, ValueError, "empty user"),
        ({"a:b": SECRET}, ValueError, "'a:b' has a ':'"),
        ({"a": ""}, ValueError, "password of 'a' is empty"),
        ({"a": "\ud800" + SECRET}, ValueError, "'a'.*UTF-8"),
        ({"\ud800": SECRET}, ValueError, "UTF-8"),
        ({1: SECRET}, TypeError, "user must be a str, not int"),
        ({"a": SECRET.encode()}, TypeError, "password of 'a' must be a str, not bytes"),
        ({"a": None}, TypeError, "password of 'a' must be a str, not NoneType"),
        (("a", SECRET), TypeError, "mapping of user to password.*not tuple"),
        (f"a:{SECRET}", TypeError, "mapping of user to password.*not str"),
    ],
)
def test_users_that_are_none_are_named_and_no_password(
    basic_auth: Any, kind: type[Exception], message: str, closed_port: int
) -> None:
    with pytest.raises(kind, match=message) as caught:
        serve_metrics(closed_port, basic_auth=basic_auth)
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that cannot be bound: that it was tried would be another error."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


@pytest.fixture
def files(pems: Certificates, strangers: Certificates, tmp_path: Path) -> dict[str, Any]:
    """What the settings below are named after."""
    key = serialization.load_pem_private_key(pems.server_key.read_bytes(), None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"p")
    )
    (tmp_path / "encrypted.pem").write_bytes(encrypted)
    (tmp_path / "text.pem").write_text("no PEM")
    return {
        "cert": pems.server_cert,
        "key": pems.server_key,
        "ca": pems.ca,
        "foreign": strangers.server_key,
        "encrypted": tmp_path / "encrypted.pem",
        "text": tmp_path / "text.pem",
        "absent": tmp_path / "absent.pem",
        "folder": tmp_path,
        "bytes": b"-----BEGIN",
        "number": 1,
    }


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        ({"keyfile": "key"}, ValueError, "keyfile was given without certfile"),
        ({"client_cafile": "ca"}, ValueError, "client_cafile was given without certfile"),
        ({"certfile": "absent", "keyfile": "key"}, FileNotFoundError, "certfile names no file: .*absent.pem"),
        ({"certfile": "absent", "keyfile": "key"}, ValueError, "certfile names no file: .*absent.pem"),
        ({"certfile": "folder"}, ValueError, "certfile names no file: "),
        ({"certfile": "cert", "keyfile": "absent"}, ValueError, "keyfile names no file: .*absent.pem"),
        ({"certfile": "cert", "client_cafile": "absent"}, ValueError, "client_cafile names no file: .*absent.pem"),
        ({"certfile": "text", "keyfile": "key"}, ValueError, "certfile holds no certificate in PEM: .*text.pem"),
        ({"certfile": "key"}, ValueError, "certfile holds no certificate in PEM: .*server-key.pem"),
        ({"certfile": "cert"}, ValueError, "certfile holds no private key in PEM: .*server.pem.*keyfile"),
        ({"certfile": "cert", "keyfile": "text"}, ValueError, "keyfile holds no private key in PEM: .*text.pem"),
        ({"certfile": "cert", "keyfile": "foreign"}, ValueError, "keyfile .*-key.pem is not the key of .*server.pem"),
        ({"certfile": "cert", "keyfile": "encrypted"}, ValueError, "keyfile is encrypted: .*encrypted.pem"),
        (
            {"certfile": "cert", "keyfile": "key", "client_cafile": "text"},
            ValueError,
            "client_cafile holds no certificate in PEM: .*text.pem",
        ),
        ({"certfile": "bytes"}, TypeError, "certfile must be a str or a Path, not bytes"),
        ({"certfile": "cert", "keyfile": "number"}, TypeError, "keyfile must be a str or a Path, not int"),
    ],
)
def test_files_that_are_none_are_named(
    given: dict[str, str], kind: type[Exception], message: str, files: dict[str, Any], closed_port: int
) -> None:
    with pytest.raises(kind, match=message):
        serve_metrics(closed_port, **{name: files[of] for name, of in given.items()})


def test_a_file_that_may_not_be_read_is_named(
    pems: Certificates, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: path != pems.server_key)
    with pytest.raises(PermissionError, match=r"keyfile cannot be read: .*server-key\.pem") as caught:
        serve_metrics(closed_port, certfile=pems.server_cert, keyfile=pems.server_key)
    assert isinstance(caught.value, ValueError)


def test_the_options_are_given_by_name() -> None:
    with pytest.raises(TypeError, match="positional"):
        serve_metrics(0, "127.0.0.1", None, "cert.pem")  # type: ignore[call-arg]
