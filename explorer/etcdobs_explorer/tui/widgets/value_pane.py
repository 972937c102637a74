"""Decides what belongs to the value pane and what can be done there: how a value is read, searched, copied, paged."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from textual import on
from textual.app import App, ComposeResult
from textual.containers import Vertical

from etcdobs_explorer.feeds import Feeds
from etcdobs_explorer.model import units
from etcdobs_explorer.model.decode.choices import directory_of
from etcdobs_explorer.model.decode.schema import SchemaError
from etcdobs_explorer.model.state import Selection, State
from etcdobs_explorer.model.text import CLIPBOARD_BYTES, inert
from etcdobs_explorer.model.value import AUTO, FORMS, Asked
from etcdobs_explorer.tui.messages import Tell, Work

from .facts import Facts
from .title import ValueTitle
from .value_output import as_shown, as_stored, copied, page
from .value_search import ValueSearch
from .value_view import ValueView


class ValuePane(Vertical):
    """The value under the cursor of the key tree, with its title, what is known of it, and a search within it."""

    def __init__(self, state: State, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.view = ValueView(state, id="value")
        self._state = state
        self._title = ValueTitle(state)
        self._facts = Facts(state)
        self._search = ValueSearch()
        self._reading: tuple[Selection, bytes, Asked] | None = None

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._title
        yield self._facts
        yield self.view
        yield self._search

    def value_changed(self) -> None:
        """Draw anew after the selection changed, and have a value read that takes its time."""
        selection = self._state.selection
        if selection.entry is not None and not selection.is_read:
            self._read(selection, selection.entry.value, selection.asked)
        else:
            self._reading = None
        self.view.value_changed()
        self._title.renew()
        self._facts.value_changed()

    def tick(self) -> None:
        """Draw again what changes with time alone."""
        self._facts.renew()

    def _read(self, selection: Selection, value: bytes, asked: Asked) -> None:
        """Have a value read, once each time that it is looked at."""
        before = self._reading
        if before is not None and before[0] is selection and before[1:] == (value, asked):
            return
        self._reading = (selection, value, asked)

        async def read(feeds: Feeds) -> None:
            await feeds.values.read(value, asked)

        self.post_message(Work("value", read))

    # -- how it is read ------------------------------------------------------------------------------------

    def next_form(self) -> None:
        """The next of the forms in which the value can be read."""
        decoded, forms = self._state.selection.decoded, self._state.selection.forms
        if decoded is None or len(forms) < 2:
            self.post_message(Tell("there is no other form to read this in", "warning"))
            return
        at = forms.index(decoded.form) if decoded.form in forms else -1
        self._choose(forms[(at + 1) % len(forms)])

    def read_as(self, name: str) -> None:
        """A form by its name; `auto` for the one that fits."""
        wanted = name.lower()
        if wanted in ("auto", *FORMS):
            self._choose(AUTO if wanted == "auto" else wanted)
        else:
            self.post_message(Tell(f"no form {name!r}; there are auto, {', '.join(FORMS)}", "warning"))

    def _choose(self, name: str) -> None:
        self._state.choose_form(name)
        decoded = self._state.selection.decoded
        self.value_changed()
        if name and self._state.selection.is_read and decoded is not None and decoded.form not in (name, ""):
            self.post_message(Tell(f"this value is no {name}; others here are read so", "warning"))

    def reveal(self) -> None:
        """Show what is secret in the value looked at, or cover it again."""
        selection = self._state.selection
        if selection.decoded is None or not selection.decoded.is_secret:
            self.post_message(Tell("nothing is covered here", "warning"))
            return
        selection.ask(replace(selection.asked, reveal=not selection.asked.reveal))
        self.value_changed()

    def use_descriptors(self, argument: str) -> None:
        """`FILE MESSAGE [PREFIX]`: read values as a message type of a descriptor set."""
        words = argument.rsplit(maxsplit=2) if argument.count(" ") > 1 else argument.split()
        if len(words) < 2:
            self.post_message(Tell("which? :descriptors FILE MESSAGE, and perhaps the PREFIX it holds for", "warning"))
            return
        path, message = words[0], words[1]
        prefix = directory_of(self._state.selection.key, self._state.separator)
        if len(words) == 3:
            prefix = words[2].encode("utf-8", "surrogateescape")
        self.post_message(Work("descriptors", self._loading(prefix, path, message)))

    def _loading(self, prefix: bytes, path: str, message: str) -> Callable[[Feeds], Awaitable[Any]]:
        async def load(feeds: Feeds) -> None:
            try:
                await feeds.values.load(prefix, path, message)
            except SchemaError as error:
                self.post_message(Tell(str(error), "warning"))
            else:
                self.post_message(Tell(f"{message} from now on, below {prefix!r}"))

        return load

    # -- where it goes -------------------------------------------------------------------------------------

    def copy(self) -> None:
        """The value, to the terminal's clipboard."""
        raw = as_stored(self._state.selection)
        if raw is None:
            self.post_message(Tell("nothing to copy here", "warning"))
            return
        self._terminal.copy_to_clipboard(copied(raw))
        if len(raw) > CLIPBOARD_BYTES:
            said = f"copied the first {units.size(CLIPBOARD_BYTES)} of {units.size(len(raw))}: terminals take no more"
            self.post_message(Tell(said, "warning"))
        else:
            self.post_message(Tell(f"copied {units.size(len(raw))}: {inert(raw, 40).plain}"))

    def page(self) -> None:
        """The value as it is shown, in $PAGER."""
        raw = as_shown(self._state.selection)
        if raw is None:
            self.post_message(Tell("nothing to show", "warning"))
        else:
            self.run_worker(self._page(raw), group="pager", exclusive=True)

    @property
    def _terminal(self) -> App[Any]:
        # Textual does not say of what type.
        return self.app  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    async def _page(self, raw: bytes) -> None:
        if failure := await page(self._terminal, raw):
            self.post_message(Tell(failure, "warning"))

    # -- how it is shown -----------------------------------------------------------------------------------

    def wrap(self) -> None:
        """Break long lines, or let them run out of sight."""
        self._state.wraps = not self._state.wraps
        self.view.value_changed()
        self.post_message(Tell("long lines are wrapped" if self._state.wraps else "long lines: ← → h l"))

    def find(self, text: str) -> None:
        """Search within the value; without a text, ask for one."""
        if text:
            self.view.search(text)
            self.view.focus()
        else:
            self._search.ask()

    @on(ValueView.SearchAsked)
    def _search_asked(self) -> None:
        self._search.ask()

    @on(ValueSearch.Typed)
    def _typed(self, message: ValueSearch.Typed) -> None:
        self.view.search(message.text)
        if message.final:
            self.view.focus()

    @on(ValueSearch.Left)
    def _left(self) -> None:
        self.view.focus()
        self.view.end_search()

    @on(ValueView.Found)
    def _found(self) -> None:
        self._search.show(self.view.searched, self.view.found)
