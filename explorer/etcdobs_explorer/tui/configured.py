"""Decides what of the configuration holds while the app runs: it is read again, added to, and chosen from."""

import time
from dataclasses import replace

from etcdobs_explorer.model import units
from etcdobs_explorer.model.contexts import ENV, Context, renewed
from etcdobs_explorer.model.importing import save
from etcdobs_explorer.model.session import Session
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.trouble import Trouble

from .keymap import Keymap
from .screens.contexts import ContextsScreen
from .screens.import_context import ImportScreen
from .themed import ThemedApp
from .visit import Visit


class ConfiguredApp(ThemedApp):
    """An app with the contexts and the keys of a configuration file that may change under it."""

    def __init__(self, visit: Visit, session: Session) -> None:
        super().__init__(visit, session)
        self._bound: set[str] = set()
        self.keymap = Keymap()
        self._take_keys()

    def _take_keys(self) -> None:
        """The keys of the configuration. One that nothing has any more stays bound, and does nothing."""
        self.keymap = Keymap(self.session.config.keymap)
        for key in set(self.keymap.all_keys()) - self._bound:
            self._bound.add(key)
            self.bind(key, f"verb_key('{key}')", show=False)
        self.set_keymap(self.keymap.moved)
        self.only_moves = self.keymap.only_moves

    def name_problems(self) -> None:
        """What is wrong with the configuration prevents nothing, but is said as long as it is so."""
        problems = [*map(str, self.session.config.problems), *self.keymap.problems]
        more = f" (and {len(problems) - 1} more; C lists them)" if len(problems) > 1 else ""
        said = f"{problems[0]}{more}".encode() if problems else b""
        self.state.connection.troubles.set(Trouble.CONFIG, bool(problems), time.monotonic(), said)

    # -- the file as it is now -----------------------------------------------------------------------------

    def reread(self) -> None:
        """Read the configuration again, because the reader asks for it."""
        if self.session.read is None:
            self.tell("this explorer was started without a configuration", "warning")
            return
        self._read_again()
        problems = [*map(str, self.session.config.problems), *self.keymap.problems]
        if problems:
            self.tell(f"{problems[0]}; elsewhere the file holds as it is now", "error")
        else:
            self.tell(f"read again: {units.plural(len(self.session.config.contexts), 'context')}")

    def _read_again(self) -> None:
        if self.session.read is None:
            return
        former = self.session.config
        try:
            config = renewed(former, self.session.read())
        except ValueError as error:
            self.tell(str(error), "error")
            return
        if config == former:
            return
        self.session = replace(self.session, config=config)
        self._take_keys()
        self.name_problems()
        self.refresh(layout=False)
        name = self.visit.context.name
        if former.contexts.get(name) != config.contexts.get(name):
            self.tell(f"{name} is another in the file now: C and Enter there go to it as it is", "warning")

    # -- contexts ------------------------------------------------------------------------------------------

    def choose_context(self, name: str) -> None:
        """Go to another cluster; without a name, choose one."""
        if self.session.connect is None:
            self.tell("this explorer was opened for one cluster only", "warning")
            return
        self._read_again()
        if name:
            self._go_by_name(name)
        else:
            self.push_screen(ContextsScreen(self.session.config, self.visit.context.name), self._chosen)

    def _go_by_name(self, name: str) -> None:
        try:
            self.go_to(self.session.config.context(name))
        except ValueError as error:
            self.tell(str(error), "warning")

    def _chosen(self, choice: Context | str | None) -> None:
        if isinstance(choice, Context):
            self.go_to(choice)
        elif choice is not None:
            self.import_context("")

    def import_context(self, typed: str) -> None:
        """Add a context to the file: out of clientv3's configuration, `FILE [NAME]`, or of what made this one."""
        config = self.session.config
        if config.path is None:
            self.tell("there is no configuration file to write to: ETCDOBS_CONFIG names one", "warning")
            return
        here = self.visit.context if self.visit.context.name == ENV else config.contexts.get(ENV, self.visit.context)
        self.push_screen(ImportScreen(here, config, typed), self._imported)

    def _imported(self, context: Context | None) -> None:
        path = self.session.config.path
        if context is None or path is None:
            return
        try:
            save(path, context)
        except (ModuleNotFoundError, ValueError) as error:
            self.tell(str(error), "error")
            return
        self._read_again()
        self.tell(f"{inert(context.name, 60).plain} is in {path}: C goes there")
