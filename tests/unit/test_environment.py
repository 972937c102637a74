"""The ETCDCTL_* variables mean to a client what they mean to etcdctl, and a malformed one is named."""

from pathlib import Path
from typing import Any

import pytest

from etcdobs import TLS, Client
from etcdobs._environment import from_environment


@pytest.fixture
def pem(tmp_path: Path) -> str:
    path = tmp_path / "some.pem"
    path.write_bytes(b"pem")
    return str(path)


def read(**variables: str) -> dict[str, Any]:
    return from_environment({f"ETCDCTL_{name}": text for name, text in variables.items()})


def test_nothing_set_says_nothing() -> None:
    assert from_environment({}) == {}
    assert from_environment({"ETCDCTL_ENDPOINTS": "", "ETCDCTL_USER": "", "HOME": "/root"}) == {}


def test_etcdctls_other_variables_are_not_ours() -> None:
    assert read(API="3", WRITE_OUT="json", HEX="true", DEBUG="true", WATCH_KEY="k") == {}


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("DIAL_TIMEOUT", "dial_timeout"),
        ("COMMAND_TIMEOUT", "timeout"),
        ("KEEPALIVE_TIME", "keepalive_time"),
        ("KEEPALIVE_TIMEOUT", "keepalive_timeout"),
    ],
)
def test_a_duration_reaches_its_argument(name: str, argument: str) -> None:
    assert read(**{name: "1m30s"}) == {argument: 90.0}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7s", 7),
        ("500ms", 0.5),
        ("1h2m3s", 3723),
        ("1.5h", 5400),
        (".5s", 0.5),
        ("2.s", 2),
        ("250us", 250e-6),
        ("250µs", 250e-6),
        ("250μs", 250e-6),  # the Greek letter, which Go takes too
        ("3ns", 3e-9),
    ],
)
def test_a_duration_is_gos(text: str, seconds: float) -> None:
    assert read(DIAL_TIMEOUT=text)["dial_timeout"] == pytest.approx(seconds)


@pytest.mark.parametrize("name", ["DIAL_TIMEOUT", "COMMAND_TIMEOUT", "KEEPALIVE_TIME", "KEEPALIVE_TIMEOUT"])
@pytest.mark.parametrize("text", ["5", "s", "5 s", "-5s", "5s!", "five", "1e3s", "0s", "\u0665s"])
def test_a_malformed_duration_names_its_variable(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"^ETCDCTL_{name}: ") as caught:
        read(**{name: text})
    assert repr(text) in str(caught.value)


def test_etcdctls_own_keepalive_time_is_raised_to_what_a_server_bears() -> None:
    assert read(KEEPALIVE_TIME="2s") == {"keepalive_time": 5.0}


def test_endpoints_are_handed_on() -> None:
    assert read(ENDPOINTS="https://a:1,b:2") == {"endpoints": "https://a:1,b:2"}


@pytest.mark.parametrize(
    ("variables", "username", "password"),
    [
        ({"USER": "root:secret"}, "root", "secret"),
        ({"USER": "root:with:colons"}, "root", "with:colons"),
        ({"USER": "root:"}, "root", ""),
        ({"USER": "root", "PASSWORD": "secret"}, "root", "secret"),
        ({"USER": "a:b", "PASSWORD": "secret"}, "a:b", "secret"),
    ],
)
def test_a_user_is_split_as_etcdctl_does(variables: dict[str, str], username: str, password: str) -> None:
    assert read(**variables) == {"username": username, "password": password}


def test_a_password_without_a_user_is_left_out() -> None:
    assert read(PASSWORD="secret") == {}


@pytest.mark.parametrize("user", ["root", ":secret"])
def test_a_user_without_name_or_password_names_the_variable(user: str) -> None:
    with pytest.raises(ValueError, match=r"^ETCDCTL_USER: ") as caught:
        read(USER=user)
    assert "secret" not in str(caught.value)


def test_a_token_is_read_and_excludes_a_user() -> None:
    assert read(AUTH_JWT_TOKEN="canary") == {"token": "canary"}
    with pytest.raises(ValueError, match="ETCDCTL_AUTH_JWT_TOKEN and ETCDCTL_USER") as caught:
        read(AUTH_JWT_TOKEN="canary", USER="root:canary")
    assert "canary" not in str(caught.value)


def test_files_make_tls(pem: str) -> None:
    assert read(CACERT=pem) == {"tls": TLS(ca=pem, allow_plaintext=True)}
    assert read(CERT=pem, KEY=pem) == {"tls": TLS(cert=pem, key=pem, allow_plaintext=True)}
    assert read(CACERT=pem, CERT=pem, KEY=pem) == {"tls": TLS(ca=pem, cert=pem, key=pem, allow_plaintext=True)}


@pytest.mark.parametrize("name", ["CACERT", "CERT", "KEY"])
def test_a_missing_file_names_its_variable(name: str, pem: str, tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.pem")
    with pytest.raises(ValueError, match=rf"^ETCDCTL_{name}: .*gone\.pem"):
        read(**{"CERT": pem, "KEY": pem} | {name: gone})


@pytest.mark.parametrize(("present", "absent"), [("CERT", "KEY"), ("KEY", "CERT")])
def test_a_certificate_without_its_key_names_both_variables(present: str, absent: str, pem: str) -> None:
    with pytest.raises(ValueError, match=rf"^ETCDCTL_{present}: .*ETCDCTL_{absent}"):
        read(**{present: pem})


def test_skipping_verification_does_not_turn_tls_on_by_itself(pem: str) -> None:
    assert read(INSECURE_SKIP_TLS_VERIFY="true", ENDPOINTS="a:1") == {"endpoints": "a:1"}
    assert read(INSECURE_SKIP_TLS_VERIFY="true", CACERT=pem) == {"tls": TLS(ca=pem, verify=False, allow_plaintext=True)}
    assert read(INSECURE_SKIP_TLS_VERIFY="true", ENDPOINTS="a:1, https://b:1")["tls"] == TLS(
        verify=False, allow_plaintext=True
    )
    assert read(INSECURE_SKIP_TLS_VERIFY="true", INSECURE_TRANSPORT="false") == {
        "tls": TLS(verify=False, allow_plaintext=True)
    }


def test_plain_transport_can_be_forbidden() -> None:
    assert read(INSECURE_TRANSPORT="false") == {"tls": TLS(allow_plaintext=True)}
    assert read(INSECURE_TRANSPORT="true") == {}


@pytest.mark.parametrize("text", ["1", "t", "T", "true", "TRUE", "True"])
def test_true_is_spelled_as_gos_flags_do(text: str) -> None:
    assert read(INSECURE_SKIP_TLS_VERIFY=text, INSECURE_TRANSPORT="0")["tls"].verify is False


@pytest.mark.parametrize("name", ["INSECURE_SKIP_TLS_VERIFY", "INSECURE_TRANSPORT"])
def test_a_malformed_boolean_names_its_variable(name: str) -> None:
    with pytest.raises(ValueError, match=f"^ETCDCTL_{name}: true or false is wanted, not 'yes'"):
        read(**{name: "yes"})


def test_discovery_reaches_its_arguments(pem: str) -> None:
    assert read(DISCOVERY_SRV="example.com") == {"discovery_srv": "example.com"}
    assert read(DISCOVERY_SRV="example.com", DISCOVERY_SRV_NAME="blue", INSECURE_DISCOVERY="false", CACERT=pem) == {
        "discovery_srv": "example.com",
        "discovery_srv_name": "blue",
        "insecure_discovery": False,
        "tls": TLS(ca=pem, server_name="example.com", allow_plaintext=True),
    }
    assert read(DISCOVERY_SRV="example.com", INSECURE_SKIP_TLS_VERIFY="true")["tls"] == TLS(
        verify=False, allow_plaintext=True
    )


def test_a_client_is_made_from_the_process_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETCDCTL_ENDPOINTS", "a:1,b:2")
    monkeypatch.setenv("ETCDCTL_USER", "root:canary")
    with Client.from_env() as client:
        assert client.endpoints == ("a:1", "b:2")
        assert "canary" not in repr(client)
    with Client.from_env(endpoints="c:3") as client:
        assert client.endpoints == ("c:3",)
