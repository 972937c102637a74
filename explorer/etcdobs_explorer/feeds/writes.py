"""Waits while a write is planned and applied; what to do next is decided by the plan's own model."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from etcdobs_explorer.model import changes
from etcdobs_explorer.model.changes import Change
from etcdobs_explorer.model.gateway import Gateway
from etcdobs_explorer.model.records import Entry, FailureKind, GatewayError
from etcdobs_explorer.model.writes import (
    Application,
    Deletion,
    Plan,
    RefusedError,
    Span,
    Step,
    Transfer,
    leases_of,
    transfer,
    undo,
)

from .feed import Feed

_TELL_EVERY = 0.1  # seconds between two steps of what takes long


class WriteFeed(Feed):
    """One write at a time, from its plan to its report."""

    def __init__(self, gateway: Gateway, post: Callable[[Change], object]) -> None:
        super().__init__(gateway, post)
        self._running: Application | None = None

    # -- plans ---------------------------------------------------------------------------------------------

    async def plan_deletion(self, prefix: bytes, separator: bytes) -> None:
        """Plan to delete a directory."""
        await self._plan(lambda: self._deletion(Deletion(prefix, separator)))

    async def plan_directory_transfer(self, source: bytes, target: bytes, separator: bytes, move: bool) -> None:
        """Plan to rename a directory (`move`), or to copy it."""

        async def planned() -> Plan:
            return await self._transfer(Transfer(source, target, separator, move=move))

        await self._plan(planned)

    async def plan_transfer(self, entry: Entry, target: bytes, move: bool) -> None:
        """Plan to rename a key (`move`), or to copy it."""

        async def planned() -> Plan:
            there = await self._gateway.entry(target) if target else None
            return transfer(entry, target, there, move=move)

        await self._plan(planned)

    async def plan_undo(self, step: Step) -> None:
        """Plan to take a step of the journal back."""

        async def planned() -> Plan:
            return undo(step, await self._gateway.living(leases_of(step)))

        await self._plan(planned)

    async def forget(self) -> None:
        """Nothing: as work of the same group it takes the place of a plan that is under way, which ends that."""

    async def _plan(self, planned: Callable[[], Awaitable[Plan]]) -> None:
        try:
            plan = await planned()
            if plan.is_empty:
                raise RefusedError(b"there is nothing to change")
        except GatewayError as error:
            self._post(changes.WriteRefused(error.reason))
        else:
            self._post(changes.WritePlanned(plan))

    async def _deletion(self, planner: Deletion) -> Plan:
        revision = await self._gateway.newest_revision()
        await self._take(planner, revision)
        return planner.plan(revision)

    async def _transfer(self, planner: Transfer) -> Plan:
        revision = await self._gateway.newest_revision()
        async for entry in self._gateway.entries(planner.target, revision, keys_only=True):
            planner.there(entry)
        await self._take(planner, revision)
        return planner.plan(revision)

    async def _take(self, planner: Deletion | Transfer, revision: int) -> None:
        """All keys of a directory: with values while an undo can hold them, then without."""
        start: bytes | None = planner.subject.start
        keys_only = False
        while start is not None:
            start = await self._take_from(planner, Span(start, planner.subject.end), revision, keys_only)
            keys_only = True

    async def _take_from(
        self, planner: Deletion | Transfer, span: Span, revision: int, keys_only: bool
    ) -> bytes | None:
        """Answers where to go on without values; None where all was taken."""
        told = time.monotonic()
        async for entry in self._gateway.entries(span, revision, keys_only=keys_only):
            planner.take(entry)
            if not keys_only and not planner.holds_values:
                return entry.key + b"\0"
            if time.monotonic() - told > _TELL_EVERY:
                told = time.monotonic()
                self._post(changes.WriteRead(planner.keys))
                await asyncio.sleep(0)
        return None

    # -- application ---------------------------------------------------------------------------------------

    async def apply(self, plan: Plan) -> None:
        """Commit a plan chunk after chunk, until one is not applied or `stop` is called. Cancelled, it tells what is
        known all the same."""
        try:
            running = Application(plan, self._gateway.protection)
        except RefusedError as error:
            self._post(changes.WriteRefused(error.reason))
            return
        self._running = running
        try:
            await self._commit(running)
        except asyncio.CancelledError:
            running.failed(GatewayError(FailureKind.OUTCOME_UNKNOWN, b"left before the answer came"))
            raise
        finally:
            self._post(changes.WriteEnded(running.report, time.time()))

    async def _commit(self, running: Application) -> None:
        told = 0.0
        while running.chunk is not None:
            if time.monotonic() - told > _TELL_EVERY:
                told = time.monotonic()
                self._post(changes.WriteApplying(running.done))
            try:
                running.answered(await self._gateway.commit(running.chunk))
            except GatewayError as error:
                running.failed(error)

    async def stop(self) -> None:
        """Let the write that is being applied end after the transaction that is under way."""
        if self._running is not None:
            self._running.stop()
