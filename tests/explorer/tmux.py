"""Decides where tmux comes from, and how tests look at the explorer in a terminal that tmux draws.

tmux is what is on PATH, else Debian's package, unpacked and not installed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

_LIBRARIES = ("libevent", "libutempter", "libtinfo")  # what the package needs beside the C library
_PATIENCE = 25.0
# The title is set so that a test can tell an untouched one from a terminal that knows no titles.
_SCRIPT = r"""
printf '\033]2;untouched\007'
stty -g >before
"$@"
code=$?
stty -g >after
echo "ended with $code"
exec cat
"""


class TmuxNotFoundError(Exception):
    """It is not on PATH, and this is no Debian that could bring it; the message says what to do."""


def program() -> str:
    """The command that is tmux; raises TmuxNotFoundError."""
    found = shutil.which("tmux")
    if found is not None:
        return found
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    kept = Path(home).absolute() / "etcdobs" / "tmux"
    if not (kept / "run").exists():
        _unpack(kept)
    return str(kept / "run")


def _unpack(directory: Path) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise TmuxNotFoundError(
            "tmux is not on PATH, and this is no Debian whose package could be unpacked: install it"
        )
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=".new-") as scratch:
        _download(scratch)
        for package in Path(scratch).glob("*.deb"):
            _run(["dpkg-deb", "--extract", str(package), scratch], scratch)
        libraries = next(Path(scratch).glob("usr/lib/*/libutempter.so.*")).parent.relative_to(scratch)
        started = f'#!/bin/sh\nLD_LIBRARY_PATH={directory / libraries} exec {directory}/usr/bin/tmux "$@"\n'
        (Path(scratch) / "run").write_text(started)
        (Path(scratch) / "run").chmod(0o755)
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(scratch, directory, symlinks=True, ignore=shutil.ignore_patterns("*.deb"))


def _download(directory: str) -> None:
    try:
        _run(["apt-get", "download", *_packages(directory)], directory)
    except TmuxNotFoundError:
        # A new machine knows of no packages yet.
        _run(["apt-get", "update"], directory)
        _run(["apt-get", "download", *_packages(directory)], directory)


def _packages(directory: str) -> list[str]:
    """tmux and its libraries, whose names differ from one Debian to the next."""
    words = _run(["apt-cache", "depends", "tmux"], directory).split()
    return ["tmux", *sorted({word for word in words if word.startswith(_LIBRARIES)})]


def _run(command: list[str], directory: str) -> str:
    ran = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise TmuxNotFoundError(f"tmux is not on PATH, and `{' '.join(command)}` failed: {ran.stderr.strip()}")
    return ran.stdout


class Window:
    """A window of a tmux of its own, with the explorer in it; `directory` tells how the terminal is set."""

    def __init__(self, tmux: str, directory: Path) -> None:
        self._command = [tmux, "-u", "-f", os.devnull, "-S", str(directory / "tmux")]
        self._directory = directory

    @property
    def text(self) -> str:
        """What the terminal shows."""
        return self.ask("capture-pane", "-p")

    @property
    def title(self) -> str:
        """The terminal's title."""
        return self.flag("pane_title")

    def modes(self, when: str) -> str:
        """How the line discipline was set `before` or `after`."""
        return (self._directory / when).read_text()

    def flag(self, name: str) -> str:
        """One of tmux's own variables of the terminal."""
        return self.ask("display-message", "-p", f"#{{{name}}}").strip()

    def record(self) -> Path:
        """From now on, all that reaches the terminal goes to a file too, byte for byte."""
        self.ask("pipe-pane", "-O", f"cat >{self._directory}/written")
        return self._directory / "written"

    def resize(self, columns: int, rows: int) -> None:
        """Make the window larger or smaller."""
        self.ask("resize-window", "-x", str(columns), "-y", str(rows))

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names for them."""
        self.ask("send-keys", *keys)

    def see(self, *parts: str) -> None:
        """Wait until the screen shows all these texts."""
        self._until(lambda text: all(part in text for part in parts), f"seen: {parts}")

    def lose(self, part: str) -> None:
        """Wait until the screen shows a text no more."""
        self._until(lambda text: part not in text, f"gone: {part}")

    def _until(self, condition: Callable[[str], bool], what: str) -> None:
        end = time.monotonic() + _PATIENCE
        while not condition(text := self.text):
            assert time.monotonic() < end, f"never {what}\n{text}"
            time.sleep(0.05)

    def ask(self, *arguments: str) -> str:
        """What a command of tmux prints."""
        command = [*self._command, *arguments]
        return subprocess.run(command, cwd=self._directory, capture_output=True, text=True, check=True).stdout


@contextmanager
def explorer_in_tmux(*arguments: str, columns: int = 120, rows: int = 36, **variables: str) -> Generator[Window]:
    """The explorer in a window of that size, with those variables; when it ends its exit code is shown there."""
    tmux = program()
    # Not pytest's directory: the path of a socket is short.
    with tempfile.TemporaryDirectory(prefix="tmux-") as directory:
        window = Window(tmux, Path(directory))
        command = ["env", "-u", "COLUMNS", "-u", "LINES", "-u", "NO_COLOR"]
        environment = {"ETCDOBS_CONFIG": os.devnull, "ETCDOBS_STATE": os.devnull, **variables}
        command += [f"{name}={value}" for name, value in environment.items()]
        command += ["sh", "-c", _SCRIPT, "sh", sys.executable, "-m", "etcdobs_explorer", *arguments]
        window.ask("new-session", "-d", "-x", str(columns), "-y", str(rows), *command)
        try:
            yield window
        finally:
            window.ask("kill-server")
