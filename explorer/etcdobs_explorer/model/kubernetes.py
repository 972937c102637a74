"""Decides what can be told of a Kubernetes object without its schema: its type, its name, how it is encrypted."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeGuard

from . import units
from .decode import cbor
from .decode.wire import fields, first, seconds_of

ENVELOPE = b"k8s\0"
ENCRYPTED = b"k8s:enc:"
_KEY_ID = 2  # of the message that KMS v2 keeps
_FACTS_BYTES = 64 * 1024  # a larger JSON or CBOR object costs too much for a row of a list


class Envelope(NamedTuple):
    """`runtime.Unknown`, the message around every protobuf object that an API server stores."""

    api_version: bytes
    kind: bytes
    object: bytes


class ObjectFacts(NamedTuple):
    """What a list shows of an object; `created` in seconds since 1970, None where it is not said."""

    api_version: bytes
    kind: bytes
    namespace: bytes
    name: bytes
    created: int | None


def envelope(raw: bytes) -> Envelope | None:
    """Read the envelope of a value that starts with ENVELOPE; None where it is damaged."""
    try:
        unknown = {number: value for number, _, value in fields(raw[len(ENVELOPE) :]) if isinstance(value, bytes)}
        type_meta = {number: value for number, _, value in fields(unknown.get(1, b"")) if isinstance(value, bytes)}
    except ValueError:
        return None
    return Envelope(type_meta.get(1, b""), type_meta.get(2, b""), unknown.get(2, b""))


def encrypted(raw: bytes) -> tuple[tuple[str, bytes], ...]:
    """What can be told of a value that starts with ENCRYPTED: provider, name of the key, size of the ciphertext."""
    provider, version, key, ciphertext = (*raw[len(ENCRYPTED) :].split(b":", 3), b"", b"", b"", b"")[:4]
    told = [("provider", provider + b" " + version), ("key", key)]
    if provider == b"kms" and version == b"v2" and (id := first(ciphertext, _KEY_ID).get(_KEY_ID)):
        told.append(("key id", id))
    return (*told, ("ciphertext", units.size(len(ciphertext)).encode()))


def object_facts(raw: bytes, most: int = _FACTS_BYTES) -> ObjectFacts | None:
    """What a list shows of a Kubernetes object, some microseconds a value; None where `raw` is none, is encrypted, or
    is JSON or CBOR of more than `most` bytes."""
    if raw.startswith(ENVELOPE):
        return _stored_facts(raw)
    if len(raw) > most:
        return None
    if raw.lstrip()[:1] == b"{" and b'"apiVersion"' in raw:
        return facts_of(_json(raw))
    if raw.startswith(cbor.SELF_DESCRIBED) and (tokens := cbor.tokens(raw)) is not None:
        return facts_of(_json(b"".join(tokens)))
    return None


def facts_of(read: object) -> ObjectFacts | None:
    """The same of an object that is read already: names to values, as JSON or CBOR has them."""
    if not _is_mapping(read) or not isinstance(read.get("kind"), str) or not isinstance(read.get("apiVersion"), str):
        return None
    metadata = read.get("metadata")
    if not _is_mapping(metadata):
        return None
    created = metadata.get("creationTimestamp")
    return ObjectFacts(
        _bytes(read["apiVersion"]),
        _bytes(read["kind"]),
        _bytes(metadata.get("namespace")),
        _bytes(metadata.get("name")),
        seconds(created) if isinstance(created, str) else None,
    )


def seconds(timestamp: str) -> int | None:
    """The seconds since 1970 of an RFC 3339 timestamp, None where it is none."""
    try:
        return int(datetime.fromisoformat(timestamp).timestamp())
    except (ValueError, OverflowError):
        return None


def _stored_facts(raw: bytes) -> ObjectFacts | None:
    found = envelope(raw)
    if found is None:
        return None
    metadata = first(first(found.object, 1).get(1, b""), 1, 3, 8)
    return ObjectFacts(
        found.api_version, found.kind, metadata.get(3, b""), metadata.get(1, b""), seconds_of(metadata.get(8, b""))
    )


def _json(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, dict)


def _bytes(value: object) -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else b""
