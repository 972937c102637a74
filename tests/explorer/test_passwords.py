"""Passwords from where a context says they are, and one line about each that is not to be had."""

import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from etcdobs_explorer.model.contexts import Password, Source
from etcdobs_explorer.model.passwords import PasswordError, find


def test_of_a_file_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("p w \nsecond\n")
    assert find(Password(Source.FILE, str(path)), "u") == "p w "


def test_of_a_command_the_first_line() -> None:
    assert find(Password(Source.COMMAND, "printf 'a b\\r\\nc'"), "u") == "a b"


def test_to_be_asked_or_given() -> None:
    assert find(Password(), "u") is None
    assert find(Password(Source.GIVEN, "x"), "u") == "x"


@pytest.mark.parametrize(
    ("password", "part"),
    [
        (Password(Source.FILE, "/nowhere/file"), "password_file /nowhere/file: No such file"),
        (Password(Source.FILE, "/dev/null"), "its first line is empty"),
        (Password(Source.COMMAND, "echo first >&2; echo it is locked >&2; exit 3"), "ended with 3: it is locked"),
        (Password(Source.COMMAND, "exit 1"), "ended with 1: it said nothing"),
        (Password(Source.COMMAND, "true"), "its first line is empty"),
        (Password(Source.COMMAND, "printf '\\377'"), "no UTF-8"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(password: Password, part: str) -> None:
    with pytest.raises(PasswordError) as failure:
        find(password, "u")
    assert part in str(failure.value)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize("options", [{"patience": 0.1}, {"given_up": lambda: True}], ids=["patience", "given up"])
def test_a_command_that_hangs_is_ended_with_all_it_started(options: dict[str, object]) -> None:
    began = time.monotonic()
    with pytest.raises(PasswordError, match="did not end"):
        find(Password(Source.COMMAND, "sleep 60 | cat"), "u", **options)  # type: ignore[arg-type]
    assert time.monotonic() - began < 5


def test_of_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    held = ModuleType("keyring")
    held.get_password = lambda service, user: {("etcd", "u"): "pw"}.get((service, user))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", held)
    assert find(Password(Source.KEYRING, "etcd"), "u") == "pw"
    with pytest.raises(PasswordError, match="keyring set etcd other"):
        find(Password(Source.KEYRING, "etcd"), "other")


def test_without_the_keyring_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(PasswordError, match="pip install keyring"):
        find(Password(Source.KEYRING, "etcd"), "u")
