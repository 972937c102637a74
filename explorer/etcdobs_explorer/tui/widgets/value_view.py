"""Decides how a value is shown: a window over its lines or its bytes, however large it is."""

from functools import lru_cache, partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.syntax import Piece, Syntax, pieces
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.value import Decoded, Hex, Lines, hex_row

from .palette import PaintedScroll
from .strips import Spans, line
from .wrapping import Wrapping, sliced

_SLICE = 0.02  # seconds
_WIDE_DUMP = 78  # cells that sixteen bytes a row need


class ValueView(PaintedScroll, can_focus=True):
    """The value under the cursor of the key tree."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False),
        Binding("pagedown,ctrl+f,space", "page(1)", "page down", show=False),
        Binding("home,g", "jump(0)", "top", show=False),
        Binding("end,G", "jump(-1)", "bottom", show=False),
    ]

    def __init__(self, state: State, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._state = state
        self._drawn: tuple[Decoded | None, int] = (None, 0)
        self._key = b""
        self._wrapping = Wrapping((), 1)

    def value_changed(self) -> None:
        """Draw anew after the selection changed; another key starts at its top."""
        decoded = self._state.selection.decoded
        if self._key != self._state.selection.key:
            self._key = self._state.selection.key
            self.scroll_to(y=0, animate=False, force=True, immediate=True)
        if self._drawn != (decoded, self.size.width):
            self._drawn = (decoded, self.size.width)
            self._measure(decoded)
        self.refresh()

    def on_resize(self) -> None:
        """Lines break elsewhere at another width."""
        self.value_changed()

    def _measure(self, decoded: Decoded | None) -> None:
        body = decoded.body if decoded else None
        lines = body.lines if isinstance(body, Lines) else ()
        self._wrapping = Wrapping(lines, max(1, self.size.width - 1))
        if isinstance(body, Hex):
            self.virtual_size = Size(0, -(-len(body.data) // self._dump_width))
        else:
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

    @property
    def _dump_width(self) -> int:
        return 16 if self.size.width >= _WIDE_DUMP else 8

    def render_line(self, y: int) -> Strip:
        """One visible line."""
        return line(self._spans(y + self.scroll_offset.y, y), self.line_width, self.role, self.rich_style)

    def _spans(self, row: int, y: int) -> Spans:
        decoded = self._state.selection.decoded
        if decoded is None or not self.virtual_size.height:
            return self._notice() if y == 0 else ()
        if row >= self.virtual_size.height:
            return ()
        if isinstance(decoded.body, Hex):
            offset, digits, printable = hex_row(decoded.body.data, row, self._dump_width)
            return [(f"{offset}  ", "muted"), (f"{digits}  ", "text"), (printable, "string")]
        if row >= len(self._wrapping.rows):
            return [("…", "muted")]
        where = self._wrapping.rows[row]
        return list(sliced(_pieces(decoded.body.lines[where.line], decoded.body.syntax), where.start, where.end))

    def _notice(self) -> Spans:
        selection = self._state.selection
        if selection.reason:
            return [("✗ ", "bad"), (inert(selection.reason, 1000), "bad")]
        if selection.is_branch:
            return [("Enter opens and closes the directory", "muted")]
        if selection.missing:
            return [("the key is gone", "warn")]
        if selection.entry is not None:
            return [("the value is empty", "muted")]
        return [("loading…" if selection.key else "", "muted")]

    def action_move(self, step: int) -> None:
        """Scroll by lines."""
        self.scroll_relative(y=step, animate=False)

    def action_page(self, step: int) -> None:
        """Scroll by screens."""
        self.scroll_relative(y=step * max(1, self.size.height - 1), animate=False)

    def action_jump(self, index: int) -> None:
        """Scroll to the first line, or to the last for -1."""
        self.scroll_to(y=self.virtual_size.height if index < 0 else 0, animate=False)


@lru_cache(maxsize=512)
def _pieces(raw: bytes, syntax: Syntax) -> list[Piece]:
    return pieces(raw, syntax)
