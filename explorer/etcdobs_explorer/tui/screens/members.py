"""Decides how members fill a view: a table that grows older by itself, and a member opens in full."""

import time
from collections.abc import Iterable
from typing import Any

from textual.widget import Widget

from etcdobs_explorer.model import units
from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.members import MemberRow
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.resources import Resource
from etcdobs_explorer.tui.widgets.fact_lines import heading
from etcdobs_explorer.tui.widgets.member_facts import MemberFacts, database, errors, identity, latency, raft
from etcdobs_explorer.tui.widgets.strips import Spans
from etcdobs_explorer.tui.widgets.table import TableHead

from .facts_dialog import FactsDialog
from .table import TableScreen


class MembersScreen(TableScreen):
    """The members of the cluster."""

    def __init__(self, resource: Resource[Any], state: State) -> None:
        super().__init__(resource, state)
        self._second = 0
        self._facts = MemberFacts(self._table)

    def body(self) -> Iterable[Widget]:
        return self._title, TableHead(self.resource), self._table, self._facts, self._detail

    def show(self, topics: frozenset[Topic]) -> None:
        super().show(topics)
        if Topic.MEMBERS in topics:
            self._facts.refresh()

    def on_virtual_list_moved(self) -> None:
        """Another member is under the cursor."""
        super().on_virtual_list_moved()
        self._facts.refresh()

    def tick(self) -> None:
        super().tick()
        second = int(time.monotonic())
        if second != self._second and self.state.members.down:  # since when they are down
            self._second = second
            self._table.redraw()
            self._detail.refresh()

    def on_virtual_list_activated(self) -> None:
        """Enter: all that is known of the member."""
        if (row := self.current()) is not None:
            self.app.push_screen(MemberScreen(row))


class MemberScreen(FactsDialog):
    """One member; `y` copies its id."""

    def __init__(self, row: MemberRow) -> None:
        name = inert(row.name, 60).plain or units.hex_id(row.id)
        super().__init__(f"member {name}", "y copies the id · Esc closes", units.hex_id(row.id).encode())
        self._row = row

    def lines(self, width: int) -> list[Spans]:
        row = self._row
        lines = [*identity(row), (), heading("Alarms and errors"), *errors(row, width)]
        lines += [(), heading("Answers to this client"), *latency(row, width)]
        return [*lines, (), heading("Raft"), *raft(row), (), heading("Database"), *database(row)]
