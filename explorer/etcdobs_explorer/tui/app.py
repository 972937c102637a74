"""Decides how news reaches the model and the views, and what the verbs do; workers wait, the app does not."""

import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import events, on
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from etcdobs_explorer.feeds import Feeds
from etcdobs_explorer.model import changes
from etcdobs_explorer.model.calls import polling
from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.contexts import Context
from etcdobs_explorer.model.gateway import Gateway
from etcdobs_explorer.model.session import Session
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import copyable, inert
from etcdobs_explorer.model.trouble import Trouble

from . import messages
from .always import ALWAYS
from .configured import ConfiguredApp
from .memory import Memory, recall
from .offered import Offered
from .resources import KEYS, RESOURCES, Reading, Resource
from .schedule import Schedule
from .screens.help import HelpScreen
from .screens.registry import screen_of
from .screens.view import ViewScreen
from .verbs import VERBS, Verb, find_verb
from .visit import Visit

_FLUSH_HZ = 15
_TICK = 0.25
_KEEP = 5.0  # seconds between two looks at what there is to remember
_MOST_COMMANDS = 50  # bookmarks and contexts, each, in the palette
_KEY_CELLS = 5


class ExplorerApp(ConfiguredApp):
    """The explorer. It ends with the line that says what is wrong with how it was called, or with None."""

    CSS_PATH: ClassVar = sorted(Path(__file__).parent.glob("styles/*.tcss"))
    TITLE = "etcdobs"
    ALLOW_SELECT = False
    COMMANDS: ClassVar = {Offered}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False),  # where what has the focus does not undo by it
    ]

    def __init__(
        self, gateway: Gateway | None, state: State, *, theme: str = "", session: Session | None = None
    ) -> None:
        visit = Visit.given(gateway, state, self._post) if gateway else Visit(Context(state.context), state)
        super().__init__(visit, session or Session(theme=theme))
        self._memory = Memory(self.session.memory)
        self._schedule = Schedule()
        self._previous = KEYS.name
        self._ticking = False
        self._overview = True
        self.pressed_at = time.monotonic()

    @classmethod
    def of_session(cls, session: Session, context: Context) -> "ExplorerApp":
        """An explorer that opens the context itself, and can go to others."""
        visit = Visit.of(context, session.metrics_url)
        app = cls(None, visit.state, session=session)
        app.visit = visit
        return app

    # -- start ---------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show the first view at once; the cluster answers when it does."""
        self.animation_level = "none"
        held = self._memory.of(self.visit)
        self.begin_theme(held.theme)
        recall(self.state, held, self.visit.context.roots)
        self._overview = held.overview
        self._add_modes(held.view)
        self.name_problems()
        self.call_after_refresh(self.enter)

    def _add_modes(self, first: str) -> None:
        for resource in RESOURCES:
            self.add_mode(self.visit.mode(resource.name), partial(self._made, resource, self.state))
        known = any(resource.name == first for resource in RESOURCES)
        self._switch(first if known else KEYS.name)

    def _made(self, resource: Resource[Any], state: State) -> ViewScreen:
        """A view. It is styled when it is mounted: Textual would read all style sheets again, twice, before that."""
        view = screen_of(resource)(resource, state)
        view._css_update_count = self._css_update_count  # pyright: ignore[reportPrivateUsage]
        return view

    def _switch(self, name: str) -> None:
        self.switch_mode(self.visit.mode(name))
        if self.view is not None and name == KEYS.name:
            self.view.set_class(not self._overview, "no-overview")

    def begun(self, *, anew: bool) -> None:
        """Read the cluster from now on."""
        self._schedule = Schedule()
        self._watch()
        if not self._ticking:
            self._ticking = True
            self.set_interval(1 / _FLUSH_HZ, partial(self.attempt, "watch", self._flush_events))
            self.set_interval(_TICK, partial(self.attempt, "the interface", self._tick))
            self.set_interval(_KEEP, partial(self.attempt, "memory", self._keep))
        self._start("status", lambda feeds: feeds.cluster.status)
        self._start("members", lambda feeds: feeds.members.members)
        self.set_timer(1.0, self._load_without_watch)

    def leaving(self) -> None:
        """Remember how things stand."""
        self._keep()

    async def arrived(self, before: Visit) -> None:
        """Views of the new state in place of those of the old."""
        held = self._memory.of(self.visit)
        recall(self.state, held, self.visit.context.roots)
        self._previous = KEYS.name
        self._overview = held.overview
        self._add_modes(held.view)
        for resource in RESOURCES:
            await self.remove_mode(before.mode(resource.name))
        self.name_problems()
        self.tell(f"now at {self.visit.context.title}")

    def exit(self, *args: Any, **options: Any) -> None:
        """The end, remembered."""
        self.attempt("memory", self._keep)
        super().exit(*args, **options)

    async def on_event(self, event: events.Event) -> None:
        """Note in `pressed_at` when the reader last did something."""
        if isinstance(event, events.InputEvent):
            self.pressed_at = time.monotonic()
        await super().on_event(event)

    def _keep(self) -> None:
        self._note_overview()
        self._memory.keep(self.visit, self.view_name, self.chosen_theme, overview=self._overview)

    def _note_overview(self) -> None:
        if self.view is not None and self.view_name == KEYS.name:
            self._overview = not self.view.has_class("no-overview")

    def _flush_events(self) -> None:
        if self.visit.feeds is not None:
            self.visit.feeds.watch.flush()

    def _watch(self) -> None:
        root = self.state.tree.root
        self._read("watch", lambda feeds: feeds.watch.watch(root))

    def _load_without_watch(self) -> None:
        """A watch that hangs must not keep the tree empty."""
        if not self.state.watching:
            self._load(self.state.tree.root)

    # -- news ----------------------------------------------------------------------------------------------

    @on(messages.Changed)
    def _changed(self, message: messages.Changed) -> None:
        if message.state not in (None, self.state):
            self._late(message)
            return
        now, troubles = time.monotonic(), self.state.connection.troubles
        was_refused = Trouble.REFUSED in troubles
        topics = message.change.apply(self.state, now) | changes.note(message.change, self.state, now)
        wanted = set(self.state.wanted)
        self.state.wanted.clear()
        for prefix in wanted:
            self._load(prefix)
        self._show(topics)
        if Trouble.REFUSED in troubles and not was_refused:
            self.refused()

    @property
    def view(self) -> ViewScreen | None:
        """The view in sight, perhaps under a dialog."""
        base = self.screen_stack[0] if self.screen_stack else None
        return base if isinstance(base, ViewScreen) else None

    @property
    def has_dialog(self) -> bool:
        """True while anything lies over the view."""
        return len(self.screen_stack) > 1

    @property
    def view_name(self) -> str:
        """The name of the view in sight."""
        return self.view.resource.name if self.view else KEYS.name

    def _show(self, topics: frozenset[Topic]) -> None:
        if self.view is not None and self.view.is_mounted:
            self.view.show(topics)

    # -- work ----------------------------------------------------------------------------------------------

    def _read(self, group: str, work: Callable[[Feeds], Awaitable[object]]) -> None:
        """Begin a reading in place of the last one of its group."""
        if (feeds := self.visit.feeds) is not None:
            self.work(group, partial(work, feeds))

    def _start(self, name: str, work: Callable[[Feeds], Callable[[], Awaitable[object]] | None]) -> None:
        """Begin a reading unless the last one of that name is still under way."""
        if (feeds := self.visit.feeds) is not None and (reading := work(feeds)) is not None:
            self.start(name, reading)

    def _load(self, prefix: bytes) -> None:
        directory, separator = self.state.tree.directory(prefix), self.state.separator
        held, start = len(directory.children), directory.start
        self._read(f"load {prefix!r}", lambda feeds: feeds.keys.load(prefix, separator, held, start))

    def _tick(self) -> None:
        now = time.monotonic()
        for reading in self._schedule.due([*ALWAYS, *self._readings()], now):
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
        with polling():
            self._start(reading.name, lambda feeds: reading.work(feeds, self.state, rows, now))

    def _read_selection(self) -> None:
        selection = self.state.selection
        if selection.key or selection.is_branch:
            self._read_key(selection.key, selection.is_branch)

    def _read_key(self, key: bytes, is_branch: bool) -> None:
        self._read("entry", lambda feeds: feeds.keys.below(key) if is_branch else feeds.keys.entry(key))

    @on(messages.Work)
    def _work_wanted(self, message: messages.Work) -> None:
        self._read(message.group, message.work)

    @on(messages.Tell)
    def _told(self, message: messages.Tell) -> None:
        self.tell(message.text, message.severity)

    # -- what widgets ask for ------------------------------------------------------------------------------

    @on(messages.DirectoryOpened)
    def _directory_opened(self, message: messages.DirectoryOpened) -> None:
        self._load(message.prefix)

    @on(messages.RootChosen)
    def _root_chosen(self, message: messages.RootChosen) -> None:
        self._root(message.prefix)

    @on(messages.KeySelected)
    def _key_selected(self, message: messages.KeySelected) -> None:
        self._read_key(message.key, message.is_branch)

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
            self.tell(f"no command {name!r} here; ? lists them", "warning")
        else:
            self._run(verb, argument.strip())

    def action_verb_key(self, key: str) -> None:
        """A key that stands for a verb in this view."""
        if isinstance(self.screen, ViewScreen) and (verb := self.keymap.verb_of(key, self.view_name)) is not None:
            self._run(verb)

    def _run(self, verb: Verb, argument: str = "") -> None:
        self.attempt(verb.name, lambda: verb.run(self.view if verb.scope else self, argument))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The verbs that hold here and the contexts, for the palette."""
        if not isinstance(screen, ViewScreen):
            return  # a dialog is answered first, and a write that it shows not disturbed
        for verb in [verb for verb in VERBS if verb.holds_in(self.view_name)]:
            sooner = f"{self.keymap.shown(verb)}  ".ljust(_KEY_CELLS) if self.keymap.shown(verb) else ""
            yield SystemCommand(verb.name, f"{sooner}{verb.help}", partial(self._offer, verb))
        for key in self.state.bookmarks[:_MOST_COMMANDS]:
            yield SystemCommand(f"bookmark {inert(key, 60).plain}", "go to this key", partial(self._seek, key))
        for name, context in list(self.session.config.contexts.items())[:_MOST_COMMANDS]:
            if self.session.connect is not None:
                yield SystemCommand(f"context {inert(name, 60).plain}", "go there", partial(self.go_to, context))

    def _offer(self, verb: Verb) -> None:
        """What was chosen in the palette: where it wants more than that, it is to be typed behind it."""
        if verb.wants_more and self.view is not None:
            self.view.ask(":")
            self.view.prompt.ask(":", f"{verb.name} ")
        else:
            self._run(verb)

    def _seek(self, key: bytes) -> None:
        self.show_view(KEYS.name)
        separator = self.state.separator
        self.post_message(messages.Changed(changes.Sought(key, bool(separator) and key.endswith(separator))))

    # -- verbs ---------------------------------------------------------------------------------------------

    def show_view(self, name: str, argument: str = "") -> None:
        """Go to a view; `keys PREFIX` shows another part of the keyspace."""
        if name == KEYS.name and argument:
            self._root(b"" if argument == "*" else argument.encode("utf-8", "surrogateescape"))
        if name != self.view_name:
            self._previous = self.view_name
            self._note_overview()
            self._switch(name)
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
        self._schedule.forget(*ALWAYS, *self._readings())
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
            self.tell("nothing to copy here", "warning")
            return
        self.copy_to_clipboard(copyable(raw))
        self.tell(f"copied {inert(raw, 40).plain}")

    @on(messages.Copied)
    def _copied(self, message: messages.Copied) -> None:
        self.clip(message.raw)

    def leave(self) -> None:
        """The end."""
        self.exit()
