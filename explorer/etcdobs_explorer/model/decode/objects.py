"""Decides how a Kubernetes object is laid out: its metadata by name, the rest by field number, secrets covered."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from etcdobs_explorer.model import units
from etcdobs_explorer.model.syntax import Syntax

from . import protobuf
from .body import Lines
from .cbor import quoted
from .protobuf import named, text_or_bytes
from .wire import Field, fields, seconds_of

COVERED = "•••"
_LAST_APPLIED = b"kubectl.kubernetes.io/last-applied-configuration"
_SECRET, _SECRET_LIST = (b"v1", b"Secret"), (b"v1", b"SecretList")
_METADATA = 1
_OWNED_BYTES = 2000  # of a manager's fields, which nobody reads
_TEXTS = {1: b"name", 2: b"generateName", 3: b"namespace", 4: b"selfLink", 5: b"uid", 6: b"resourceVersion"}
_TIMES = {8: b"creationTimestamp", 9: b"deletionTimestamp"}
_NUMBERS = {7: b"generation", 10: b"deletionGracePeriodSeconds"}
_MAPS = {11: b"labels", 12: b"annotations"}
_OWNER = {5: b"apiVersion", 1: b"kind", 3: b"name", 4: b"uid", 6: b"controller", 7: b"blockOwnerDeletion"}
_MANAGER = {1: b"manager", 2: b"operation", 8: b"subresource", 3: b"apiVersion", 4: b"time", 6: b"fieldsType"}
_OWNERS, _FINALIZERS, _MANAGERS = 13, 14, 17
_LISTS = {_OWNERS: b"ownerReferences", _FINALIZERS: b"finalizers", _MANAGERS: b"managedFields"}
_ORDER = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 17)
# Kinds whose body is not metadata, spec and status. Data of those marked is a map of names to values.
_BODIES: dict[tuple[bytes, bytes], dict[int, bytes]] = {
    _SECRET: {2: b"data", 3: b"type", 4: b"stringData", 5: b"immutable"},
    (b"v1", b"ConfigMap"): {2: b"data", 3: b"binaryData", 4: b"immutable"},
}
_BARE = re.compile(rb"[A-Za-z_/][\w./@+:=-]*(?: [\w./@+=-][\w./@+:=-]*)*|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OPENING, _CLOSING, _BETWEEN = (b"{", b"["), (b"}", b"]"), (b":", b",")
_MARKS = (*_OPENING, *_CLOSING, *_BETWEEN)
_DATA = (b"data", b"stringData", b"binaryData")
_COVERED_NAMES = frozenset((b'"data"', b'"stringData"', quoted(_LAST_APPLIED)))
_BODY_NAMES = frozenset((b'"metadata"', b'"data"', b'"stringData"'))  # of an object; a reference to one has none
_SPEC_AND_STATUS = frozenset(
    b"CertificateSigningRequest CronJob CustomResourceDefinition DaemonSet Deployment FlowSchema "
    b"HorizontalPodAutoscaler Ingress Job Lease LimitRange Namespace NetworkPolicy Node PersistentVolume "
    b"PersistentVolumeClaim Pod PodDisruptionBudget PriorityLevelConfiguration ReplicaSet ReplicationController "
    b"ResourceQuota Service StatefulSet VolumeAttachment APIService".split()
)


def is_secret(api_version: bytes, kind: bytes) -> bool:
    """Whether objects of a type keep what not everybody at the screen ought to read."""
    return (api_version, kind) in (_SECRET, _SECRET_LIST)


def lay_out(api_version: bytes, kind: bytes, body: bytes, reveal: bool) -> Lines | None:
    """An object as lines, the managers of its fields folded; None where it is no message, or a list of Secrets that
    are not to be revealed. Data of a Secret is covered unless it is."""
    found = protobuf.message(body)
    covered = is_secret(api_version, kind) and not reveal
    if found is None or (covered and (api_version, kind) != _SECRET):
        return None
    lines = protobuf.bounded(_object(api_version, kind, found, covered))
    folded = frozenset(index for index, line in enumerate(lines[:2000]) if line == b"  managedFields:")
    return Lines(lines, Syntax.YAML, folded)


def _object(api_version: bytes, kind: bytes, found: Sequence[Field], covered: bool) -> Iterator[bytes]:
    yield b"apiVersion: " + scalar(api_version)
    yield b"kind: " + scalar(kind)
    names = _names(api_version, kind)
    opened: set[bytes] = set()
    for field in found:
        name = names.get(field.number, b"%d" % field.number)
        if field.number == _METADATA and (metadata := protobuf.message(_raw(field))) is not None:
            yield b"metadata:"
            yield from _metadata(metadata, covered)
        elif name in _DATA:
            if name not in opened:
                yield name + b":"
            opened.add(name)
            yield from _pair(_raw(field), 1, lambda _: covered)
        else:
            yield from _part(name, field)


def _part(name: bytes, field: Field) -> Iterator[bytes]:
    """A part of the body, as a tree of field numbers; its head says that the rest is guessed."""
    lines = named(name, field, 0)
    head = next(lines)
    yield head + b"  # by field number, types inferred" if head == name + b":" else head
    yield from lines


def _names(api_version: bytes, kind: bytes) -> dict[int, bytes]:
    if kind in _SPEC_AND_STATUS:
        return {2: b"spec", 3: b"status"}
    return _BODIES.get((api_version, kind), {})


def _metadata(found: Sequence[Field], covered: bool) -> Iterator[bytes]:
    for number in _ORDER:
        these = [field for field in found if field.number == number]
        if these:
            yield from _member(number, these, covered)
    yield from protobuf.tree((field for field in found if field.number not in _ORDER), 1)


def _member(number: int, these: Sequence[Field], covered: bool) -> Iterator[bytes]:
    """What the metadata has under one number."""
    last = these[-1]
    if number in _TEXTS:
        if last.value:
            yield from text(_TEXTS[number], _raw(last), 1)
    elif number in _TIMES:
        if last.value:
            yield b"  " + _TIMES[number] + b": " + _time(_raw(last))
    elif number in _NUMBERS:
        yield from named(_NUMBERS[number], last, 1)
    elif number in _MAPS:
        yield b"  " + _MAPS[number] + b":"
        for field in these:
            yield from _pair(_raw(field), 2, lambda name: covered and name == _LAST_APPLIED)
    else:
        yield b"  " + _LISTS[number] + b":"
        for field in these:
            yield from _listed(number, _raw(field))


def _listed(number: int, raw: bytes) -> Iterator[bytes]:
    """A finalizer on its line, an owner or a manager on some."""
    if number == _FINALIZERS:
        yield b"    - " + scalar(raw)
        return
    inner = protobuf.message(raw) or []
    known = _OWNER if number == _OWNERS else _MANAGER
    ordered = [(name, field) for wanted, name in known.items() for field in inner if field.number == wanted]
    lines = [line for name, field in ordered for line in _plain(name, field)]
    if number == _MANAGERS:
        lines += [line for field in inner if field.number == 7 for line in _owned(_raw(field))]
    for index, line in enumerate(lines):
        yield (b"    - " if index == 0 else b"      ") + line


def _plain(name: bytes, field: Field) -> Iterator[bytes]:
    if isinstance(field.value, int):
        yield name + (b": true" if field.value else b": false")
    elif name == b"time":
        yield name + b": " + _time(field.value)
    elif field.value:
        yield name + b": " + scalar(field.value)


def _owned(raw: bytes) -> Iterator[bytes]:
    """The fields a manager owns: `fieldsV1` keeps them as JSON in its field 1."""
    for field in protobuf.message(raw) or []:
        if field.number == 1:
            yield b"fieldsV1: " + b" ".join(_raw(field)[:_OWNED_BYTES].split())


def _pair(raw: bytes, depth: int, is_covered: Callable[[bytes], bool]) -> Iterator[bytes]:
    """An entry of a map: a name, and text or bytes, perhaps covered."""
    try:
        entry = {field.number: _raw(field) for field in fields(raw)}
    except ValueError:
        yield from text_or_bytes(b"?", raw, depth)
        return
    name, value = scalar(entry.get(1, b"")), entry.get(2, b"")
    if is_covered(entry.get(1, b"")):
        yield b"  " * depth + name + b": " + cover(len(value))
    else:
        yield from text(name, value, depth)


def cover(length: int) -> bytes:
    """What stands where a secret is not shown."""
    return f"{COVERED} {units.size(length)}".encode()


def text(name: bytes, value: bytes, depth: int) -> Iterator[bytes]:
    """A value that is most likely text, without quotes where YAML needs none."""
    if _BARE.fullmatch(value):
        yield b"  " * depth + name + b": " + value
    else:
        yield from text_or_bytes(name, value, depth)


def scalar(value: bytes) -> bytes:
    """A value on its line, quoted where it would be taken for something else."""
    return value if _BARE.fullmatch(value) else quoted(value)


def _time(raw: bytes) -> bytes:
    at = seconds_of(raw)
    return b"(none)" if at is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)).encode()


def _raw(field: Field) -> bytes:
    return field.value if isinstance(field.value, bytes) else b""


def holds_secret(tokens: Sequence[bytes]) -> bool:
    """Whether a Secret, or a list of them, is anywhere in the tokens of JSON. What only names one is none."""
    objects: list[dict[bytes, bytes]] = []
    name = b""
    for token, after in pairwise((*tokens, b"")):
        if after == b":":
            name = token
        elif token in _CLOSING:
            if objects and _is_secret_object(objects.pop()):
                return True
            name = b""
        elif token not in _BETWEEN:
            if objects:
                objects[-1][name] = token
            if token in _OPENING:
                objects.append({})
    return False


def _is_secret_object(members: Mapping[bytes, bytes]) -> bool:
    kind = members.get(b'"kind"')
    if kind != b'"Secret"':
        return kind == b'"SecretList"'
    return members.get(b'"apiVersion"') == b'"v1"' and not _BODY_NAMES.isdisjoint(members)


def cover_json(tokens: Sequence[bytes]) -> list[bytes]:
    """The tokens of JSON that holds a Secret, all that is called data in it covered."""
    out: list[bytes] = []
    path: list[bytes] = []
    name, covered = b"", 0
    for token, after in pairwise((*tokens, b"")):
        is_name = after == b":"
        if is_name:
            name = token
        elif token in _OPENING:
            path.append(name)
            covered += name in _COVERED_NAMES
            name = b""
        elif token in _CLOSING:
            name = path.pop()
            covered -= name in _COVERED_NAMES
        is_kept = is_name or token in _MARKS or not (covered or name in _COVERED_NAMES)
        out.append(token if is_kept else quoted(cover(max(0, len(token) - 2))))
    return out
