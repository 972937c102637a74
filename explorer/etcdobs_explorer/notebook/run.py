"""Decides what a command is given to work with: the client, what was asked, how much to show, and whether to write."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from etcdobs import Client
from etcdobs_explorer.model import units

from .blocks import Cell
from .connections import Connection, Connections
from .grammar import Grammar, Invocation
from .limits import Limits
from .telemetry import Telemetry
from .words import LineError

T = TypeVar("T")


class ReadOnlyError(LineError):
    """Writing is forbidden here."""


@dataclass(frozen=True, slots=True)
class Watching:
    """How far a watch goes that names no bounds of its own, and how it is shown."""

    seconds: float
    events: int
    show: str


@dataclass
class Run:
    """One line that is carried out."""

    asked: Invocation
    connections: Connections
    limits: Limits
    names: Mapping[str, Any]
    grammar: Grammar
    shell: Any
    watching: Watching
    telemetry: Telemetry
    cell: str | None = None
    read_only: bool = False
    timeout: float | None = None

    @property
    def connection(self) -> Connection:
        """Where the line goes."""
        return self.connections.chosen(self.asked.options, self.asked.given)

    @property
    def client(self) -> Client:
        """The client for it."""
        return self.connection.client

    @property
    def seconds(self) -> float:
        """The deadline of each call: `--command-timeout`, `%config EtcdMagic.timeout`, or the context's."""
        own = self.asked.options.get("command-timeout")
        return own or self.timeout or self.connection.context.command_timeout

    def check_may_write(self, what: str) -> None:
        """Raises ReadOnlyError where nothing may be written."""
        if self.read_only:
            raise ReadOnlyError(f"{what} writes, and EtcdMagic.read_only is set: %config EtcdMagic.read_only = False")
        context = self.connection.context
        if context.read_only:
            raise ReadOnlyError(f"{what} writes, and the context {context.title} is read-only")

    def check_not_protected(self, what: str, start: bytes, end: bytes = b"") -> None:
        """Raises ReadOnlyError where a range reaches into a prefix that the context protects; `end` is etcd's."""
        for prefix in self.connection.context.protected:
            is_below = start.startswith(prefix)
            reaches = bool(end) and start <= prefix and (end == b"\0" or end > prefix)
            if is_below or reaches:
                raise ReadOnlyError(f"{what} writes below {prefix!r}, which the context protects")

    def timed(self, call: Callable[[], T]) -> tuple[T, tuple[Cell, ...]]:
        """What a call answers, and what is said of it: how long it took and where it went."""
        began = time.perf_counter()
        answer = call()
        took = time.perf_counter() - began
        return answer, (units.latency(took), self.connection.title) if self.limits.feedback else ()
