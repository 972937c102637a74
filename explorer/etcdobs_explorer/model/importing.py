"""Decides how a context gets into the file: out of clientv3's YAML or etcdctl's variables, comments of others kept."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .config_file import Parse, is_array, is_table, shown
from .contexts import ENV, Context, Password, Source, endpoints
from .go_values import duration

_NANOSECOND = 1e-9
_PLACES = {Source.COMMAND: "password_command", Source.FILE: "password_file", Source.KEYRING: "password_keyring"}
# Keys of clientv3's file that say nothing about where a cluster is and as whom to go there.
_NOT_OURS = (
    "password", "token", "auto-sync-interval", "dial-keep-alive-time", "dial-keep-alive-timeout",
    "max-call-send-msg-size", "max-call-recv-msg-size", "reject-old-cluster", "permit-without-stream",
    "max-unary-retries", "backoff-wait-between", "backoff-max-wait-between", "backoff-jitter-fraction",
    "backoff-exponent", "maxcallsendmsgsize", "maxcallrecvmsgsize",
)  # fmt: skip


def of_yaml(path: Path, name: str = "") -> Context:
    """The context that a clientv3 configuration file makes; without a name, it takes that of the file. A password in
    it is left where it is.

    Raises:
        ValueError: the file cannot be read, or is no such configuration; the message names it.
        ModuleNotFoundError: PyYAML, which the `explorer` extra brings, is not installed.
    """
    try:
        given = _mapping(path)
        unknown = [key for key in given if key not in _KEYS and key not in _NOT_OURS]
        if unknown:
            raise ValueError(f"{unknown[0]}: there is no such key")
        # As clientv3: TLS unless it is forbidden.
        fields: dict[str, Any] = {"insecure_transport": False}
        fields.update(_field(key, value) for key, value in given.items() if key in _KEYS)
    except (OSError, ValueError) as error:
        said = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ValueError(f"{path}: {said}") from None
    return Context(name or path.stem, **fields)


def imported(here: Context, file: str = "", name: str = "") -> Context:
    """The context of a clientv3 file; without a file `here`, that of flags and variables, by default as `imported`.

    Raises:
        ValueError: the file is no such file, or the name is that of the variables' own context.
        ModuleNotFoundError: PyYAML, which the `explorer` extra brings, is not installed.
    """
    if file:
        found = of_yaml(Path(file).expanduser(), name)
    else:
        found = replace(here, name=name or "imported", password=Password())
    if found.name == ENV:
        raise ValueError(f"{ENV!r} is the name of the context that etcdctl's variables make: give another one")
    return found


def save(path: Path, context: Context) -> None:
    """Write a context into the file at `path`, in place of one of that name; all else stays as it is. The password of
    flags and variables is not written.

    Raises:
        ValueError: the file is no TOML, or cannot be written; the message names it.
        ModuleNotFoundError: tomlkit, which the `explorer` extra brings, is not installed.
    """
    _change(path, lambda document: document.setdefault("contexts", {}).update({context.name: _told(context)}))


def use(path: Path, name: str) -> None:
    """Make a context the one that is opened where nothing else is asked for. Raises as `save` does."""
    _change(path, lambda document: document.update({"current": name}))


def _change(path: Path, change: Callable[[Any], object]) -> None:
    import tomlkit  # noqa: PLC0415 - of an extra
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - likewise

    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
        change(document)
        _write(path, tomlkit.dumps(document))
    except TOMLKitError as error:
        raise ValueError(f"{path}: it is no TOML: {error}") from None
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None


def _write(path: Path, text: str) -> None:
    """All or nothing, and for this user's eyes only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.touch(mode=0o600)
    part.write_text(text, encoding="utf-8")
    part.replace(path.resolve())  # a link, as many keep their configuration, stays one


def _told(context: Context) -> dict[str, Any]:
    """What differs from a context that says nothing, under the file's names."""
    plain = Context(context.name)
    told: dict[str, Any] = {"endpoints": list(context.endpoints)}
    for name in ("user", "cacert", "cert", "key", "insecure_transport", "insecure_skip_tls_verify", "read_only"):
        told[name] = getattr(context, name) if getattr(context, name) != getattr(plain, name) else None
    for name in ("dial_timeout", "command_timeout"):
        seconds = getattr(context, name)
        told[name] = f"{round(seconds * 1000)}ms" if seconds != getattr(plain, name) else None
    if context.password.source in _PLACES:
        told[_PLACES[context.password.source]] = context.password.place
    return {name: value for name, value in told.items() if value is not None}


# ---- clientv3's file


def _mapping(path: Path) -> dict[str, Any]:
    try:
        import yaml  # noqa: PLC0415 - of an extra
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError("it needs PyYAML: pip install 'etcdobs[explorer]'", name=missing.name) from None
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"it is no YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not is_table(content):
        raise ValueError("keys and values are wanted, like 'endpoints: [localhost:2379]'")
    return {str(key).lower(): value for key, value in content.items() if value is not None}


def _field(key: str, value: Any) -> tuple[str, Any]:
    name, parse = _KEYS[key]
    try:
        return name, parse(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{key}: {error}") from None


def _hosts(value: Any) -> tuple[str, ...]:
    return endpoints(",".join(map(_text, value)) if is_array(value) else _text(value))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a string is wanted, not {shown(value)}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false is wanted, not {shown(value)}")
    return value


def _seconds(value: Any) -> float:
    """A number is nanoseconds, which is how Go reads it."""
    return duration(value) if isinstance(value, str) else int(value) * _NANOSECOND


_KEYS: Mapping[str, tuple[str, Parse]] = {
    "endpoints": ("endpoints", _hosts),
    "dial-timeout": ("dial_timeout", _seconds),
    "username": ("user", _text),
    "insecure-transport": ("insecure_transport", _flag),
    "insecure-skip-tls-verify": ("insecure_skip_tls_verify", _flag),
    "cert-file": ("cert", _text),
    "key-file": ("key", _text),
    "trusted-ca-file": ("cacert", _text),
    "ca-file": ("cacert", _text),
}
