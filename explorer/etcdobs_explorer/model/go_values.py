"""Decides how etcdctl's own spellings are read: durations and booleans as Go has them, and a user with a password."""

import re

_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def duration(text: str) -> float:
    """Seconds in a Go duration: `5s`, `500ms`, `1m30s`. ValueError where it is none, or not above zero."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"a duration like 5s, 500ms or 1m30s is wanted, not {text!r}")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if seconds <= 0:
        raise ValueError(f"a duration above zero is wanted, not {text!r}")
    return seconds


def boolean(text: str) -> bool:
    """A Go boolean. ValueError where it is none."""
    lowered = text.lower()
    if lowered in ("1", "t", "true"):
        return True
    if lowered in ("0", "f", "false"):
        return False
    raise ValueError(f"true or false is wanted, not {text!r}")


def user_and_password(user: str | None, password: str | None) -> tuple[str | None, str | None]:
    """As etcdctl reads --user and --password: with a password of its own, all of the first is the name."""
    if not user:
        return None, None
    if password is not None:
        return user, password
    name, colon, inline = user.partition(":")
    return name, inline if colon else None
