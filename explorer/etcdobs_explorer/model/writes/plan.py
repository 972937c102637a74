"""Decides what a write will do before it is done: the exact keys, how many, a sample, and the transactions."""

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import NamedTuple

from etcdobs_explorer.model.kubernetes import ENCRYPTED, ENVELOPE
from etcdobs_explorer.model.records import Entry
from etcdobs_explorer.model.secrets import is_secret

from .operations import Chunk, Delete, Guard, Piece, Put, chunked
from .protection import RefusedError, Span

SAMPLE = 200  # keys of a plan that are shown


class Kind(Enum):
    """What a write is to the one who asks for it."""

    CREATE = "create"
    EDIT = "edit"
    RESTORE = "restore"
    DELETE = "delete"
    RENAME = "rename"
    COPY = "copy"
    UNDO = "undo"


class Sample(NamedTuple):
    """One key of a plan, and where it goes, if anywhere."""

    key: bytes
    target: bytes | None = None


class Values(NamedTuple):
    """The value of a single key before and after; None where there is none."""

    before: bytes | None
    after: bytes | None


@dataclass(frozen=True)
class Plan:
    """A write as data. `revision` is the one it was planned at; `spans` are the exact ranges it may change, `subject`
    the key or directory it is about, `target` where that goes; `keys` counts keys, `size` the bytes of keys and values
    that were read. `warnings` are said before it is confirmed; `base` is the entry it starts from, `undoes` the number
    of the journal's step that it takes back."""

    kind: Kind
    subject: Span
    chunks: tuple[Chunk, ...]
    keys: int
    revision: int = 0
    target: Span | None = None
    sample: tuple[Sample, ...] = ()
    values: Values | None = None
    size: int = 0
    undoable: bool = True
    warnings: tuple[str, ...] = ()
    base: Entry | None = field(default=None, repr=False)
    undoes: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether it would change nothing."""
        return not self.chunks

    @property
    def spans(self) -> tuple[Span, ...]:
        """The exact ranges it may change."""
        if self.kind is Kind.DELETE:
            return (self.subject,)
        if self.keys > 1 and self.target is not None:
            return (self.target, self.subject) if self.kind is Kind.RENAME else (self.target,)
        return tuple(span for chunk in self.chunks for span in chunk.spans)

    @property
    def typed(self) -> tuple[bytes, ...]:
        """What has to be typed to confirm it, any of these; nothing for a single key."""
        if self.keys <= 1 and not self.subject.end:
            return ()
        directory = (self.subject.start,) if self.subject.end else ()
        return (str(self.keys).encode(), *directory)


def create(key: bytes, value: bytes, *, lease: int = 0) -> Plan:
    """Write a key that is not there yet.

    Raises:
        RefusedError: the key is empty.
    """
    _check_key(key)
    piece = Piece((Guard(key, 0),), (Put(key, value, lease),))
    return _single(Kind.CREATE, Span(key), piece, Values(None, value))


def edit(entry: Entry, value: bytes) -> Plan:
    """Write another value, on the revision seen, with the lease kept. Where nothing changed, an empty plan.

    Raises:
        RefusedError: the value is a Kubernetes object, which is never written back as it was shown.
    """
    check_editable(entry.value)
    if value == entry.value:
        return Plan(Kind.EDIT, Span(entry.key), (), 0, values=Values(value, value), base=entry)
    return _rewritten(Kind.EDIT, entry, value)


def restore(entry: Entry | None, key: bytes, value: bytes, *, lease: int = 0) -> Plan:
    """Write an earlier value again, raw bytes as they were: over `entry`, what is there now, whose lease is kept; where
    there is none, with `lease`."""
    if entry is None:
        piece = Piece((Guard(key, 0),), (Put(key, value, lease),))
        return _single(Kind.RESTORE, Span(key), piece, Values(None, value))
    if value == entry.value:
        return Plan(Kind.RESTORE, Span(key), (), 0, values=Values(value, value), base=entry)
    return _rewritten(Kind.RESTORE, entry, value)


def delete_key(entry: Entry) -> Plan:
    """Delete one key, on the revision seen."""
    piece = Piece((Guard(entry.key, entry.mod_revision),), (Delete(entry.key),))
    return _single(Kind.DELETE, Span(entry.key), piece, Values(entry.value, None), entry)


def transfer(entry: Entry, target: bytes, there: Entry | None, *, move: bool) -> Plan:
    """Rename a key (`move`) or copy it, raw bytes with their lease; `there` is what the target holds now.

    Raises:
        RefusedError: the target is the key itself, or empty.
    """
    _check_key(target)
    if target == entry.key:
        raise RefusedError(b"the target is the key itself")
    kind = Kind.RENAME if move else Kind.COPY
    piece = moved(entry, target, there.mod_revision if there else 0, move=move)
    values = Values(there.value if there else None, entry.value)
    plan = _single(kind, Span(entry.key), piece, values, entry, Span(target))
    return plan if there is None else warned(plan, "the target exists and is overwritten")


def moved(entry: Entry, target: bytes, there: int, *, move: bool) -> Piece:
    """What renames or copies one key; `there` is the target's mod_revision, 0 where it does not exist."""
    guards = (Guard(entry.key, entry.mod_revision), Guard(target, there))
    put = Put(target, entry.value, entry.lease)
    return Piece(guards, (put, Delete(entry.key)) if move else (put,))


def can_go_again(plan: Plan) -> bool:
    """Whether a plan that met a conflict can be made again on what was found: it is about one key's value."""
    return plan.kind in (Kind.CREATE, Kind.EDIT, Kind.RESTORE, Kind.DELETE) and plan.values is not None


def again(plan: Plan, theirs: Entry | None) -> Plan:
    """The same for the value that was found; None: the key is gone, and written anew with the lease it had."""
    value = plan.values.after if plan.values else None
    if theirs is not None:
        return delete_key(theirs) if value is None else _rewritten(plan.kind, theirs, value)
    if value is None:
        return replace(plan, chunks=(), keys=0)
    return create(plan.subject.start, value, lease=plan.base.lease if plan.base else 0)


def check_editable(value: bytes) -> None:
    """Ask before an editor is opened.

    Raises:
        RefusedError: the value is a Kubernetes object.
    """
    if value.startswith((ENVELOPE, ENCRYPTED)) or is_secret(value):
        raise RefusedError(b"a Kubernetes object is never written back: change it with kubectl")


def warned(plan: Plan, *warnings: str) -> Plan:
    """The same plan with more to be said of it."""
    return replace(plan, warnings=(*plan.warnings, *warnings))


def _rewritten(kind: Kind, entry: Entry, value: bytes) -> Plan:
    piece = Piece((Guard(entry.key, entry.mod_revision),), (Put(entry.key, value, ignore_lease=True),))
    return _single(kind, Span(entry.key), piece, Values(entry.value, value), entry)


def _single(
    kind: Kind, subject: Span, piece: Piece, values: Values, entry: Entry | None = None, target: Span | None = None
) -> Plan:
    return Plan(
        kind,
        subject,
        tuple(chunked([piece])),
        keys=1,
        revision=entry.mod_revision if entry else 0,
        target=target,
        sample=(Sample(subject.start, target.start if target else None),),
        values=values,
        base=entry,
    )


def _check_key(key: bytes) -> None:
    if not key:
        raise RefusedError(b"a key is wanted: etcd has no empty one")
