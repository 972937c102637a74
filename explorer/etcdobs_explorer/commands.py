"""Decides what the commands beside the explorer print and change: the paths in use, and the contexts there are."""

import platform
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .model import remembered
from .model.contexts import Source
from .model.importing import imported, save, use
from .model.text import inert
from .settings import Settings, UsageError

Say = Callable[[str], object]


def run(settings: Settings, environ: Mapping[str, str], say: Say) -> None:
    """Do what the command line asks for.

    Raises:
        UsageError: there is no such command, or what it names is not to be had.
        ModuleNotFoundError: it needs an extra that is not installed.
    """
    match settings.command:
        case ("info",):
            _info(settings, environ, say)
        case ("context", "list"):
            _list(settings, say)
        case ("context", "use", name):
            _use(settings, name, say)
        case ("context", "import", *rest) if len(rest) <= 2:
            _import(settings, rest, say)
        case (name, *_):
            raise UsageError(f"no command {' '.join(settings.command)!r}; there are info, context list, use and import")
        case _:
            pass


def _info(settings: Settings, environ: Mapping[str, str], say: Say) -> None:
    config, context = settings.config, settings.context
    directory = remembered.state_directory(environ)
    rows = [
        ("etcdobs", f"{_version('etcdobs')}, Python {platform.python_version()}, Textual {_version('textual')}"),
        ("configuration", _path(config.path)),
        ("state", _path(directory)),
        ("log", settings.log_file or _path(directory and directory / "explorer.log")),
        ("context", context.name + (" (read-only)" if context.read_only else "")),
        ("endpoints", ",".join(context.endpoints)),
        ("user", context.user or "none"),
        (
            "variables",
            ", ".join(sorted(name for name in environ if name.startswith(("ETCDCTL_", "ETCDOBS_")))) or "none",
        ),
    ]
    for name, text in rows:
        say(f"{name:14} {inert(text).plain}")
    for problem in config.problems:
        say(f"{'problem':14} {inert(str(problem)).plain}")


def _list(settings: Settings, say: Say) -> None:
    width = max(map(len, settings.config.contexts))
    for context in settings.config.contexts.values():
        mark = "*" if context.name == settings.context.name else " "
        facts = [*(["read-only"] if context.read_only else []), *([context.colour] if context.colour else [])]
        line = (
            f"{mark} {context.name:{width}}  {context.user or '-':10}  {','.join(context.endpoints)}  {' '.join(facts)}"
        )
        say(inert(line).plain.rstrip())
    for problem in settings.config.problems:
        say(inert(f"! {problem}").plain)


def _use(settings: Settings, name: str, say: Say) -> None:
    try:
        use(_file(settings), settings.config.context(name).name)
    except ValueError as error:
        raise UsageError(str(error)) from None
    say(inert(f"{name} is opened from now on").plain)


def _import(settings: Settings, rest: Sequence[str], say: Say) -> None:
    try:
        context = imported(settings.context, *rest)
        save(_file(settings), context)
    except ValueError as error:
        raise UsageError(str(error)) from None
    say(inert(f"{context.name} is in {_file(settings)}").plain)
    if context.user and context.password.source in (Source.PROMPT, Source.GIVEN):
        say("its password is not: name password_command, password_file or password_keyring there, or be asked")


def _file(settings: Settings) -> Path:
    if settings.config.path is None:
        raise UsageError("platformdirs is missing: pip install 'etcdobs[explorer]', or name the file in ETCDOBS_CONFIG")
    return settings.config.path


def _path(path: Path | None) -> str:
    if path is None:
        return "none: pip install 'etcdobs[explorer]'"
    return f"{path}" if path.exists() else f"{path} (not there)"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
