"""Decides how the explorer's model is printed where there is no terminal: tree, leases, members, events, status."""

import asyncio
import time
from typing import TextIO

from .feeds import Feeds
from .model import units
from .model.changes import Change
from .model.gateway import Gateway
from .model.key_tree import Row, RowKind
from .model.leases import LeaseRow
from .model.records import MemberRecord
from .model.secrets import head_of
from .model.state import State
from .model.text import inert
from .model.watch_log import LoggedEvent

TREE_ROWS = 200
LEASES = 50
EVENTS = 10
EVENT_SECONDS = 10.0


async def report(
    gateway: Gateway,
    out: TextIO,
    *,
    context: str,
    separator: bytes = b"/",
    tree_rows: int = TREE_ROWS,
    events: int = EVENTS,
    event_seconds: float = EVENT_SECONDS,
) -> State:
    """Print what the explorer shows to `out`, and answer the state it was printed from.

    The events are those that happen meanwhile: `events` of them, or as many as come within `event_seconds`.

    Raises:
        GatewayError: the cluster cannot be reached. What fails later is named in its section.
    """
    status = await gateway.status()
    printer = _Report(gateway, State(context, separator=separator), out)
    printer.say(f"etcd at {context}, revision {units.count(status.revision)}")
    watching = asyncio.create_task(printer.feeds.watch.watch(b""))
    try:
        await printer.tree(tree_rows)
        await printer.leases()
        await printer.members()
        await printer.events(events, event_seconds)
        await printer.status()
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    return printer.state


class _Report:
    def __init__(self, gateway: Gateway, state: State, out: TextIO) -> None:
        self.state = state
        self.feeds = Feeds(gateway, self._apply)
        self._out = out
        self._changed = asyncio.Event()

    def _apply(self, change: Change) -> None:
        change.apply(self.state, time.monotonic())
        self._changed.set()

    def say(self, line: str = "") -> None:
        """One line, at once: whoever reads the pipe sees it as it comes. Whatever is in it, it is one, and inert."""
        self._out.write(inert(line.rstrip()).plain + "\n")
        self._out.flush()

    def _section(self, title: str, note: str = "") -> None:
        self.say()
        self.say(f"{title}  {note}")

    # -- sections ------------------------------------------------------------------------------------------

    async def tree(self, rows: int) -> None:
        """The keys, depth first, until `rows` rows are known."""
        tree = self.state.tree
        await self.feeds.keys.load(tree.root, self.state.separator)
        at = 0
        while at < len(tree.rows) and at < rows:
            row = tree.rows[at]
            if row.kind is RowKind.BRANCH and tree.expand(row.key):
                await self.feeds.keys.load(row.key, self.state.separator)
            at += 1
        self._section("KEYS")
        for row in tree.rows[:rows]:
            self.say(self._tree_line(row))
        if len(tree.rows) > rows:
            self.say(f"  … {units.plural(len(tree.rows) - rows, 'row')} more were read, others were not")

    def _tree_line(self, row: Row) -> str:
        indent = "  " * (row.depth + 1)
        match row.kind:
            case RowKind.BRANCH:
                return f"{indent}{inert(row.name, 300).plain}{inert(self.state.separator).plain}"
            case RowKind.MORE:
                return f"{indent}… more"
            case RowKind.FAILED:
                return f"{indent}✗ {inert(row.name, 300).plain}"
            case _:
                return f"{indent}{inert(row.name, 300).plain or '(the key of the directory itself)'}"

    async def leases(self) -> None:
        """The leases, the first of them with details."""
        await self.feeds.leases.lease_ids()
        table = self.state.leases
        await self.feeds.leases.leases([row.id for row in table.rows[:LEASES]])
        self._section("LEASES", units.plural(len(table.rows), "lease"))
        if table.reason:
            self.say(f"  ✗ {inert(table.reason, 300).plain}")
        for row in table.rows[:LEASES]:
            self.say("  " + _lease_line(row))
        if len(table.rows) > LEASES:
            self.say(f"  … {units.count(len(table.rows) - LEASES)} more")

    async def members(self) -> None:
        """The members with their status."""
        await self.feeds.members.members()
        table = self.state.members
        self._section("MEMBERS", units.plural(len(table.rows), "member"))
        if table.reason:
            self.say(f"  ✗ {inert(table.reason, 300).plain}")
        for row in table.rows:
            self.say("  " + _member_line(row.record))

    async def events(self, wanted: int, seconds: float) -> None:
        """The changes that happen now, each printed as it comes."""
        self._section("EVENTS", f"the next {wanted}, or those of {seconds:g} s")
        printed, end = 0, time.monotonic() + seconds
        while printed < wanted and not self.state.watch_reason:
            self.feeds.watch.flush()
            fresh = self.state.log.rows[printed:wanted]
            for row in fresh:
                self.say("  " + _event_line(row))
            printed += len(fresh)
            left = end - time.monotonic()
            if left <= 0:
                break
            if not fresh:
                await asyncio.sleep(min(left, 0.05))
        if self.state.watch_reason:
            self.say(f"  ✗ {inert(self.state.watch_reason, 300).plain}")
        elif printed < wanted:
            self.say(f"  {units.plural(printed, 'event')} in {seconds:g} s, not {wanted}")

    async def status(self) -> None:
        """What the member that answers says of the cluster."""
        error = await self.feeds.cluster.status()
        self._section("STATUS")
        status = self.state.connection.status
        if error is not None or status is None:
            self.say(f"  ✗ {inert(self.state.connection.reason, 300).plain}")
            return
        leader = inert(status.leader_name).plain or units.hex_id(status.leader_id)
        self.say(f"  endpoint  {inert(status.endpoint).plain}")
        self.say(f"  revision  {units.count(status.revision)}")
        self.say(f"  leader    {leader if status.leader_id else 'none'}")
        in_use = f", {units.size(status.db_in_use)} in use" if status.db_in_use is not None else ""
        self.say(f"  db        {units.size(status.db_size)}{in_use}")
        self.say(f"  raft      term {status.raft_term}")
        self.say(f"  version   {inert(status.version).plain}")
        for text in status.errors:
            self.say(f"  error     {inert(text, 300).plain}")


def _lease_line(row: LeaseRow) -> str:
    name = units.hex_id(row.id).rjust(16)
    if row.record is None:
        return f"{name}  not read"
    record = row.record
    left = "expired" if record.ttl < 0 else f"{units.duration(record.ttl)} of {units.duration(record.granted_ttl)}"
    first = f"  {inert(record.first_key, 200).plain}" if record.first_key is not None else ""
    return f"{name}  {left:16}  {units.plural(record.key_count, 'key')}{first}"


def _member_line(row: MemberRecord) -> str:
    start = f"{inert(row.name).plain or '(unstarted)':12}  {units.hex_id(row.id):16}  {row.role.value:8}"
    if row.is_down:
        return f"{start}  {inert(b'; '.join(row.errors), 300).plain}"
    size = units.size(row.db_size) if row.db_size is not None else "size unknown"
    size += f", {units.size(row.db_in_use)} in use" if row.db_in_use else ""
    raft = f"term {row.raft_term} index {units.count(row.raft_index or 0)}"
    errors = f"  {inert(b'; '.join(row.errors), 300).plain}" if row.errors else ""
    version, endpoint = inert(row.version).plain, inert(row.endpoint).plain
    return f"{start}  {version}  {size}  {raft}  {units.latency(row.rtt)}  {endpoint}{errors}"


def _event_line(row: LoggedEvent) -> str:
    event = row.event
    kind = "DELETE" if event.is_delete else "CREATE" if event.is_create else "PUT"
    clock = time.strftime("%H:%M:%S", time.localtime(row.at))
    start = f"{clock}  {kind:6}  rev {event.mod_revision}  {inert(event.key, 200).plain}"
    if event.is_delete:
        return start
    head = head_of(event.head, is_cut=event.size > len(event.head))
    return f"{start}  {units.size(event.size)}  {inert(head, 60).plain}"
