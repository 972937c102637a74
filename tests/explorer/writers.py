"""The two ways to plan and to apply a write: as the interface does it, and as a notebook does."""

from collections.abc import Awaitable

from etcdobs import AsyncClient, Client
from etcdobs_explorer.feeds.writes import WriteFeed
from etcdobs_explorer.gateway import EtcdGateway, blocking
from etcdobs_explorer.model import changes
from etcdobs_explorer.model.changes import Change
from etcdobs_explorer.model.records import Entry
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.writes import Phase, Plan, Protection, RefusedError, Report, Step


class Writer:
    """Plans and applies, by one of the two ways. Reports enter the state's journal."""

    def __init__(self) -> None:
        self.state = State("test")

    async def deletion(self, prefix: bytes) -> Plan:
        raise NotImplementedError

    async def directory(self, source: bytes, target: bytes, *, move: bool) -> Plan:
        raise NotImplementedError

    async def transfer(self, entry: Entry, target: bytes, *, move: bool) -> Plan:
        raise NotImplementedError

    async def undo(self, step: Step) -> Plan:
        raise NotImplementedError

    async def apply(self, plan: Plan) -> Report:
        raise NotImplementedError

    @property
    def last(self) -> Step:
        return self.state.journal.steps[-1]


class Fed(Writer):
    """As the interface does it."""

    def __init__(self, endpoint: str, protection: Protection) -> None:
        super().__init__()
        self.gateway = EtcdGateway(AsyncClient(endpoint, timeout=3.0), protection=protection)
        self.heard: list[Change] = []
        self.feed = WriteFeed(self.gateway, self.hear)

    def hear(self, change: Change) -> None:
        self.heard.append(change)
        change.apply(self.state, 0.0)

    async def _plan(self, work: Awaitable[None]) -> Plan:
        await work
        writing = self.state.writing
        if writing.phase is Phase.FAILED:
            raise RefusedError(writing.reason)
        assert writing.plan is not None
        return writing.plan

    async def deletion(self, prefix: bytes) -> Plan:
        return await self._plan(self.feed.plan_deletion(prefix, b"/"))

    async def directory(self, source: bytes, target: bytes, *, move: bool) -> Plan:
        return await self._plan(self.feed.plan_directory_transfer(source, target, b"/", move))

    async def transfer(self, entry: Entry, target: bytes, *, move: bool) -> Plan:
        return await self._plan(self.feed.plan_transfer(entry, target, move))

    async def undo(self, step: Step) -> Plan:
        return await self._plan(self.feed.plan_undo(step))

    async def apply(self, plan: Plan) -> Report:
        await self.feed.apply(plan)
        assert self.state.writing.report is not None
        return self.state.writing.report


class Blocking(Writer):
    """As a notebook does it."""

    def __init__(self, endpoint: str, protection: Protection) -> None:
        super().__init__()
        self.client = Client(endpoint, timeout=3.0)
        self.protection = protection

    async def deletion(self, prefix: bytes) -> Plan:
        return blocking.plan_deletion(self.client, prefix)

    async def directory(self, source: bytes, target: bytes, *, move: bool) -> Plan:
        return blocking.plan_directory_transfer(self.client, source, target, move=move)

    async def transfer(self, entry: Entry, target: bytes, *, move: bool) -> Plan:
        return blocking.plan_transfer(self.client, entry, target, move=move)

    async def undo(self, step: Step) -> Plan:
        return blocking.plan_undo(self.client, step)

    async def apply(self, plan: Plan) -> Report:
        report = blocking.apply(self.client, plan, self.protection)
        changes.WriteEnded(report, 0.0).apply(self.state, 0.0)
        return report
