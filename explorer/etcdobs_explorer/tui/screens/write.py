"""Decides how one write is shown from its plan to its report: what it will do, what confirms it, how far it is."""

import math
import time
from collections.abc import Sequence
from typing import Any, ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widgets import Input

from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.writes import Phase, Plan, plan_lines
from etcdobs_explorer.tui.messages import Tell, Work
from etcdobs_explorer.tui.widgets.diff_view import DiffView
from etcdobs_explorer.tui.widgets.line_input import LineInput
from etcdobs_explorer.tui.widgets.sheet import Sheet
from etcdobs_explorer.tui.widgets.strips import Spans, caption

from .dialog import Question
from .write_pages import hints, page, question

NO_UNDO = b"no undo"
_HZ = 15
_COPIED = 500  # lines


class Page(Sheet):
    """A sheet whose lines change, as high as they are. `drawn_at` is when those that it has now were drawn, on the
    monotonic clock; infinity before."""

    drawn_at = math.inf

    def render_lines(self, crop: Region) -> list[Strip]:
        """Likewise, and noted."""
        self.drawn_at = min(self.drawn_at, time.monotonic())
        return super().render_lines(crop)

    def show(self, lines: Sequence[Spans]) -> None:
        """Show other lines."""
        self._lines = lines
        self.drawn_at = math.inf
        self.virtual_size = Size(0, len(lines))
        self.styles.height = len(lines)
        self.refresh()


class WriteScreen(Question[str]):
    """The write under way. It ends with "theirs" where the reader wants to begin again from what others wrote."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # None has priority: it would overtake what was typed into the line just before.
        Binding("escape", "leave", show=False),
        Binding("enter", "go_on", show=False),
        Binding("pageup", "page_by(-1)", show=False),
        Binding("pagedown,space", "page_by(1)", show=False),
        Binding("t", "theirs", show=False),
        Binding("m", "mine", show=False),
        Binding("b", "both", show=False),
        Binding("y", "copy", show=False),
    ]

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._page = Page(())
        self._question = Page(())
        self._question.can_focus = False
        self._diff = DiffView()
        self._diff.can_focus = False
        self._line = LineInput(compact=True, select_on_focus=False)
        self._shown: tuple[object, ...] = ()
        self._wrong = False
        self._is_second = False
        self._is_stopping = False
        self._compared = 0

    def compose(self) -> ComposeResult:
        """Facts above, the difference below, and a line to type in where that is wanted."""
        with Vertical(id="write") as frame:
            self._frame = frame
            yield self._page
            yield self._diff
            yield self._question
            yield self._line

    def on_mount(self) -> None:
        """Follow the write."""
        self._renew()
        self.set_interval(1 / _HZ, self._renew)

    # -- what is shown -------------------------------------------------------------------------------------

    def _stands(self) -> tuple[object, ...]:
        writing = self._state.writing
        return (
            *(writing.phase, writing.seen, writing.done, writing.plan),
            *(self._is_second, self._wrong, self._is_stopping, self._diff.is_comparing),
        )

    def _renew(self) -> None:
        writing, now = self._state.writing, self._stands()
        if now == self._shown and self._shown:
            return
        is_other = now[:1] != self._shown[:1] or now[3] is not self._shown[3]
        self._page.show(page(writing, stopping=self._is_stopping))
        self._question.show(question(self._wanted(), self._wrong))
        self._frame.border_title = caption(writing.title)
        if is_other:
            self._arrange()
        keys = hints(writing, bool(self._wanted()), is_comparing=self._diff.is_comparing)
        self._frame.border_subtitle = caption(keys)
        self._shown = self._stands()  # a comparison may have begun

    @property
    def drawn_at(self) -> float:
        """What is planned is answered once it is there, and in sight as it is."""
        return math.inf if self._state.writing.phase is Phase.PLANNING else self._page.drawn_at

    def heeds(self, typed: events.Key | events.Paste) -> bool:
        """Likewise."""
        if self._shown:
            self._renew()  # a plan may have come since
        return super().heeds(typed)

    def _arrange(self) -> None:
        """Another phase: show what it needs, and let it have the keys."""
        self._compare(0)
        self._line.display = bool(self._wanted())
        self._line.value = ""
        (self._line if self._line.display else self._page).focus()

    def _compare(self, which: int) -> None:
        """Show the difference that a plan makes; of a conflict, what they did (0), or what mine would do to it (1)."""
        writing = self._state.writing
        pairs: list[tuple[bytes | None, bytes | None]] = []
        if writing.phase is Phase.READY and writing.plan is not None and writing.plan.values is not None:
            pairs = [writing.plan.values]
        elif writing.is_conflict:
            pairs = [*writing.differences]
        self._compared = which % len(pairs) if pairs else 0
        self._diff.display = bool(pairs)
        if pairs:
            self._diff.compare(*pairs[self._compared])
        else:
            self._diff.show(None)

    def _wanted(self) -> Sequence[bytes]:
        """What has to be typed now, any of these."""
        writing = self._state.writing
        if writing.phase is not Phase.READY or writing.plan is None:
            return ()
        return (NO_UNDO,) if self._is_second else writing.plan.typed

    # -- what the reader does ------------------------------------------------------------------------------

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the line: what was typed confirms the plan, or does not."""
        event.stop()
        typed = event.value.strip().encode("utf-8", "surrogateescape")
        plan = self._state.writing.plan
        self._wrong = typed not in self._wanted()
        self._line.value = ""
        if not self._wrong and plan is not None:
            if plan.undoable or self._is_second:
                self._apply(plan)
            else:
                self._is_second = True
        self._renew()

    def action_go_on(self) -> None:
        """Enter: apply what needs no typing and was seen in full, or close what has ended."""
        writing = self._state.writing
        if writing.phase is Phase.READY and writing.plan is not None and not self._wanted():
            if not self._diff.is_comparing:
                self._apply(writing.plan)
        elif writing.is_conflict:
            self._diff.action_fold()
        elif writing.phase in (Phase.ENDED, Phase.FAILED):
            self.dismiss("")

    def _apply(self, plan: Plan) -> None:
        self._is_second = False
        self._state.writing.applying(0)
        self.post_message(Work("write", lambda feeds: feeds.writes.apply(plan)))
        self._renew()

    def action_leave(self) -> None:
        """Escape: no plan, no write, or no further."""
        writing = self._state.writing
        if writing.phase is Phase.APPLYING:
            self._is_stopping = True
            self.post_message(Work("stop write", lambda feeds: feeds.writes.stop()))
            self._renew()
            return
        if writing.phase is Phase.PLANNING:
            self.post_message(Work("write", lambda feeds: feeds.writes.forget()))
        self.dismiss("")

    def action_page_by(self, step: int) -> None:
        """Scroll the difference by screens."""
        self._diff.action_page(step)

    def action_copy(self) -> None:
        """The plan as etcdctl lines, to the clipboard."""
        if self._state.writing.phase is Phase.READY and self._state.writing.plan is not None:
            lines = plan_lines(self._state.writing.plan, _COPIED)
            app: App[Any] = self.app  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            app.copy_to_clipboard("\n".join(lines))  # inert, line by line
            self.post_message(Tell("copied the etcdctl lines"))

    def action_theirs(self) -> None:
        """Of a conflict: begin again from what they wrote."""
        if self._state.writing.can_retry_on_theirs:
            self.dismiss("theirs")

    def action_mine(self) -> None:
        """Of a conflict: the same again, on the revision found."""
        if self._state.writing.is_conflict:
            plan = self._state.writing.mine_again()
            if plan.is_empty:
                self._state.writing.failed(b"nothing is left to change")
            else:
                self._state.writing.planned(plan)
            self._renew()

    def action_both(self) -> None:
        """Of a conflict: the other difference."""
        if self._state.writing.is_conflict:
            self._compare(self._compared + 1)
