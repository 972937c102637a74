"""Decides what a recorded event is on disk: one line of JSON, in ASCII, base64 where bytes are no UTF-8."""

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from .records import EventRecord
from .secrets import is_secret
from .text import inert, utf8
from .units import hex_id


@dataclass(frozen=True, slots=True)
class Recording:
    """How far a recording is: events and bytes written, values of Secrets among them that were covered, and events left
    out because the disk did not keep up.

    `reason` says why it ended, "" while it goes on or where it was ended on purpose; `is_over` that it ended."""

    path: bytes
    written: int = 0
    size: int = 0
    dropped: int = 0
    covered: int = 0
    is_over: bool = False
    reason: str = ""


class Recorded(NamedTuple):
    """An event with its whole value, and the wall-clock second at which it arrived."""

    event: EventRecord
    value: bytes
    at: float


def is_covered(recorded: Recorded) -> bool:
    """Whether the value is a Secret, which is not for a file unless that was asked for."""
    return not recorded.event.is_delete and is_secret(recorded.value)


def line(recorded: Recorded, *, covered: bool = False) -> bytes:
    """An event as a line of JSON, with its end.

    `time` (UTC), `type` ("put" or "delete"), `key`, `value` and revisions as etcd names them; a key or value that is no
    UTF-8 stands as `key_base64` or `value_base64` instead. A deletion has no value, version 0 and create revision 0.
    Where it is `covered` there is in place of the value `covered`: what it is, and `size`: how many bytes it has.
    """
    event, value, at = recorded
    fields: dict[str, object] = {"time": _time(at), "type": "delete" if event.is_delete else "put"}
    fields |= _field("key", event.key)
    fields["mod_revision"] = event.mod_revision
    if not event.is_delete:
        fields |= {"create_revision": event.create_revision, "version": event.version}
        fields |= {"lease": hex_id(event.lease)} if event.lease else {}
        fields |= {"covered": "Secret", "size": len(value)} if covered else _field("value", value)
    return json.dumps(fields, separators=(",", ":")).replace("\x7f", "\\u007f").encode() + b"\n"


def _field(name: str, raw: bytes) -> dict[str, object]:
    text = utf8(raw)
    return {f"{name}_base64": inert(b64encode(raw)).plain} if text is None else {name: text}


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def file_name(key: bytes, at: float) -> bytes:
    """A name for a recording of a key or prefix that begins at a wall-clock time: letters and digits of the key."""
    kept = "".join(chr(byte) if chr(byte).isalnum() and byte < 0x80 else "-" for byte in key[:60]).strip("-")
    clock = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
    return "-".join(part for part in ("watch", kept, clock) if part).encode() + b".jsonl"
