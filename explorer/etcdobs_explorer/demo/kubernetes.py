"""Decides how a Kubernetes API server writes an object: `k8s\\0`, then `runtime.Unknown` around the typed message.

Messages are written as field number -> value, with the numbers of k8s.io/api's `generated.proto`: a str or bytes is
length-delimited (an inner message is bytes), an int a varint, and a list repeats its field.
"""

import uuid
from collections.abc import Mapping, Sequence

Scalar = str | bytes | int
Fields = Mapping[int, Scalar | Sequence[Scalar]]

_ENVELOPE = b"k8s\0"
_VARINT, _LENGTH_DELIMITED = 0, 2


def message(fields: Fields) -> bytes:
    """A protobuf message."""
    return b"".join(_field(number, one) for number, value in fields.items() for one in _repeated(value))


def mapping(pairs: Mapping[str, str] | Mapping[str, bytes]) -> list[Scalar]:
    """A `map<string, ...>` field: one entry a pair."""
    return [message({1: key, 2: value}) for key, value in pairs.items()]


def moment(seconds: int, nanos: int = 0) -> bytes:
    """A `Time`, or a `MicroTime`."""
    return message({1: seconds, 2: nanos} if nanos else {1: seconds})


def metadata(
    name: str, namespace: str = "", *, created: int, labels: Mapping[str, str] | None = None, owner: bytes = b""
) -> bytes:
    """An `ObjectMeta`; the uid follows from the name, so that two writes of an object agree on it."""
    uid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{namespace}/{name}/{created}"))
    place: Fields = {3: namespace} if namespace else {}
    owners: Fields = {13: owner} if owner else {}
    return message({1: name, **place, 5: uid, 8: moment(created), 11: mapping(labels or {}), **owners})


def stored(api_version: str, kind: str, body: Fields) -> bytes:
    """The value of a key below /registry."""
    type_meta = message({1: api_version, 2: kind})
    return _ENVELOPE + message({1: type_meta, 2: message(body), 3: "", 4: ""})


def _repeated(value: Scalar | Sequence[Scalar]) -> Sequence[Scalar]:
    return [value] if isinstance(value, str | bytes | int) else value


def _field(number: int, value: Scalar) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(raw)) + raw


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
