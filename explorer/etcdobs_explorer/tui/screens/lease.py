"""Decides how one lease is looked into: its keys, and what has to be confirmed before it ends with them."""

import math
from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from etcdobs_explorer.model import etcdctl, units
from etcdobs_explorer.model.leases import LeaseKeys
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.messages import Tell, Work
from etcdobs_explorer.tui.widgets.line_input import LineInput
from etcdobs_explorer.tui.widgets.strips import Span, Spans, caption
from etcdobs_explorer.tui.widgets.virtual_list import VirtualList

from .dialog import Dialog, Question
from .write import Page

_HZ = 15
_MOST_LINES = 15  # of keys in sight


class KeyNames(VirtualList):
    """The keys of a lease."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: Sequence[bytes] = ()

    def show(self, keys: Sequence[bytes]) -> None:
        """Show these keys."""
        self._keys = keys
        self.display = bool(keys)
        self.styles.height = min(len(keys), _MOST_LINES)
        self.rows_changed()

    @property
    def current(self) -> bytes | None:
        """The key under the cursor."""
        return self._keys[self.cursor] if self.cursor < len(self._keys) else None

    def row_count(self) -> int:
        return len(self._keys)

    def identity(self, index: int) -> Hashable:
        return self._keys[index]

    def find(self, identity: Hashable) -> int | None:
        return next((index for index, key in enumerate(self._keys) if key == identity), None)

    def row_spans(self, index: int) -> Spans:
        return [("  ", "text"), (inert(self._keys[index], 400), "text")]


class LeaseScreen(Dialog[None]):
    """The keys of a lease. Enter on one goes there."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", show=False, priority=True)]

    def __init__(self, state: State, lease: int) -> None:
        super().__init__()
        self._state = state
        self._lease = lease
        self._facts = Page(())
        self._facts.can_focus = False
        self._names = KeyNames()
        self._shown: LeaseKeys | None = None

    def compose(self) -> ComposeResult:
        """Facts above, the keys below."""
        with Vertical(id="lease") as frame:
            frame.border_title = caption(f"{self.what} {units.hex_id(self._lease)}")
            frame.border_subtitle = caption(self.hint)
            yield self._facts
            yield self._names

    what = "lease"
    hint = "Enter goes to the key · Esc closes"

    def on_mount(self) -> None:
        """Follow what is read."""
        self._names.focus()
        self._facts.show([[("reading…", "muted")]])
        self.set_interval(1 / _HZ, self._follow)

    def _follow(self) -> None:
        found = self._state.leases.opened
        if found is not None and found.id == self._lease and found is not self._shown:
            self._shown = found
            self.found(found)

    def found(self, found: LeaseKeys) -> None:
        """Show what was read."""
        self._names.show(found.keys)
        self._facts.show(list(self.facts(found)))
        if found.keys:
            self._names.focus()

    def facts(self, found: LeaseKeys) -> Sequence[Spans]:
        """What is said above the keys."""
        if found.reason:
            return [[("✗ ", "bad"), (inert(found.reason, 1000), "bad")]]
        if found.record is None:
            return [[("reading…", "muted")]]
        if found.record.ttl < 0:
            return [[("expired", "bad"), (": its keys are gone with it", "muted")]]
        left, granted = units.duration(found.record.ttl), units.duration(found.record.granted_ttl)
        spans: list[Span] = [(left, "strong"), (" of ", "muted"), (granted, "text"), (" left · ", "muted")]
        return [[*spans, (units.plural(len(found.keys), "key") if found.keys else "no keys", "strong")]]

    def on_virtual_list_activated(self) -> None:
        """Enter on a key."""
        self.chosen()

    def chosen(self) -> None:
        """Go to the key under the cursor."""
        from etcdobs_explorer.tui.going import go_to  # noqa: PLC0415 - it knows dialogs, as this is one

        key = self._names.current
        if key is not None:
            go_to(self.app, key, is_branch=False)  # type: ignore[arg-type]
            self.dismiss()


class RevokeScreen(Question[None], LeaseScreen):
    """The keys that go when a lease is revoked. More than one key has to be confirmed by their number."""

    what = "revoke lease"
    hint = "Esc cancels"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "confirm", show=False)]

    def __init__(self, state: State, lease: int) -> None:
        super().__init__(state, lease)
        self._line = LineInput(compact=True, select_on_focus=False)
        self._line.display = False
        self._sent = False

    def compose(self) -> ComposeResult:
        """Likewise, with a line to type in."""
        with Vertical(id="lease") as frame:
            self._frame = frame
            frame.border_title = caption(f"{self.what} {units.hex_id(self._lease)}")
            frame.border_subtitle = caption(self.hint)
            yield self._facts
            yield self._names
            yield self._line

    @property
    def drawn_at(self) -> float:
        """Once the keys are known."""
        return self._facts.drawn_at if self._shown is not None else math.inf

    def found(self, found: LeaseKeys) -> None:
        super().found(found)
        if found.revoked:
            self.app.post_message(Tell(f"lease {units.hex_id(self._lease)} revoked"))
            self.dismiss()
        elif self._can_go(found):
            is_typed = len(found.keys) > 1
            self._line.display = is_typed
            (self._line if is_typed else self._names).focus()
            self._frame.border_subtitle = (
                "type, then Enter revokes · Esc cancels" if is_typed else "Enter revokes · Esc"
            )

    def facts(self, found: LeaseKeys) -> Sequence[Spans]:
        lines = list(super().facts(found))
        if not self._can_go(found):
            return lines
        lines.append([("etcdctl  ", "muted"), (etcdctl.lease("revoke", self._lease), "accent")])
        if len(found.keys) > 1:
            number = units.plural(len(found.keys), "key")
            lines.append([(f"{number} are deleted: type ", "warn"), (str(len(found.keys)), "strong")])
        elif found.keys:
            lines.append([("this key is deleted:", "warn")])
        return lines

    def _can_go(self, found: LeaseKeys) -> bool:
        return found.record is not None and found.record.ttl >= 0

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The number was typed, or something else."""
        event.stop()
        if self._shown is not None and event.value.strip() == str(len(self._shown.keys)):
            self._revoke(self._shown)
        else:
            self._line.value = ""

    def chosen(self) -> None:
        """Enter on the only key, once it is seen."""
        self.action_confirm()

    def action_confirm(self) -> None:
        """Enter: end the lease, where that needs no number."""
        if self._shown is not None and self._can_go(self._shown) and len(self._shown.keys) <= 1:
            self._revoke(self._shown)

    def _revoke(self, found: LeaseKeys) -> None:
        if not self._sent:
            self._sent = True
            self.app.post_message(Work("lease", lambda feeds: feeds.leases.revoke(found.id, found.keys)))
