"""Decides what etcdctl's environment variables ask for; the same names and spellings as etcdctl's flags."""

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from etcdobs.config import TLS

_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def duration(text: str) -> float:
    """Seconds in a Go duration such as "5s", "1m30s" or "500ms".

    Raises:
        ValueError: it is none.
    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"a duration like 5s, 500ms or 1m30s is wanted, not {text!r}")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def boolean(text: str) -> bool:
    """True or False as Go's flags spell them.

    Raises:
        ValueError: it is neither.
    """
    lowered = text.strip().lower()
    if lowered in ("1", "t", "true"):
        return True
    if lowered in ("0", "f", "false"):
        return False
    raise ValueError(f"true or false is wanted, not {text!r}")


_SIMPLE: dict[str, tuple[str, Callable[[str], Any]]] = {
    "ETCDCTL_ENDPOINTS": ("endpoints", str),
    "ETCDCTL_DIAL_TIMEOUT": ("dial_timeout", duration),
    "ETCDCTL_COMMAND_TIMEOUT": ("timeout", duration),
    "ETCDCTL_KEEPALIVE_TIME": ("keepalive_time", duration),
    "ETCDCTL_KEEPALIVE_TIMEOUT": ("keepalive_timeout", duration),
}


def from_environment(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Keyword arguments of a client, from the ETCDCTL_* variables that are set and not empty.

    Raises:
        ValueError: one is malformed; the message names it.
    """
    given = {name: text for name, text in (os.environ if environ is None else environ).items() if text}
    arguments = {
        argument: _parsed(name, given[name], parse) for name, (argument, parse) in _SIMPLE.items() if name in given
    }
    return arguments | _user(given) | _tls(given)


def _parsed(name: str, text: str, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _user(given: Mapping[str, str]) -> dict[str, Any]:
    user, colon, password = given.get("ETCDCTL_USER", "").partition(":")
    if "ETCDCTL_PASSWORD" in given:
        # As etcdctl: with a password of its own, all of the user variable is the name.
        user, colon, password = given.get("ETCDCTL_USER", ""), ":", given["ETCDCTL_PASSWORD"]
    if not user:
        return {}
    if not colon:
        raise ValueError("ETCDCTL_USER: name:password is wanted, or the password in ETCDCTL_PASSWORD")
    return {"username": user, "password": password}


def _tls(given: Mapping[str, str]) -> dict[str, Any]:
    skip = _parsed("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", given.get("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", "false"), boolean)
    files = {name: given.get(f"ETCDCTL_{name.upper()}") for name in ("cacert", "cert", "key")}
    if not skip and not any(files.values()):
        return {}
    try:
        return {"tls": TLS(ca=files["cacert"], cert=files["cert"], key=files["key"], verify=not skip)}
    except (ValueError, OSError) as error:
        raise ValueError(f"ETCDCTL_CACERT, ETCDCTL_CERT, ETCDCTL_KEY: {error}") from None
