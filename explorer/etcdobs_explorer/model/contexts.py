"""Decides which clusters there are to go to: contexts of one TOML file, and the one that etcdctl's variables make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from .config_file import Parse, Problem, Reader, Where, is_array, is_table, shown
from .go_values import boolean, duration, user_and_password

ENV = "env"
"""The name of the context that etcdctl's variables make."""

COLOURS = ("red", "yellow", "green", "cyan", "blue", "magenta")


class Source(Enum):
    """Where a password comes from."""

    PROMPT = "prompt"
    KEYRING = "keyring"
    FILE = "file"
    COMMAND = "command"
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Password:
    """Where a password comes from: `place` is the keyring's service, the file, or the command; with GIVEN, which only
    flags and variables make, it is the password itself."""

    source: Source = Source.PROMPT
    place: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Context:
    """A cluster, as whom to go there, and what may be done to it. Timeouts are in seconds; `protected` are prefixes
    below which nothing may be written, `roots` those that the key tree offers to start from."""

    name: str
    endpoints: tuple[str, ...] = ("127.0.0.1:2379",)
    user: str | None = None
    password: Password = Password()
    cacert: str | None = None
    cert: str | None = None
    key: str | None = None
    insecure_transport: bool = True
    insecure_skip_tls_verify: bool = False
    dial_timeout: float = 2.0
    command_timeout: float = 5.0
    separator: bytes = b"/"
    read_only: bool = False
    protected: tuple[bytes, ...] = ()
    colour: str = ""
    roots: tuple[bytes, ...] = ()

    @property
    def uses_tls(self) -> bool:
        """Whether endpoints without a scheme are spoken to by TLS."""
        given = self.cacert or self.cert or self.key or self.insecure_skip_tls_verify
        return bool(given) or not self.insecure_transport

    @property
    def title(self) -> str:
        """The context in a few words: user and name; of what variables made, the endpoints for a name."""
        first, *others = [endpoint.removeprefix("http://") for endpoint in self.endpoints]
        named = self.name if self.name != ENV else first + (f" (+{len(others)})" if others else "")
        return f"{self.user}@{named}" if self.user else named

    @property
    def identity(self) -> str:
        """What tells it from others where something is remembered of it."""
        return self.name if self.name != ENV else f"{ENV} {','.join(self.endpoints)}"


@dataclass(frozen=True, slots=True)
class Ui:
    """What the interface starts with, where nothing else was chosen."""

    theme: str = ""
    mouse: bool = True


@dataclass(frozen=True, slots=True)
class Config:
    """What the file and the variables say. A context with anything wrong about it is in `problems` only: a misspelled
    `read_only` must not open a cluster for writing."""

    contexts: Mapping[str, Context]
    current: str = ENV
    ui: Ui = Ui()
    keymap: Mapping[str, str] = field(default_factory=dict[str, str])
    problems: tuple[Problem, ...] = ()
    path: Path | None = None

    def context(self, name: str) -> Context:
        """The context of that name.

        Raises:
            ValueError: there is none, or it is not usable; the message says why.
        """
        if name in self.contexts:
            return self.contexts[name]
        wrong = [problem for problem in self.problems if problem.where[:2] == ("contexts", name)]
        raise ValueError(str(wrong[0]) if wrong else f"no context {name!r}; there are {', '.join(self.contexts)}")


def config_path(environ: Mapping[str, str]) -> Path | None:
    """Where the file is, whether or not it exists: ETCDOBS_CONFIG, else config.toml in the platform's directory.
    None where platformdirs, which the `explorer` extra brings, is not installed."""
    if given := environ.get("ETCDOBS_CONFIG"):
        return Path(given).expanduser()
    try:
        from platformdirs import user_config_path  # noqa: PLC0415 - of an extra
    except ModuleNotFoundError:
        return None
    return user_config_path("etcdobs", appauthor=False) / "config.toml"


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """What the file at `path` (where there is one) and etcdctl's variables say. Whatever is wrong in the file is in the
    answer's `problems`, never raised.

    Raises:
        ValueError: a variable of etcdctl's is malformed; the message names it.
    """
    env = of_environment(environ)
    if path is None:
        return Config({ENV: env})
    reader = Reader(path)
    top = reader.fields((), reader.content, _TOP)
    named = {name: _context(reader, name, table) for name, table in top.get("contexts", {}).items()}
    contexts = {ENV: env} | {name: context for name, context in named.items() if context is not None}
    ui = Ui(**reader.fields(("ui",), top.get("ui", {}), _UI))
    keymap = top.get("keymap", {})
    keys = reader.fields(("keymap",), keymap, dict.fromkeys(keymap, _text))
    current = _current(reader, top.get("current", ENV), contexts, environ)
    return Config(contexts, current, ui, keys, tuple(reader.problems), path)


def renewed(former: Config, read: Config) -> Config:
    """What holds after the file was read again: where something is wrong in it, what held there before."""
    if any(problem.where in ((), ("contexts",)) for problem in read.problems):
        return replace(former, problems=read.problems)
    wrong = {problem.where[1] for problem in read.problems if problem.where[0] == "contexts"}
    kept = {name: former.contexts[name] for name in wrong if name in former.contexts}
    return replace(read, contexts={**read.contexts, **kept})


def of_environment(environ: Mapping[str, str]) -> Context:
    """The context that etcdctl's variables make.

    Raises:
        ValueError: one is malformed; the message names it.
    """
    told = {name: environ[variable] for name in _VARIABLES if environ.get(variable := f"ETCDCTL_{name.upper()}")}
    user, password = user_and_password(environ.get("ETCDCTL_USER"), environ.get("ETCDCTL_PASSWORD"))
    given = Password() if password is None else Password(Source.GIVEN, password)
    return Context(ENV, user=user, password=given, **{name: _variable(name, text) for name, text in told.items()})


def endpoints(text: str) -> tuple[str, ...]:
    """A list of endpoints as etcdctl takes it. ValueError where it is empty."""
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found:
        raise ValueError("host:port is wanted")
    return found


def _variable(name: str, text: str) -> Any:
    try:
        return _VARIABLES[name](text)
    except ValueError as error:
        raise ValueError(f"ETCDCTL_{name.upper()} (--{name.replace('_', '-')}): {error}") from None


def _current(reader: Reader, wanted: str, contexts: Mapping[str, Context], environ: Mapping[str, str]) -> str:
    """Variables are of one shell, the file is of all of them: where both name a cluster, the variables decide."""
    if wanted not in contexts:
        reader.complain(("current",), f"there is no usable context {wanted!r}; there are {', '.join(contexts)}")
        return ENV
    return ENV if environ.get("ETCDCTL_ENDPOINTS") else wanted


def _context(reader: Reader, name: str, table: Any) -> Context | None:
    where, before = ("contexts", name), len(reader.problems)
    fields = reader.fields(where, table, _CONTEXT)
    _check(reader, where, name, fields)
    places = {key: fields.pop(key) for key in _PLACES if key in fields}
    if len(reader.problems) > before:
        return None
    password = next((Password(_PLACES[key], place) for key, place in places.items()), Password())
    return Context(name, password=password, **fields)


def _check(reader: Reader, where: Where, name: str, fields: Mapping[str, Any]) -> None:
    """What only several keys together show."""
    sources = [key for key in _PLACES if key in fields]
    if name == ENV:
        reader.complain(where, "the name is that of the context that etcdctl's variables make")
    if len(sources) > 1:
        reader.complain((*where, sources[1]), f"{sources[0]} says already where the password comes from")
    if sources and "user" not in fields:
        reader.complain((*where, sources[0]), "user is wanted beside it")
    for one, other in (("cert", "key"), ("key", "cert")):
        if one in fields and other not in fields:
            reader.complain((*where, one), f"{other} is wanted beside it")


# ---- values


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a string is wanted, not {shown(value)}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false is wanted, not {shown(value)}")
    return value


def _table(value: Any) -> dict[str, Any]:
    if not is_table(value):
        raise ValueError(f"a table is wanted, not {shown(value)}")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not is_array(value):
        raise ValueError(f"an array of strings is wanted, not {shown(value)}")
    return tuple(map(_text, value))


def _hosts(value: Any) -> tuple[str, ...]:
    return endpoints(",".join(_texts(value) if isinstance(value, list) else [_text(value)]))


def _prefix(value: Any) -> bytes:
    return _text(value).encode()


def _prefixes(value: Any) -> tuple[bytes, ...]:
    return tuple(text.encode() for text in _texts(value))


def _file(value: Any) -> str:
    return str(Path(_text(value)).expanduser())


def _seconds(value: Any) -> float:
    return duration(_text(value))


def _colour(value: Any) -> str:
    if value not in COLOURS:
        raise ValueError(f"one of {', '.join(COLOURS)} is wanted, not {shown(value)}")
    return str(value)


def _no_password(value: Any) -> str:
    others = ", ".join(_PLACES)
    raise ValueError(f"no password belongs in this file: say where it comes from with one of {others}, or be asked")


_PLACES = {
    "password_command": Source.COMMAND,
    "password_file": Source.FILE,
    "password_keyring": Source.KEYRING,
}
_CONTEXT: Mapping[str, Parse] = {
    "endpoints": _hosts,
    "user": _text,
    "password_command": _text,
    "password_file": _file,
    "password_keyring": _text,
    "cacert": _file,
    "cert": _file,
    "key": _file,
    "insecure_transport": _flag,
    "insecure_skip_tls_verify": _flag,
    "dial_timeout": _seconds,
    "command_timeout": _seconds,
    "separator": _prefix,
    "read_only": _flag,
    "protected": _prefixes,
    "colour": _colour,
    "roots": _prefixes,
    "password": _no_password,
}
_UI: Mapping[str, Parse] = {"theme": _text, "mouse": _flag}
_TOP: Mapping[str, Parse] = {"current": _text, "contexts": _table, "ui": _table, "keymap": _table}
_VARIABLES: Mapping[str, Callable[[str], Any]] = {
    "endpoints": endpoints,
    "cacert": str,
    "cert": str,
    "key": str,
    "insecure_transport": boolean,
    "insecure_skip_tls_verify": boolean,
    "dial_timeout": duration,
    "command_timeout": duration,
}
