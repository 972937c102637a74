"""Decides when a key is heard that was typed ahead: once what the keys before it opened is there, and takes it."""

import asyncio
from collections import deque
from typing import Any

from textual import events, on
from textual.app import App
from textual.keys import key_to_character
from textual.message import Message
from textual.message_pump import MessagePump

from .driver import TerminalDriver
from .screens.dialog import Dialog

_URGENT = "ctrl+c"  # what ends the explorer waits for nothing
_WITHIN_A_LINE = frozenset(["backspace", "delete", "left", "right"])
_ROUNDS = 3  # what a key does may be to send a message, and what that does, too
_LOOK = 0.05  # seconds between two looks whether what is waited for is still there
_MOST_LOOKS = 40  # from which on a keyboard that goes on matters more than the order


class Turn(Message):
    """Follows a key through all that may hear it, and comes to the app behind it."""

    def __init__(self, hearer: MessagePump, rounds: int) -> None:
        super().__init__()
        self.hearer = hearer
        self.rounds = rounds
        self.looks = 0


class TypedAhead(App[str]):
    """An app that hears one key after another. Textual sends a key to what has the focus when it comes, while the one
    before it, which gives the focus to another or opens a dialog, may still be on its way."""

    only_moves: frozenset[str] = frozenset()
    """The keys that give the focus to nothing: the next one does not wait for them."""

    def __init__(self) -> None:
        super().__init__(driver_class=TerminalDriver)
        self._typed: deque[events.Key | events.Paste] = deque()
        self._turn: Turn | None = None

    async def on_event(self, event: events.Event) -> None:
        """What is typed takes its turn."""
        if not isinstance(event, (events.Key, events.Paste)) or event.is_forwarded or _is_urgent(event):
            await super().on_event(event)
            return
        self._typed.append(event)
        if self._turn is None:
            await self._hear()

    async def _hear(self) -> None:
        while self._typed and self._turn is None:
            event = self._typed.popleft()
            if isinstance(self.screen, Dialog) and not self.screen.heeds(event):
                continue
            hearer, goes_on = self._hearer, self._opens_nothing(event)
            await super().on_event(event)
            if not goes_on:
                self._follow(hearer, _ROUNDS)

    @property
    def _hearer(self) -> MessagePump:
        return self.focused or self.screen

    def _opens_nothing(self, event: events.Key | events.Paste) -> bool:
        focused: Any = self.focused
        if focused is None or isinstance(event, events.Paste):
            return False
        if focused.check_consume_key("x", "x"):  # a line, or a text
            return event.key in _WITHIN_A_LINE or focused.check_consume_key(event.key, key_to_character(event.key))
        return event.key in self.only_moves

    def _follow(self, hearer: MessagePump, rounds: int) -> None:
        self._turn = Turn(hearer, rounds)
        hearer.post_message(self._turn)
        self._look_after(self._turn)

    def _look_after(self, turn: Turn) -> None:
        asyncio.get_running_loop().call_later(_LOOK, self.call_later, self._look, turn)

    @on(Turn)
    def _came(self, turn: Turn) -> None:
        self.call_later(self._pass, turn)  # behind what the key before has left to the app

    async def _pass(self, turn: Turn) -> None:
        if turn is not self._turn:
            return
        if turn.rounds > 1 or self._hearer is not turn.hearer:
            self._follow(self._hearer, turn.rounds - 1)
            return
        self._turn = None
        await self._hear()

    async def _look(self, turn: Turn) -> None:
        """What has gone from the screen sends nothing any more."""
        if turn is not self._turn:
            return
        turn.looks += 1
        if self._hearer is not turn.hearer:
            self._follow(self._hearer, turn.rounds)
        elif turn.looks >= _MOST_LOOKS:
            self._turn = None
            await self._hear()
        else:
            self._look_after(turn)


def _is_urgent(event: events.Event) -> bool:
    return isinstance(event, events.Key) and event.key == _URGENT
