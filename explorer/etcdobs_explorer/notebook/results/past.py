"""Decides how the past of a key, and what changed between two revisions, is shown."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from etcdobs import Event, EventType, KeyValue
from etcdobs_explorer.model import units
from etcdobs_explorer.model.diff import diff
from etcdobs_explorer.notebook import frames, reading
from etcdobs_explorer.notebook.blocks import Block, Cell, Folded, Lines, Note, Table, Tone, Toned
from etcdobs_explorer.notebook.frames import Column, Type
from etcdobs_explorer.notebook.limits import Limits
from etcdobs_explorer.notebook.masked import without_secrets

from .result import Framed
from .summary import summary

_TONES = {"+": Tone.ADDED, "-": Tone.REMOVED, " ": Tone.MUTED, "@": Tone.PLAIN}
_MOST_LINES = 300


class History(Framed, Sequence[Event]):
    """All that happened to one key, newest first: a sequence of `Event`."""

    def __init__(
        self, key: bytes, events: Sequence[Event], limits: Limits, *, origin: Sequence[Cell] = (), of: int | None = None
    ) -> None:
        self.key = key
        self.events = tuple(events)
        self.limits = limits
        self._origin = origin
        self._all = len(events) if of is None else of

    def __len__(self) -> int:
        return len(self.events)

    def __getitem__(self, index: Any) -> Any:
        events: Any = self.events
        return events[index]

    def blocks(self) -> Iterable[Block]:
        """One row an event, each opening to what it changed."""
        shown = self.events[: self.limits.window(len(self.events))]
        if shown:
            names = ["revision", "", "version", "size", "change"]
            yield Table(names, [self._row(event) for event in shown], frozenset({"revision", "version", "size"}))
        oldest = self.events[-1] if self.events else None
        amount = f"the newest {len(shown):,} of " if len(shown) < self._all else ""
        is_whole = len(self.events) == self._all
        floor = ["older ones are compacted"] if is_whole and oldest is not None and not oldest.is_create else []
        yield Note((amount + units.plural(self._all, "event"), *floor, *self._origin))

    def _row(self, event: Event) -> list[Cell]:
        before = event.prev_kv.value if event.prev_kv else None
        after = None if event.type is EventType.DELETE else event.kv.value
        change = changed(before, after, self.limits)
        return [event.kv.mod_revision, kind_of(event), event.kv.version or "", size_of(after), change]

    def columns(self, *, raw: bool = False, json: bool = False, **_options: Any) -> Sequence[Column]:
        """The columns revision, type, version, lease, size and value, newest first; `json` and `raw` as for keys."""
        return event_columns(self.events, self.limits, raw=raw, json=json)[1:]


@dataclass(frozen=True, slots=True)
class Changed:
    """One key that differs between two revisions; None where it is not there. Of very many the values are not read."""

    key: bytes
    before: KeyValue | None
    after: KeyValue | None
    is_read: bool = True

    @property
    def kind(self) -> str:
        """What happened to it, taken together."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"


class Difference(Framed, Sequence[Changed]):
    """The keys that differ between two revisions: a sequence of `Changed`."""

    def __init__(
        self, revisions: tuple[int, int], changes: Sequence[Changed], limits: Limits, *, origin: Sequence[Cell] = ()
    ) -> None:
        self.revisions = revisions
        self.changes = tuple(changes)
        self.limits = limits
        self._origin = origin

    def __len__(self) -> int:
        return len(self.changes)

    def __getitem__(self, index: Any) -> Any:
        changes: Any = self.changes
        return changes[index]

    def blocks(self) -> Iterable[Block]:
        """One row a key; one key alone with its lines."""
        shown = self.changes[: self.limits.window(len(self.changes))]
        if len(self.changes) == 1:
            yield from _lines_of(shown[0], self.limits)
        elif shown:
            rows = [[_toned_kind(each), each.key, _revisions(each), self._change(each)] for each in shown]
            yield Table(["", "key", "revision", "change"], rows)
        yield Note((*self._totals(len(shown)), f"rev {self.revisions[0]} → {self.revisions[1]}", *self._origin))

    def _change(self, each: Changed) -> Cell:
        if not each.is_read:
            return Toned("not read", Tone.MUTED)
        return changed(_value(each.before), _value(each.after), self.limits)

    def _totals(self, shown: int) -> Iterator[Cell]:
        if not self.changes:
            yield Toned("nothing differs", Tone.MUTED)
        for kind in ("added", "changed", "removed"):
            number = sum(each.kind == kind for each in self.changes)
            if number:
                yield f"{number:,} {kind}"
        if shown < len(self.changes):
            yield f"the first {shown:,} of {units.plural(len(self.changes), 'key')}"
        unread = sum(not each.is_read for each in self.changes)
        if unread:
            yield f"the values of {unread:,} are not read"

    def columns(self, *, raw: bool = False, json: bool = False, **_options: Any) -> Sequence[Column]:
        """The columns key, kind, mod_revision_before, mod_revision_after, before and after; `json` opens both."""
        kind: Type = "bytes" if raw else "text"
        shape: Callable[[bytes], Any] = bytes if raw else frames.as_text
        sides = [
            [_value(getattr(each, side)) if each.is_read else None for each in self.changes]
            for side in ("before", "after")
        ]
        kept = [[None if each is None else _kept(each, self.limits) for each in side] for side in sides]
        texts = [[None if each is None else shape(each) for each in side] for side in kept]
        revisions = [
            [kv.mod_revision if (kv := getattr(each, side)) else None for each in self.changes]
            for side in ("before", "after")
        ]
        return (
            Column("key", kind, [shape(each.key) for each in self.changes]),
            Column("kind", "text", [each.kind for each in self.changes]),
            Column("mod_revision_before", "int", revisions[0]),
            Column("mod_revision_after", "int", revisions[1]),
            Column("before", kind, texts[0]),
            Column("after", kind, texts[1]),
            *(_opened(kept[0], "before") if json else ()),
            *(_opened(kept[1], "after") if json else ()),
        )


def _opened(values: Sequence[bytes | None], side: str) -> list[Column]:
    return frames.expanded([each or b"" for each in values], side)


def event_columns(events: Sequence[Event], limits: Limits, *, raw: bool = False, json: bool = False) -> list[Column]:
    """The columns key, revision, type, version, lease, size and value of events."""
    values = [b"" if event.type is EventType.DELETE else _kept(event.kv.value, limits) for event in events]
    gone = [event.type is EventType.DELETE for event in events]
    shape: Callable[[bytes], Any] = bytes if raw else frames.as_text
    kind: Type = "bytes" if raw else "text"
    return [
        Column("key", kind, [shape(event.kv.key) for event in events]),
        Column("revision", "int", [event.kv.mod_revision for event in events]),
        Column("type", "text", ["delete" if is_gone else "put" for is_gone in gone]),
        Column("version", "int", [event.kv.version for event in events]),
        Column("lease", "int", [event.kv.lease for event in events]),
        Column("size", "int", [len(event.kv.value) for event in events]),
        Column("value", kind, [None if is_gone else shape(v) for is_gone, v in zip(gone, values, strict=True)]),
        *(frames.expanded(values) if json else ()),
    ]


def changed(before: bytes | None, after: bytes | None, limits: Limits) -> Cell:
    """What changed, in a cell that opens to the lines of it."""
    lines = _diff_lines(before, after, limits)
    if lines is None:
        return Toned("Secret, masked", Tone.MUTED)
    if before is None and after is not None:
        return reading.short(after, limits)
    found = [line for tone, line in lines if tone in (Tone.ADDED, Tone.REMOVED)]
    plus = sum(tone is Tone.ADDED for tone, _ in lines)
    if not found:
        return Toned("the same value", Tone.MUTED)
    return Folded(_in_words(before, after, limits) or f"+{plus} -{len(found) - plus} lines", (Lines(lines),))


def _in_words(before: bytes | None, after: bytes | None, limits: Limits) -> str | None:
    old, new = (None if each is None else _shown(each, limits) for each in (before, after))
    return None if old is None or limits.form == "hex" else summary(old, new)


def _lines_of(each: Changed, limits: Limits) -> Iterator[Block]:
    yield Table(["", "key", "revision"], [[_toned_kind(each), each.key, _revisions(each)]])
    lines = _diff_lines(_value(each.before), _value(each.after), limits)
    if lines:
        yield Lines(lines)
    else:
        yield Note(("a Secret: masked",) if lines is None else ("the same value",))


def _diff_lines(before: bytes | None, after: bytes | None, limits: Limits) -> list[tuple[Tone, bytes]] | None:
    """The lines that differ, None where they are secret."""
    old, new = (None if each is None else _shown(each, limits) for each in (before, after))
    if (before is not None and old is None) or (after is not None and new is None):
        return None
    if old is not None and old == new and before != after:
        return None
    found = diff(old, new, reveal=True).lines  # what is secret is masked by now
    lines = [(_TONES[line.kind], line.text) for line in found[:_MOST_LINES]]
    if len(found) > _MOST_LINES:
        lines.append((Tone.PLAIN, b"... %d more lines" % (len(found) - _MOST_LINES)))
    return lines


def _shown(value: bytes, limits: Limits) -> bytes | None:
    return value if limits.reveal_secrets else without_secrets(value)


def _kept(value: bytes, limits: Limits) -> bytes:
    shown = _shown(value, limits)
    return b"masked" if shown is None else shown


def _value(kv: KeyValue | None) -> bytes | None:
    return None if kv is None else kv.value


def _revisions(each: Changed) -> str:
    ends = (str(kv.mod_revision) if kv else "-" for kv in (each.before, each.after))
    return " → ".join(ends)


def _toned_kind(each: Changed) -> Toned:
    tones = {"added": Tone.GOOD, "removed": Tone.BAD, "changed": Tone.WARN}
    return Toned(each.kind, tones[each.kind])


def kind_of(event: Event) -> Toned:
    """What an event is, in a tone."""
    if event.type is EventType.DELETE:
        return Toned("delete", Tone.BAD)
    return Toned("create", Tone.GOOD) if event.is_create else Toned("put", Tone.WARN)


def size_of(value: bytes | None) -> Cell:
    """A value's size; nothing where there is none."""
    return "" if value is None else units.size(len(value))
