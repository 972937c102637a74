"""Decides what a configuration file asks for: the YAML keys of clientv3's `yaml` package, as it reads them."""

from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from etcdobs._drive.channel import LEAST_KEEPALIVE_TIME
from etcdobs._environment import duration
from etcdobs.config import TLS, RetryPolicy

_NANOSECOND = 1e-9


def from_file(path: str | PathLike[str]) -> dict[str, Any]:
    """Keyword arguments of a client, from a YAML file.

    Raises:
        ValueError: the file cannot be read, or is no such configuration; the message names the file and the key.
        ModuleNotFoundError: PyYAML is not installed.
    """
    try:
        given = _mapping(_load(Path(path).read_text(encoding="utf-8")))
        unknown = [key for key in given if key not in _KEYS]
        if unknown:
            raise ValueError(f"{unknown[0]}: there is no such key")
        return _arguments(given) | _tls(given) | _retry(given)
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: {error}") from None


def _load(text: str) -> Any:
    try:
        import yaml  # noqa: PLC0415 - an extra of its own
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            "a configuration file needs PyYAML: pip install 'etcdobs[yaml]'", name=missing.name
        ) from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"it is no YAML: {error}") from None


def _mapping(content: Any) -> dict[str, Any]:
    if content is None:
        return {}
    if not _is_a(dict, content):
        raise ValueError("keys and values are wanted, like 'endpoints: [localhost:2379]'")
    # A key without a value says as little as one that is not there; Go's decoder takes any capitals.
    return {_KEYS.get(str(key).lower(), str(key)): value for key, value in content.items() if value is not None}


# ---- values


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a string is wanted, not {_shown(value)}")
    return value


def _secret(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a string is wanted, not {_kind(value)}; quote what looks like a number")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false is wanted, not {_shown(value)}")
    return value


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"a number of at least 0 is wanted, not {_shown(value)}")
    return value


def _seconds(value: Any) -> float:
    """A time.Duration: a number is nanoseconds, which is how Go reads it; a string is like 5s."""
    if isinstance(value, str):
        return 0.0 if value == "0" else duration(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError(f"nanoseconds, or a duration like 5s, are wanted, not {_shown(value)}")
    return value * _NANOSECOND


def _keepalive_time(value: Any) -> float:
    seconds = _seconds(value)
    return seconds and max(LEAST_KEEPALIVE_TIME, seconds)


def _endpoints(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if not _is_a(list, value):
        raise ValueError(f"a list of endpoints is wanted, not {_shown(value)}")
    return [_text(item) for item in value]


def _file(value: Any) -> str:
    path = _text(value)
    if path:
        TLS(ca=path)  # says what is wrong with it
    return path


def _shown(value: Any) -> str:
    return f"{value!r} ({_kind(value)})"


def _is_a(kind: type, value: Any) -> bool:
    return isinstance(value, kind)


def _kind(value: Any) -> str:
    return "a mapping" if _is_a(dict, value) else f"a {type(value).__name__}"


Parse = Callable[[Any], Any]

# In clientv3 zero and "" stand for the default.
_ARGUMENTS: Mapping[str, tuple[str, Parse]] = {
    "endpoints": ("endpoints", _endpoints),
    "auto-sync-interval": ("auto_sync_interval", _seconds),
    "dial-timeout": ("dial_timeout", _seconds),
    "dial-keep-alive-time": ("keepalive_time", _keepalive_time),
    "dial-keep-alive-timeout": ("keepalive_timeout", _seconds),
    "max-call-send-msg-size": ("max_send_bytes", _number),
    "max-call-recv-msg-size": ("max_receive_bytes", _number),
    "username": ("username", _text),
    "password": ("password", _secret),
    "token": ("token", _secret),
    "reject-old-cluster": ("reject_old_cluster", _flag),
    # etcd closes a connection that is pinged without calls, unless it is told not to: never done here.
    "permit-without-stream": ("", _flag),
    "backoff-jitter-fraction": ("", float),
    "backoff-exponent": ("", float),
}
_TLS: Mapping[str, Parse] = {
    "insecure-transport": _flag,
    "insecure-skip-tls-verify": _flag,
    "cert-file": _file,
    "key-file": _file,
    "trusted-ca-file": _file,
    "ca-file": _file,
}
_RETRY: Mapping[str, tuple[str, Parse]] = {
    "max-unary-retries": ("max_attempts", _number),
    "backoff-wait-between": ("backoff_base", _seconds),
    "backoff-max-wait-between": ("backoff_max", _seconds),
}
# These two have no name of their own in Go's struct, so that its field names are their keys.
_SPELLINGS = {"maxcallsendmsgsize": "max-call-send-msg-size", "maxcallrecvmsgsize": "max-call-recv-msg-size"}
_KEYS = {key: key for key in (*_ARGUMENTS, *_TLS, *_RETRY)} | _SPELLINGS


def _parsed(given: Mapping[str, Any], key: str, parse: Parse) -> Any:
    """What the key says; None when it is not there, or says as much as if it were not."""
    if key not in given:
        return None
    try:
        return parse(given[key]) or None
    except (ValueError, TypeError, OSError) as error:
        raise ValueError(f"{key}: {error}") from None


def _arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    parsed = {argument: _parsed(given, key, parse) for key, (argument, parse) in _ARGUMENTS.items()}
    if parsed["token"] and (parsed["username"] or parsed["password"]):
        raise ValueError("token: it excludes username and password")
    if parsed["username"] and parsed["password"] is None:
        raise ValueError("username: it was given without password")
    return {argument: value for argument, value in parsed.items() if argument and value is not None}


def _tls(given: Mapping[str, Any]) -> dict[str, Any]:
    told = {key: _parsed(given, key, parse) for key, parse in _TLS.items()}
    cert, key = told["cert-file"], told["key-file"]
    if (cert is None) != (key is None):
        present, absent = ("cert-file", "key-file") if key is None else ("key-file", "cert-file")
        raise ValueError(f"{present}: it was given without {absent}; a client certificate needs both")
    # As clientv3: TLS unless it is forbidden, here or by the http:// of an endpoint.
    if told["insecure-transport"]:
        return {}
    ca = told["trusted-ca-file"] or told["ca-file"]
    verify = not told["insecure-skip-tls-verify"]
    return {"tls": TLS(ca=ca, cert=cert, key=key, verify=verify, allow_plaintext=True)}


def _retry(given: Mapping[str, Any]) -> dict[str, Any]:
    parsed = {argument: _parsed(given, key, parse) for key, (argument, parse) in _RETRY.items()}
    told = {argument: value for argument, value in parsed.items() if value is not None}
    if "backoff_base" in told:
        told["backoff_max"] = max(told.get("backoff_max", RetryPolicy().backoff_max), told["backoff_base"])
    return {"retry": RetryPolicy(**told)} if told else {}
