"""Decides what a key with its value is, and how many of them come out of a message at no Python call each."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter
from typing import Any, NamedTuple, cast

from etcdobs._wire.columns import KeyColumns

_SHOWN_BYTES = 80
_SHOWN_ITEMS = 5


def _short(data: bytes) -> str:
    """Bytes for a repr, which must stay readable whatever is stored."""
    return repr(data) if len(data) <= _SHOWN_BYTES else f"<{len(data)} bytes {data[:_SHOWN_BYTES]!r}...>"


def few(items: Sequence[object]) -> str:
    """Items for a repr, the first few of many."""
    shown = ", ".join(map(repr, items[:_SHOWN_ITEMS]))
    return f"[{shown}, ... {len(items)} in all]" if len(items) > _SHOWN_ITEMS else f"[{shown}]"


class KeyValue(NamedTuple):
    """A key with its value and what etcd keeps beside it (made by the million, so a tuple underneath).

    Attributes:
        key, value: as stored.
        create_revision: revision of the cluster at which the key was last created.
        mod_revision: revision of its last change.
        version: number of changes since it was created, from 1; 0 in the event of its deletion.
        lease: id of the lease it hangs on; 0 for none.
    """

    key: bytes
    value: bytes
    create_revision: int
    mod_revision: int
    version: int
    lease: int

    def __repr__(self) -> str:
        return (
            f"KeyValue(key={_short(self.key)}, value={_short(self.value)}, create_revision={self.create_revision}, "
            f"mod_revision={self.mod_revision}, version={self.version}, lease={self.lease})"
        )

    @property
    def text(self) -> str:
        """The value as UTF-8; raises UnicodeDecodeError where it is not."""
        return self.value.decode()

    def json(self) -> Any:
        """The value parsed as JSON; raises ValueError where it is not."""
        return json.loads(self.value)


# Made by the million, so without a call of Python: what is left is the time to read six fields out of a message.
_fields: Callable[[Any], tuple[Any, ...]] = attrgetter(*KeyValue._fields)
_made: Callable[[type[KeyValue], tuple[Any, ...]], KeyValue] = cast(Any, tuple).__new__


def key_value(message: Any) -> KeyValue:
    """A `mvccpb.KeyValue` as the public type, which holds nothing of the message."""
    return _made(KeyValue, _fields(message))


def key_values(messages: Iterable[Any]) -> Iterator[KeyValue]:
    """Each of many, made when it is reached."""
    rows = messages.rows() if isinstance(messages, KeyColumns) else map(_fields, messages)
    return map(_made, repeat(KeyValue), rows)


@dataclass(frozen=True, slots=True)
class Child:
    """One entry of a directory.

    Attributes:
        name: the part after the prefix, without the separator.
        key: the whole, prefix included; a branch's ends with the separator.
        is_branch: True for a directory, False for a key. One name may be both: it is then listed twice.
        count: keys in it, where that was asked for.
    """

    name: bytes
    key: bytes
    is_branch: bool
    count: int | None = None
