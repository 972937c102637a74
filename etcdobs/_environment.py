"""Decides what etcdctl's environment variables ask for; the same names and spellings as etcdctl's flags."""

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from etcdobs._drive.channel import LEAST_KEEPALIVE_TIME
from etcdobs._token import Hidden
from etcdobs.config import TLS

_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def duration(text: str) -> float:
    """Seconds in a Go duration such as "5s", "1m30s" or "500ms".

    Raises:
        ValueError: it is none, or not above zero.
    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"a duration like 5s, 500ms or 1m30s is wanted, not {text!r}")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds <= 0:
        raise ValueError(f"a duration above zero is wanted, not {text!r}")
    return seconds


def _keepalive_time(text: str) -> float:
    # etcdctl's own default, 2 s, is less than a server puts up with from a connection that lives.
    return max(LEAST_KEEPALIVE_TIME, duration(text))


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


def _file(path: str) -> str:
    TLS(ca=path)  # says what is wrong with it
    return path


_ARGUMENTS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "ETCDCTL_ENDPOINTS": ("endpoints", str),
    "ETCDCTL_DIAL_TIMEOUT": ("dial_timeout", duration),
    "ETCDCTL_COMMAND_TIMEOUT": ("timeout", duration),
    "ETCDCTL_KEEPALIVE_TIME": ("keepalive_time", _keepalive_time),
    "ETCDCTL_KEEPALIVE_TIMEOUT": ("keepalive_timeout", duration),
    "ETCDCTL_DISCOVERY_SRV": ("discovery_srv", str),
    "ETCDCTL_DISCOVERY_SRV_NAME": ("discovery_srv_name", str),
    "ETCDCTL_INSECURE_DISCOVERY": ("insecure_discovery", boolean),
}


# Kept out of the tracebacks of what else is wrong.
_SECRETS = frozenset({"ETCDCTL_USER", "ETCDCTL_PASSWORD", "ETCDCTL_AUTH_JWT_TOKEN"})


def from_environment(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Keyword arguments of a client, from the ETCDCTL_* variables that are set and not empty.

    Raises:
        ValueError: one is malformed; the message names it.
    """
    variables = os.environ if environ is None else environ
    given = {name: Hidden(text) if name in _SECRETS else text for name, text in variables.items() if text}
    arguments = {argument: _parsed(given, name, parse) for name, (argument, parse) in _ARGUMENTS.items()}
    found = {argument: value for argument, value in arguments.items() if value is not None}
    return found | _user(given) | _tls(given)


def _parsed(given: Mapping[str, str], name: str, parse: Callable[[str], Any]) -> Any:
    """What the variable says; None when it is not set."""
    try:
        return parse(given[name]) if name in given else None
    except (ValueError, OSError) as error:
        raise ValueError(f"{name}: {error}") from None


def _user(given: Mapping[str, str]) -> dict[str, Any]:
    token, name = given.get("ETCDCTL_AUTH_JWT_TOKEN"), given.get("ETCDCTL_USER")
    if token and name:
        raise ValueError("ETCDCTL_AUTH_JWT_TOKEN and ETCDCTL_USER exclude each other: set the one or the other")
    if token:
        return {"token": token}
    if not name:
        return {}
    # As etcdctl: with a password of its own, all of the user variable is the name.
    user, colon, password = (
        (name, ":", given["ETCDCTL_PASSWORD"]) if "ETCDCTL_PASSWORD" in given else name.partition(":")
    )
    if not colon or not user:
        raise ValueError("ETCDCTL_USER: name:password is wanted, or the password in ETCDCTL_PASSWORD")
    return {"username": user, "password": password}


def _tls(given: Mapping[str, str]) -> dict[str, Any]:
    ca, cert, key = (_parsed(given, f"ETCDCTL_{name}", _file) for name in ("CACERT", "CERT", "KEY"))
    if (cert is None) != (key is None):
        present, absent = ("CERT", "KEY") if key is None else ("KEY", "CERT")
        raise ValueError(f"ETCDCTL_{present}: it is set without ETCDCTL_{absent}; a client certificate needs both")
    skip = _parsed(given, "ETCDCTL_INSECURE_SKIP_TLS_VERIFY", boolean) is True
    plain = _parsed(given, "ETCDCTL_INSECURE_TRANSPORT", boolean) is not False
    # As etcdctl: without a file, TLS is spoken where the endpoint says so, or where plain transport is forbidden.
    if not (ca or cert) and plain and not (skip and _may_name_tls(given)):
        return {}
    # As etcdctl: an http:// endpoint is plain, whatever else is set.
    name = _server_name(given)
    return {"tls": TLS(ca=ca, cert=cert, key=key, server_name=name, verify=not skip, allow_plaintext=True)}


def _may_name_tls(given: Mapping[str, str]) -> bool:
    endpoints = given.get("ETCDCTL_ENDPOINTS", "").split(",")
    return "ETCDCTL_DISCOVERY_SRV" in given or any(
        name.strip().startswith(("https://", "unixs://")) for name in endpoints
    )


def _server_name(given: Mapping[str, str]) -> str | None:
    # As etcdctl: who distrusts the DNS wants certificates that bear the domain that was asked for.
    trusts_dns = _parsed(given, "ETCDCTL_INSECURE_DISCOVERY", boolean) is not False
    return None if trusts_dns else given.get("ETCDCTL_DISCOVERY_SRV")
