"""Decides how an answer of many keys or events is parsed: into columns, with no object of Python for each.

Protobuf merges a message into the one that its field holds already. An answer whose keys are declared as one message,
each field of it repeated, is therefore parsed into a column of all keys, one of all values, and so on; reading them
takes no look-up by name. What is zero or empty is not sent: a column may be missing, but one that is short does not
tell whose entries it lacks. Such an answer (keys with a lease among others, puts among deletions) is parsed again, as
it is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from operator import attrgetter
from typing import Any, NamedTuple, overload

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

Parse = Callable[[bytes], Any]

# Bytes. With fewer, such as one key or one event has, there is nothing to win.
WORTHWHILE = 4096

_PACKAGE = "etcdobs.columns"


class Row(NamedTuple):
    """One key of many, by the names that its message has."""

    key: bytes
    value: bytes
    create_revision: int
    mod_revision: int
    version: int
    lease: int


_EMPTY = Row(b"", b"", 0, 0, 0, 0)
_fields: Callable[[Any], tuple[Any, ...]] = attrgetter(*Row._fields)


class KeyColumns(Sequence[Row]):
    """The keys of an answer, or of its events, by columns; a column that is missing holds what is not sent.

    Attributes:
        size: bytes that the answer came in.
    """

    __slots__ = ("_columns", "size")

    def __init__(self, columns: tuple[Any, ...], size: int) -> None:
        self._columns = columns
        self.size = size

    def __len__(self) -> int:
        return len(self._columns[0])

    @property
    def mod_revisions(self) -> list[int]:
        """That of each."""
        revisions: list[int] = self._columns[3][:]
        return revisions

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The fields of each, in the order of `Row`: the cheapest way to read them."""
        return zip(*[column or repeat(nothing) for column, nothing in zip(self._columns, _EMPTY, strict=True)])  # noqa: B905

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        pairs = zip(self._columns, _EMPTY, strict=True)
        return Row._make(column[index] if column else nothing for column, nothing in pairs)

    def cut(self, length: int) -> None:
        """Take so many bytes off the front of each key."""
        keys = self._columns[0]
        keys[:] = [key[length:] for key in keys]


class EventColumns:
    """The events of an answer by columns: all of them puts, or all deletions.

    Attributes:
        are_deletions: which.
        kvs: their keys.
        prev_kvs: the keys before them; None where none was sent.
    """

    __slots__ = ("are_deletions", "kvs", "prev_kvs")

    def __init__(self, are_deletions: bool, kvs: KeyColumns, prev_kvs: KeyColumns | None) -> None:
        self.are_deletions = are_deletions
        self.kvs = kvs
        self.prev_kvs = prev_kvs

    def __len__(self) -> int:
        return len(self.kvs)


class Columned:
    """An answer whose keys (`kvs`) or `events` are columns; all else is as in the message."""

    def __init__(self, message: Any, **columned: object) -> None:
        self.__dict__.update(columned, _message=message)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._message, name)


def _whole(message: Any, size: int) -> KeyColumns | None:
    """The columns of keys where each has as many entries, or none.

    Every key of etcd's has a revision, and nothing writes a field twice: a column as long as theirs lacks no entry.
    """
    columns = _fields(message)
    counts = [*map(len, columns)]
    count = counts[0]
    return KeyColumns(columns, size) if count and counts[3] == count and {*counts} <= {0, count} else None


def _keys(message: Any, size: int) -> Columned | None:
    kvs = _whole(message.kvs, size)
    return None if kvs is None else Columned(message, kvs=kvs)


def _events(message: Any, size: int) -> Columned | None:
    events = message.events
    kvs, types, previous = _whole(events.kv, size), events.type, None
    if kvs is None or len(types) not in (0, len(kvs)) or not all(types):
        return None
    if events.HasField("prev_kv"):
        previous = _whole(events.prev_kv, size)
        if previous is None or len(previous) != len(kvs):
            return None
    return Columned(message, events=EventColumns(bool(types), kvs, previous))


def _parser(as_it_is: Parse, as_columns: Parse, columned: Callable[[Any, int], Columned | None]) -> Parse:
    def parse(data: bytes) -> Any:
        if len(data) < WORTHWHILE:
            return as_it_is(data)
        return columned(as_columns(data), len(data)) or as_it_is(data)

    return parse


def parsers(pool: DescriptorPool, files: Mapping[str, FileDescriptor]) -> Mapping[str, Parse]:
    """What parses the answers of those RPCs that may bring much, by path."""
    etcd = files["etcdserverpb"].message_types_by_name
    keys, events = f".{_PACKAGE}.KeyValue", f".{_PACKAGE}.Event"
    altered: dict[str, dict[str, str]] = {
        "KeyValue": dict.fromkeys(Row._fields, ""),
        "Event": {"type": "", "kv": keys, "prev_kv": keys},
        "RangeResponse": {"kvs": keys},
        "WatchResponse": {"events": events},
    }
    classes = _classes(pool, [files["etcdserverpb"], files["mvccpb"]], altered)
    return {
        path: _parser(GetMessageClass(etcd[name]).FromString, classes[name].FromString, columned)
        for path, name, columned in (
            ("/etcdserverpb.KV/Range", "RangeResponse", _keys),
            ("/etcdserverpb.Watch/Watch", "WatchResponse", _events),
        )
    }


def _alter(message: DescriptorProto, fields: Mapping[str, str]) -> None:
    """Make these fields each one message of that type, or repeated where it is no message."""
    message.ClearField("enum_type")
    for field in message.field:
        if kind := fields.get(field.name):
            field.type_name, field.label = kind, FieldDescriptorProto.LABEL_OPTIONAL
        elif kind is not None:
            field.label = FieldDescriptorProto.LABEL_REPEATED


def _classes(
    pool: DescriptorPool, files: Iterable[FileDescriptor], altered: Mapping[str, Mapping[str, str]]
) -> dict[str, type[Message]]:
    made = FileDescriptorProto(name="etcdobs/columns.proto", package=_PACKAGE, syntax="proto3")
    for file in files:
        made.dependency.append(file.name)
        messages = FileDescriptorProto.FromString(file.serialized_pb).message_type
        made.message_type.extend(message for message in messages if message.name in altered)
    for message in made.message_type:
        _alter(message, altered[message.name])
    pool.AddSerializedFile(made.SerializeToString())
    return {name: GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in altered}
