"""Decides how a cluster is entered, left for another, and entered again with another password, while the app runs."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

from textual import on
from textual.worker import Worker, WorkerState, WorkType

from etcdobs_explorer.model import passwords
from etcdobs_explorer.model.changes import Change, WriteEnded
from etcdobs_explorer.model.contexts import Context, Source
from etcdobs_explorer.model.gateway import Gateway
from etcdobs_explorer.model.session import Session
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.trouble import Trouble
from etcdobs_explorer.model.writes import Journal, Phase, Plan

from . import messages
from .containment import Contained, Failures
from .notices import Notices
from .screens.password import PasswordScreen
from .typed_ahead import TypedAhead
from .visit import Visit

_GOING = "visit"
EXIT_FAILURE = 1
EXIT_USAGE = 2


class VisitingApp(Contained, TypedAhead):
    """An app that stays at one cluster after another. It ends with the line that says why it could not begin, or None;
    workers that read a cluster end with the stay."""

    def __init__(self, visit: Visit, session: Session) -> None:
        super().__init__()
        self.visit = visit
        self.session = session
        self.failures = Failures(session.log)
        self._busy: set[str] = set()
        self._entered = False
        self._stopped: Plan | None = None  # what Ctrl-C has stopped
        self._notices = Notices(self)
        self._journals: dict[str, Journal] = {}

    @property
    def state(self) -> State:
        """What is known of the cluster."""
        return self.visit.state

    # -- for the app itself --------------------------------------------------------------------------------

    def begun(self, *, anew: bool) -> None:
        """The cluster can be read from now on; `anew` says that only the password is another."""
        raise NotImplementedError

    def leaving(self) -> None:
        """The stay is about to end."""
        raise NotImplementedError

    async def arrived(self, before: Visit) -> None:
        """`visit` is another one than `before`."""
        raise NotImplementedError

    # -- to enter ------------------------------------------------------------------------------------------

    def enter(self) -> None:
        """Open the cluster, if nobody has yet."""
        if self.visit.feeds is not None:
            self.begun(anew=False)
        else:
            self.work(_GOING, self._enter)

    async def _enter(self) -> None:
        password = await self._password_of(self.visit.context)
        if password is None and self.visit.context.user is not None:
            return
        self._open(password, anew=False)

    def go_to(self, context: Context) -> None:
        """Leave this cluster for another; it stays where that one cannot be opened."""
        if context == self.visit.context:
            self.tell(f"this is {context.title}")
            return
        self.work(_GOING, partial(self._go_to, context))

    def part_at(self, separator: str) -> None:
        """Part the keys of this cluster at another separator, `flat` for none, from now on."""
        if not separator:
            now = self.visit.context.separator
            self.tell(b"keys are parted at " + now if now else "keys are flat: :separator TEXT parts them")
            return
        given = b"" if separator == "flat" else separator.encode("utf-8", "surrogateescape")
        context = replace(self.visit.context, separator=given)
        if context != self.visit.context:
            self.work(_GOING, partial(self._go_to, context, self.visit.password))

    async def _go_to(self, context: Context, known: str | None = None) -> None:
        password = known if known is not None else await self._password_of(context)
        if password is None and context.user is not None:
            return
        try:
            gateway = self._connect(context, password)
        except (OSError, TypeError, ValueError) as error:
            self.tell(f"{context.title}: {error}", "error")
            return
        self.leaving()
        self._stop_reading()
        before, number = self.visit, self.visit.number + 1
        self._journals[before.context.identity] = before.state.journal
        self.visit = Visit.of(context, self.session.metrics_url, number)
        self.visit.state.journal = self._journals.get(context.identity, self.visit.state.journal)
        self.visit.begin(gateway, password, self._post)
        self._entered = True
        await self.arrived(before)
        await before.end()
        self.begun(anew=False)

    # -- passwords -----------------------------------------------------------------------------------------

    def ask_password(self) -> None:
        """Have the user type a password for the cluster in sight."""
        if self.visit.context.user is None or self.session.connect is None:
            self.tell("this context names no user", "warning")
        else:
            self.work(_GOING, partial(self._renew, asking=True))

    def refused(self) -> None:
        """The cluster takes the password no more, or never did: look where it came from, or ask."""
        if self.visit.context.user is not None and self.session.connect is not None:
            self.work(_GOING, self._renew)

    async def _renew(self, *, asking: bool = False) -> None:
        context, why = self.visit.context, self.state.connection.troubles.reason_of(Trouble.REFUSED)
        found = None if asking else await self._found_again(context)
        password = found or await self.push_screen_wait(PasswordScreen(context, why))
        if password is None:
            return
        self._stop_reading()
        await self.visit.end()
        self.state.connection.troubles.end(Trouble.REFUSED)
        self._open(password, anew=True)

    async def _found_again(self, context: Context) -> str | None:
        """A password that was changed where the context says it is."""
        if context.user is None or context.password.source is Source.GIVEN:
            return None
        try:
            found = await passwords.awaited(context.password, context.user)
        except passwords.PasswordError:
            return None
        return found if found != self.visit.password else None

    async def _password_of(self, context: Context) -> str | None:
        """The password; None where there is no user, or they would not say."""
        if context.user is None:
            return None
        why = b""
        try:
            found = await passwords.awaited(context.password, context.user)
        except passwords.PasswordError as error:
            found, why = None, str(error).encode("utf-8", "replace")
        return found if found is not None else await self.push_screen_wait(PasswordScreen(context, why))

    # -- the cluster ---------------------------------------------------------------------------------------

    def _open(self, password: str | None, *, anew: bool) -> None:
        try:
            gateway = self._connect(self.visit.context, password)
        except (OSError, TypeError, ValueError) as error:
            if self._entered:
                self.tell(str(error), "error")
            else:
                self.exit(str(error), return_code=EXIT_FAILURE if isinstance(error, OSError) else EXIT_USAGE)
            return
        self.visit.begin(gateway, password, self._post)
        self._entered = True
        self.begun(anew=anew)

    def _connect(self, context: Context, password: str | None) -> Gateway:
        if self.session.connect is None:
            raise ValueError("this explorer cannot go elsewhere")
        return self.session.connect(context, password)

    def _post(self, change: Change, state: State) -> None:
        self.post_message(messages.Changed(change, state))

    def _late(self, message: messages.Changed) -> None:
        """News from a cluster that was left: how a write ended is in its journal, should the user come back."""
        if isinstance(message.change, WriteEnded) and message.state is not None:
            message.change.apply(message.state, time.monotonic())

    async def action_quit(self) -> None:
        """Ctrl-C: a write that is under way is stopped first, where it can be; a second one leaves all the same."""
        writing = self.state.writing
        if writing.phase is not Phase.APPLYING or writing.plan is self._stopped or self.visit.feeds is None:
            self.exit()
            return
        self._stopped = writing.plan
        self.work("stop write", self.visit.feeds.writes.stop)
        self.tell("a write is under way: it stops after this transaction. Ctrl-C again leaves at once", "warning")

    def _stop_reading(self) -> None:
        workers: list[Worker[object]] = list(self.workers)
        for worker in workers:
            if worker.group != _GOING:
                worker.cancel()
        self._busy.clear()

    async def on_unmount(self) -> None:
        """Let go of the cluster at the end."""
        await self.visit.end()

    # -- work ----------------------------------------------------------------------------------------------

    def work(self, group: str, work: Callable[[], Awaitable[object]]) -> None:
        """Begin something in place of the last of its group. A function, not a coroutine: it may be replaced before its
        first step, and a coroutine that nobody awaits is complained about."""

        async def awaited() -> object:
            return await work()

        step: WorkType[object] = awaited
        self.run_worker(step, group=group, exclusive=True, exit_on_error=False)

    def start(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Begin a reading unless the last one of that name is still under way."""
        if name not in self._busy:
            self._busy.add(name)
            self.work(name, partial(self._finish, name, work))

    async def _finish(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await work()
        finally:
            self._busy.discard(name)

    # -- failures ------------------------------------------------------------------------------------------

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.failed(event.worker.group, event.worker.error)

    @on(messages.Failed)
    def _panel_failed(self, message: messages.Failed) -> None:
        self.failed(message.place, message.error)

    def failed(self, place: str, error: BaseException) -> None:
        """Log an error of the explorer's own, and tell the reader; the rest goes on."""
        if said := self.failures.take(place, error):
            self.tell(said, "error")

    def attempt(self, place: str, step: Callable[[], object]) -> None:
        """Do something; an error of it stays its own."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - whatever it is, the rest is not to blame
            self.failed(place, error)

    def _handle_exception(self, error: Exception) -> None:
        """What Textual would end the app for: not where the app itself goes on, and can be left."""
        if self.is_running and self._entered:
            self.failed("the interface", error)
        else:
            self.failures.take("the interface", error)
            super()._handle_exception(error)

    def tell(self, text: str | bytes, severity: Any = "information") -> None:
        """A notice for the reader."""
        self._notices.show(inert(text, 300).plain, severity)
