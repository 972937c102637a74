"""Decides how a difference is shown: a window over its lines, what is unchanged folded away or not."""

from bisect import bisect_left, bisect_right
from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.worker import WorkType

from etcdobs_explorer.feeds.difference import compared, is_large
from etcdobs_explorer.model import units
from etcdobs_explorer.model.diff import Diff, diff
from etcdobs_explorer.model.diff_lines import DiffLines, Texts
from etcdobs_explorer.model.syntax import Piece, Token
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.messages import Failed
from etcdobs_explorer.tui.moves import rows_of, up_and_down

from .palette import PaintedScroll
from .strips import Spans, line
from .wrapping import Wrapping, sliced

_SLICE = 0.01  # seconds
_MARK = 2  # cells before a line
_MUCH = 12  # lines on both sides from which on it is said that there is more than the changes
_ROLES = {" ": "text", "-": "removed", "+": "added", "@": "accent"}


class DiffView(PaintedScroll, can_focus=True):
    """A difference of two values. `show` gives it one, `compare` finds it first; `folded` says whether only the changes
    are shown."""

    class Compared(Message):
        """The difference that was wanted is there; `asked` is the one it answers."""

        def __init__(self, found: Diff, asked: object) -> None:
            super().__init__()
            self.found = found
            self.asked = asked

    BINDINGS: ClassVar[list[BindingType]] = [
        *up_and_down(),
        Binding("n", "change(1)", "next change", show=False),
        Binding("N", "change(-1)", "previous change", show=False),
        Binding("f", "fold", "all lines, or the changes", show=False),
    ]

    def __init__(self, found: Diff | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.folded = True
        self._found = found
        self._asked: object = None
        self._shown = DiffLines(())
        self._wrapping = Wrapping((), 1)

    def show(self, found: Diff | None) -> None:
        """Show another difference, from its top; None while there is none."""
        self._asked = None
        self._found = found
        self.scroll_to(y=0, animate=False, force=True, immediate=True)
        self._measure()

    def compare(self, before: bytes | None, after: bytes | None) -> None:
        """Show how a value differs from another: at once, or for large values when that is known."""
        if not is_large(before, after):
            self.show(diff(before, after))
            return
        self.show(None)
        self._asked = asked = object()

        async def ask() -> None:
            try:
                found = await compared(before, after)
            except Exception as error:  # noqa: BLE001 - whatever it is, who waits for the difference is not to blame
                self.post_message(Failed("the difference", error))
                found = Diff("", f"not compared: {error!r}", (), (), ())
            self.post_message(self.Compared(found, asked))

        step: WorkType[None] = ask
        self.run_worker(step, group="compare", exclusive=True, exit_on_error=False)

    @on(Compared)
    def _compared(self, message: Compared) -> None:
        if message.asked is self._asked:
            self.show(message.found)

    @property
    def is_settled(self) -> bool:
        """Whether the difference is known, and where all its lines break."""
        return self._found is not None and self._wrapping.is_done

    @property
    def is_comparing(self) -> bool:
        """Whether the difference is not known yet."""
        return self._asked is not None and self._found is None

    @property
    def summary(self) -> Spans:
        """What the difference amounts to, for a title: how much was added and removed, and what is not shown."""
        if self._found is None:
            return [("comparing…", "muted")] if self._asked is not None else ()
        note: Spans = [(f"  {self._found.note}", "warn")] if self._found.note else []
        added, removed = units.count(self._found.added), units.count(self._found.removed)
        fold: Spans = [("  f ", "key"), ("all lines" if self.folded else "changes", "muted")] if self._can_fold else []
        form = (f"  {self._found.form}", "muted")
        return [(f"+{added}", "good"), (" ", "text"), (f"-{removed}", "bad"), form, *note, *fold]

    @property
    def _can_fold(self) -> bool:
        found = self._found
        return found is not None and not found.is_empty and len(found.before) + len(found.after) > _MUCH

    # -- drawing -------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Lines break elsewhere at another width."""
        self._measure()

    def _measure(self) -> None:
        if self._found is not None:
            self._shown = self._found.lines if self.folded else self._found.whole
        else:
            self._shown = DiffLines(())
        self._wrapping = Wrapping(Texts(self._shown), max(1, self.size.width - 1 - _MARK))
        self._wrap()

    def _wrap(self) -> None:
        """Break lines for a while, and go on a little later where that was not all."""
        self._wrapping.advance(_SLICE)
        self.virtual_size = Size(0, self._wrapping.height)
        if not self._wrapping.is_done:
            self.set_timer(_SLICE, partial(self._wrap_on, self._wrapping))
        self.refresh()

    def _wrap_on(self, wrapping: Wrapping) -> None:
        if wrapping is self._wrapping:
            self._wrap()

    def render_line(self, y: int) -> Strip:
        """One visible line, tinted over its whole width where it was changed."""
        where = self._wrapping.row(y + self.scroll_offset.y)
        if where is None:
            return line(self._notice(y), self.line_width, self.role, self.rich_style)
        kind, text = self._shown[where.line]
        role = _ROLES[kind]
        mark = f"{kind} " if not where.start and kind != "@" else "  "
        pieces = sliced([Piece(Token.TEXT, inert(text))], where.start, where.end)
        spans = [(mark if kind != "@" else "", role), *((part, role if of == "text" else of) for part, of in pieces)]
        return line(spans, self.line_width, self.role, self.rich_style + self.role(role))

    def _notice(self, y: int) -> Spans:
        if y or (self._found is None and self._asked is None):
            return ()
        if self._found is None:
            return [("  comparing…", "muted")]
        return [(f"  {self._found.note or 'no line differs'}", "muted")] if not self._shown else ()

    # -- moving --------------------------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        """Scroll by lines."""
        self.scroll_relative(y=step, animate=False)

    def action_page(self, step: float) -> None:
        """Scroll by screens."""
        self.scroll_relative(y=rows_of(step, self.size.height), animate=False)

    def action_jump(self, index: int) -> None:
        """Scroll to the first line, or to the last for -1."""
        self.scroll_to(y=self.virtual_size.height if index < 0 else 0, animate=False)

    def action_change(self, step: int) -> None:
        """Scroll to the next change below the top of the window, or to the one before it."""
        where = self._wrapping.row(self.scroll_offset.y)
        if where is None:
            return
        starts = self._shown.changes
        is_amid = bool(where.start)  # of the line at the top, which began above it
        at = bisect_right(starts, where.line) if step > 0 else bisect_left(starts, where.line + is_amid) - 1
        row = self._wrapping.row_of(starts[at]) if 0 <= at < len(starts) else None
        if row is not None:
            self.scroll_to(y=row, animate=False)

    def action_fold(self) -> None:
        """Show every line, or only the changes."""
        self.folded = not self.folded
        self._measure()
