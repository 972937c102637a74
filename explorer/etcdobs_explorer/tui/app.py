"""Decides how news reaches the model and the views, and what the verbs do; workers wait, the app does not."""

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from etcdobs_explorer.feeds import Feeds
from etcdobs_explorer.model.changes import Change, Topic
from etcdobs_explorer.model.gateway import Gateway
from etcdobs_explorer.model.records import GatewayError
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import copyable, inert

from . import messages
from .resources import KEYS, RESOURCES, Reading
from .schedule import Schedule
from .screens.help import HelpScreen
from .screens.registry import screen_of
from .screens.view import ViewScreen
from .themes import DARK, LIGHT, full_name
from .verbs import VERBS, Verb, find_verb, verb_of_key

_FLUSH_HZ = 15
_TICK = 0.25


def _bindings() -> list[BindingType]:
    keys = dict.fromkeys(verb.key for verb in VERBS if verb.key)
    return [Binding(key, f"verb_key('{key}')", show=False, id=f"key.{key}") for key in keys]


def _unsure(feeds: Feeds, state: State, rows: Sequence[Any], now: float) -> Callable[[], Awaitable[object]] | None:
    """A few of the directories that may have become empty."""
    few = sorted(state.unsure)[:20]
    state.unsure -= set(few)
    return partial(feeds.keys.verify, few) if few else None


_ALWAYS = (
    Reading("status", 2.0, lambda feeds, state, rows, now: feeds.cluster.status),
    Reading("verify", 1.0, _unsure),
)


class ExplorerApp(App[GatewayError]):
    """The explorer. It ends with the error of the first look at the cluster, or with None."""

    CSS_PATH: ClassVar = sorted(Path(__file__).parent.glob("styles/*.tcss"))
    TITLE = "etcdobs"
    ALLOW_SELECT = False
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        *_bindings(),
        Binding("ctrl+c", "quit", show=False, priority=True),
    ]

    def __init__(self, gateway: Gateway, state: State, *, theme: str = "dark") -> None:
        super().__init__()
        self.state = state
        self.feeds = Feeds(gateway, self._post)
        self._schedule = Schedule()
        self._busy: set[str] = set()
        self._previous = KEYS.name
        self._chosen_theme = theme
        self.register_theme(DARK)
        self.register_theme(LIGHT)

    def knows_theme(self, name: str) -> bool:
        """Whether there is a theme of that name."""
        return full_name(name) in self.available_themes

    # -- start ---------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show the first view at once; the cluster answers when it does."""
        self.animation_level = "none"
        self.theme = full_name(self._chosen_theme)
        for resource in RESOURCES:
            self.add_mode(resource.name, partial(screen_of(resource), resource, self.state))
        self.switch_mode(KEYS.name)
        self._start("connect", self._connect)

    async def _connect(self) -> None:
        error = await self.feeds.cluster.status()
        if error is not None:
            self.post_message(messages.Refused(error))
            return
        self._watch()
        self._start("members", self.feeds.members.members)
        self.set_interval(1 / _FLUSH_HZ, self.feeds.watch.flush)
        self.set_interval(_TICK, self._tick)
        self.set_timer(1.0, self._load_without_watch)

    def _watch(self) -> None:
        self._work("watch", partial(self.feeds.watch.watch, self.state.tree.root))

    def _load_without_watch(self) -> None:
        """A watch that hangs must not keep the tree empty."""
        root = self.state.tree.root
        if not self.state.watching:
            self._load(root)

    # -- news ----------------------------------------------------------------------------------------------

    def _post(self, change: Change) -> None:
        self.post_message(messages.Changed(change))

    @on(messages.Changed)
    def _changed(self, message: messages.Changed) -> None:
        topics = message.change.apply(self.state, time.monotonic())
        wanted = set(self.state.wanted)
        self.state.wanted.clear()
        for prefix in wanted:
            self._load(prefix)
        self._show(topics)

    @on(messages.Refused)
    def _refused(self, message: messages.Refused) -> None:
        self.exit(message.error)

    @property
    def view(self) -> ViewScreen | None:
        """The view in sight, perhaps under a dialog."""
        base = self.screen_stack[0] if self.screen_stack else None
        return base if isinstance(base, ViewScreen) else None

    @property
    def view_name(self) -> str:
        """The name of the view in sight."""
        return self.view.resource.name if self.view else KEYS.name

    def _show(self, topics: frozenset[Topic]) -> None:
        if self.view is not None and self.view.is_mounted:
            self.view.show(topics)

    # -- work ----------------------------------------------------------------------------------------------

    def _start(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Begin a reading unless the last one of that name is still under way."""
        if name not in self._busy:
            self._busy.add(name)
            self._work(name, partial(self._finish, name, work))

    def _work(self, group: str, work: Callable[[], Awaitable[object]]) -> None:
        """Begin a reading in place of the last one of its group. A function, not a coroutine: a reading may be
        replaced before its first step, and a coroutine that nobody awaits is complained about."""
        self.run_worker(work, group=group, exclusive=True, exit_on_error=False)

    async def _finish(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await work()
        finally:
            self._busy.discard(name)

    def _load(self, prefix: bytes) -> None:
        held = len(self.state.tree.directory(prefix).children)
        self._work(f"load {prefix!r}", partial(self.feeds.keys.load, prefix, self.state.separator, held))

    def _tick(self) -> None:
        now = time.monotonic()
        for reading in self._schedule.due([*_ALWAYS, *self._readings()], now):
            self._begin(reading, now)
        if self.state.selection.outdated:
            self.state.selection.outdated = False
            self._read_selection()
        if self.view is not None:
            self.view.tick()
        self.state.forget_touched(now - 5.0)

    def _readings(self) -> Iterable[Reading]:
        """The readings of all that is in sight."""
        shown = self.view.in_sight() if self.view else ()
        return (reading for resource in RESOURCES if resource.name in shown for reading in resource.readings)

    def _begin(self, reading: Reading, now: float) -> None:
        rows = self.view.visible_rows(reading.name) if self.view else ()
        work = reading.work(self.feeds, self.state, rows, now)
        if work is not None:
            self._start(reading.name, work)

    def _read_selection(self) -> None:
        selection = self.state.selection
        self._read(selection.key, selection.is_branch)

    def _read(self, key: bytes, is_branch: bool) -> None:
        self._work("entry", partial(self.feeds.keys.below if is_branch else self.feeds.keys.entry, key))

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            self.log.error(event.worker.error)
            self._tell(f"internal error in {event.worker.group}: {event.worker.error!r}", "error")

    @on(messages.Work)
    def _work_wanted(self, message: messages.Work) -> None:
        self._work(message.group, partial(message.work, self.feeds))

    @on(messages.Tell)
    def _told(self, message: messages.Tell) -> None:
        self._tell(message.text, message.severity)

    # -- what widgets ask for ------------------------------------------------------------------------------

    @on(messages.DirectoryOpened)
    def _directory_opened(self, message: messages.DirectoryOpened) -> None:
        if message.more:
            work = partial(self.feeds.keys.load_more, message.prefix, self.state.separator)
            self._work(f"load {message.prefix!r}", work)
        else:
            self._load(message.prefix)

    @on(messages.KeySelected)
    def _key_selected(self, message: messages.KeySelected) -> None:
        self._read(message.key, message.is_branch)

    @on(messages.ViewChosen)
    def _view_chosen(self, message: messages.ViewChosen) -> None:
        self.show_view(message.name)

    @on(messages.PromptLeft)
    def _prompt_left(self) -> None:
        self.step_back()

    @on(messages.PromptAnswered)
    def _prompt_answered(self, message: messages.PromptAnswered) -> None:
        if self.view is None:
            return
        if message.kind == "/":
            self.view.filter(message.text)
        if message.final:
            self.view.answered()
            if message.kind == ":":
                self._command(message.text)

    def _command(self, text: str) -> None:
        name, _, argument = text.strip().partition(" ")
        if not name:
            return
        verb = find_verb(name, self.view_name)
        if verb is None:
            self._tell(f"no command {name!r} here; ? lists them", "warning")
        else:
            self._run(verb, argument.strip())

    def action_verb_key(self, key: str) -> None:
        """A key that stands for a verb in this view."""
        if isinstance(self.screen, ViewScreen) and (verb := verb_of_key(key, self.view_name)) is not None:
            self._run(verb)

    def _run(self, verb: Verb, argument: str = "") -> None:
        verb.run(self.view if verb.scope else self, argument)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The verbs that hold here, for the palette."""
        for verb in VERBS:
            if verb.holds_in(self.view_name):
                yield SystemCommand(verb.name, verb.help, self._runner(verb))

    def _runner(self, verb: Verb) -> Callable[[], None]:
        return lambda: self._run(verb)

    def _tell(self, text: str | bytes, severity: Any = "information") -> None:
        self.notify(inert(text, 300).plain, severity=severity, markup=False, timeout=4)

    # -- verbs ---------------------------------------------------------------------------------------------

    def show_view(self, name: str, argument: str = "") -> None:
        """Go to a view; `keys PREFIX` shows another part of the keyspace."""
        if name == KEYS.name and argument:
            self._root(b"" if argument == "*" else argument.encode("utf-8", "surrogateescape"))
        if name != self.view_name:
            self._previous = self.view_name
            self.switch_mode(name)
            self._schedule.forget(*self._readings())

    def _root(self, prefix: bytes) -> None:
        self.state.rooted(prefix)
        self._watch()
        self._load(prefix)
        self._show(frozenset(Topic))

    def show_previous(self) -> None:
        """The view before this one."""
        self.show_view(self._previous)

    def ask(self, kind: str) -> None:
        """Open the prompt."""
        if self.view is not None:
            self.view.ask(kind)

    def step_back(self) -> None:
        """One step back within the view, else to the keys."""
        if self.view is not None and not self.view.step_back() and self.view_name != KEYS.name:
            self.show_view(KEYS.name)

    def show_help(self) -> None:
        """The keys that hold here."""
        self.push_screen(HelpScreen(self.view_name, self.state.metrics_url))

    def reload(self) -> None:
        """Read again what is shown."""
        self._schedule.forget(*_ALWAYS, *self._readings())
        if self.view_name == KEYS.name:
            for directory in self.state.tree.expanded():
                self._load(directory.prefix)
            self._read_selection()

    def copy(self) -> None:
        """The key, id or method under the cursor, to the terminal's clipboard."""
        row = self.view.current() if self.view else None
        self.clip(self.view.resource.copy(row) if self.view and row else None)

    def clip(self, raw: bytes | None) -> None:
        """Bytes to the terminal's clipboard, in their inert form; None: there is nothing to copy."""
        if raw is None:
            self._tell("nothing to copy here", "warning")
            return
        self.copy_to_clipboard(copyable(raw))
        self._tell(f"copied {inert(raw, 40).plain}")

    @on(messages.Copied)
    def _copied(self, message: messages.Copied) -> None:
        self.clip(message.raw)

    def choose_theme(self, name: str) -> None:
        """Another theme; without a name, the next of the explorer's two."""
        wanted = full_name(name) if name else (LIGHT.name if self.theme == DARK.name else DARK.name)
        if self.knows_theme(wanted):
            self.theme = wanted
        else:
            self._tell(f"no theme {name!r}", "warning")

    def leave(self) -> None:
        """The end."""
        self.exit()
