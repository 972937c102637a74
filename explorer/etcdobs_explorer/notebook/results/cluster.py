"""Decides how members, their status and health, leases, users and roles are shown."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from etcdobs import (
    Alarm,
    EndpointHealth,
    Health,
    LeaseTimeToLive,
    Member,
    Permission,
    Role,
    StatusResponse,
    User,
)
from etcdobs_explorer.model import units
from etcdobs_explorer.notebook.blocks import Block, Cell, Facts, Note, Table, Tone, Toned
from etcdobs_explorer.notebook.frames import Column, Type
from etcdobs_explorer.notebook.limits import Limits

from .result import Framed
from .written import ttl_bar

_ENDLESS = b"\0"
Cells: TypeAlias = Sequence[tuple[str, Callable[[Any], Cell]]]
"""Names of a table's columns, each with what an item shows there."""
Typed: TypeAlias = Sequence[tuple[str, Type, Callable[[Any], Any]]]
"""Names of a frame's columns, each with its type and what an item has there."""


class Rows(Framed, Sequence[Any]):
    """A sequence of what the library answered, shown as a table."""

    def __init__(
        self,
        items: Sequence[Any],
        limits: Limits,
        *,
        table: Cells,
        columns: Typed,
        what: str,
        numbers: Iterable[str] = (),
        origin: Sequence[Cell] = (),
    ) -> None:
        self.items = tuple(items)
        self.limits = limits
        self._table = table
        self._columns = columns
        self._what = what
        self._numbers = frozenset(numbers)
        self._origin = origin

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: Any) -> Any:
        return self.items[index]

    def blocks(self) -> Iterable[Block]:
        """The first rows."""
        shown = self.items[: self.limits.window(len(self.items))]
        if shown:
            rows = [[cell(item) for _, cell in self._table] for item in shown]
            yield Table([name for name, _ in self._table], rows, self._numbers)
        amount = units.plural(len(self.items), self._what, "entries" if self._what == "entry" else None)
        part = f"the first {len(shown):,} of {amount}" if len(shown) < len(self.items) else amount
        yield Note((part, *self._origin))

    def columns(self, **_options: Any) -> Sequence[Column]:
        """All rows."""
        return [Column(name, kind, [value(item) for item in self.items]) for name, kind, value in self._columns]


def members(found: Sequence[Member], limits: Limits, leader: int = 0, origin: Sequence[Cell] = ()) -> Rows:
    """The members of a cluster; `leader` is the id of the one that leads, where it is known."""

    def role(member: Member) -> Cell:
        return "learner" if member.is_learner else Toned("leader", Tone.STRONG) if member.id == leader else "follower"

    table: Cells = (
        ("id", lambda member: units.hex_id(member.id)),
        ("name", lambda member: member.name or Toned("(not started)", Tone.WARN)),
        *((("role", role),) if leader else ()),
        ("peer urls", lambda member: ", ".join(member.peer_urls)),
        ("client urls", lambda member: ", ".join(member.client_urls)),
        ("learner", lambda member: "yes" if member.is_learner else "no"),
    )
    columns: Typed = (
        ("id", "text", lambda member: units.hex_id(member.id)),
        ("name", "text", lambda member: member.name),
        ("peer_urls", "text", lambda member: ",".join(member.peer_urls)),
        ("client_urls", "text", lambda member: ",".join(member.client_urls)),
        ("is_learner", "bool", lambda member: member.is_learner),
    )
    return Rows(found, limits, table=table, columns=columns, what="member", origin=origin)


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """What one endpoint said of itself within `latency` seconds, or why it did not."""

    endpoint: str
    status: StatusResponse | None
    error: str
    latency: float


def endpoint_status(found: Sequence[EndpointStatus], limits: Limits) -> Rows:
    """The status of endpoints."""
    highest = max((each.status.raft_index for each in found if each.status), default=0)
    table: Cells = (
        ("endpoint", lambda each: each.endpoint),
        ("id", lambda each: units.hex_id(each.status.header.member_id) if each.status else ""),
        ("version", lambda each: each.status.version if each.status else ""),
        ("role", _role_cell),
        ("db size", _db_size),
        ("raft term", lambda each: each.status.raft_term if each.status else ""),
        ("raft index", lambda each: each.status.raft_index if each.status else ""),
        ("behind", lambda each: highest - each.status.raft_index if each.status else ""),
        ("latency", lambda each: units.latency(each.latency)),
        ("errors", _errors_cell),
    )
    numbers = ("db size", "raft term", "raft index", "behind", "latency")
    return Rows(found, limits, table=table, columns=_STATUS_COLUMNS, what="endpoint", numbers=numbers)


def _of_status(name: str) -> Callable[[Any], Any]:
    return lambda each: getattr(each.status, name) if each.status else None


_STATUS_COLUMNS: Typed = (
    ("endpoint", "text", lambda each: each.endpoint),
    ("member_id", "text", lambda each: units.hex_id(each.status.header.member_id) if each.status else None),
    ("version", "text", _of_status("version")),
    ("is_leader", "bool", lambda each: each.status.leader == each.status.header.member_id if each.status else None),
    ("is_learner", "bool", _of_status("is_learner")),
    ("db_size", "int", _of_status("db_size")),
    ("db_size_in_use", "int", _of_status("db_size_in_use")),
    ("raft_term", "int", _of_status("raft_term")),
    ("raft_index", "int", _of_status("raft_index")),
    ("raft_applied_index", "int", _of_status("raft_applied_index")),
    ("latency", "float", lambda each: each.latency),
    ("error", "text", lambda each: each.error or None),
)


def _role_cell(each: EndpointStatus) -> Cell:
    if each.status is None:
        return Toned("unreachable", Tone.BAD)
    if each.status.leader == each.status.header.member_id:
        return Toned("leader", Tone.STRONG)
    return "learner" if each.status.is_learner else "follower"


def _db_size(each: EndpointStatus) -> Cell:
    if each.status is None:
        return ""
    in_use = each.status.db_size_in_use
    size = units.size(each.status.db_size)
    return size if in_use is None else f"{size} ({units.size(in_use)} in use)"


def _errors_cell(each: EndpointStatus) -> Cell:
    words = each.error or ("; ".join(each.status.errors) if each.status else "")
    return Toned(words, Tone.BAD) if words else ""


def health(found: Health, limits: Limits) -> Rows:
    """Whether each endpoint is well."""
    table: Cells = (
        ("endpoint", lambda each: each.endpoint),
        ("health", lambda each: Toned("ok", Tone.GOOD) if each.ok else Toned("not well", Tone.BAD)),
        ("took", lambda each: units.latency(each.latency)),
        ("version", lambda each: each.version or ""),
        ("error", lambda each: Toned(each.error, Tone.BAD) if each.error else ""),
    )
    columns: Typed = (
        ("endpoint", "text", lambda each: each.endpoint),
        ("ok", "bool", lambda each: each.ok),
        ("latency", "float", lambda each: each.latency),
        ("version", "text", lambda each: each.version),
        ("error", "text", lambda each: each.error),
    )
    return Rows(found.endpoints, limits, table=table, columns=columns, what="endpoint", numbers=("took",))


def endpoint_health_blocks(found: EndpointHealth, limits: Limits) -> Iterable[Block]:
    """One endpoint's health."""
    return health(Health((found,)), limits).blocks()


def leases(found: Sequence[LeaseTimeToLive], limits: Limits, *, total: int) -> Rows:
    """Leases with what is left of them, the shortest first; of `total` in all."""
    table: Cells = (
        ("lease", lambda each: units.hex_id(each.id)),
        ("left", lambda each: ttl_bar(each.ttl, each.granted_ttl)),
        ("keys", lambda each: len(each.keys)),
        ("first key", lambda each: min(each.keys, default=b"")),
    )
    columns: Typed = (
        ("id", "text", lambda each: units.hex_id(each.id)),
        ("ttl", "int", lambda each: each.ttl),
        ("granted_ttl", "int", lambda each: each.granted_ttl),
        ("keys", "int", lambda each: len(each.keys)),
    )
    origin: Sequence[Cell] = () if total == len(found) else (f"{total:,} in all: --limit reads more of them",)
    return Rows(found, limits, table=table, columns=columns, what="lease", numbers=("keys",), origin=origin)


def alarms(found: Sequence[Alarm], limits: Limits) -> Rows:
    """The alarms that are raised."""
    table: Cells = (
        ("member", lambda alarm: units.hex_id(alarm.member_id)),
        ("alarm", lambda alarm: Toned(alarm.type.name, Tone.BAD)),
    )
    columns: Typed = (
        ("member_id", "text", lambda alarm: units.hex_id(alarm.member_id)),
        ("alarm", "text", lambda alarm: alarm.type.name),
    )
    return Rows(found, limits, table=table, columns=columns, what="alarm")


def names(found: Sequence[str], limits: Limits, what: str) -> Rows:
    """Names of users or of roles."""
    columns: Typed = ((what, "text", str),)
    return Rows(found, limits, table=((what, str),), columns=columns, what=what)


def user_blocks(user: User, _limits: Limits) -> Iterator[Block]:
    """A user with its roles."""
    yield Facts([("user", user.name), ("roles", ", ".join(user.roles) or Toned("none", Tone.MUTED))])


def role_blocks(role: Role, _limits: Limits) -> Iterator[Block]:
    """A role with what it permits."""
    yield Facts([("role", role.name)])
    yield Table(["may", "keys", "up to"], [_permission(each) for each in role.permissions])


def _permission(permission: Permission) -> list[Cell]:
    keys = permission.keys
    end: Cell = "that key alone" if keys.is_single else "the last key" if keys.end == _ENDLESS else keys.end
    return [permission.access, keys.start, end]
