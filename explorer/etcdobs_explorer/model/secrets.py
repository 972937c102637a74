"""Decides which values are Kubernetes Secrets, and what a list may show of any value."""

import re

from .decode import cbor, objects, packed
from .decode.wire import fields
from .kubernetes import ENVELOPE, envelope, object_facts

HEAD = 256  # bytes of a value that a list may show
COVERED = b"(a Secret)"
_YAML = re.compile(rb"^kind:[ \t]*[\"']?Secret[\"']?[ \t\r]*$", re.M)
_YAML_KIND = re.compile(rb"^kind:[^\r\n]*[\r\n]", re.M)
_JSON_KIND = re.compile(rb'"kind"\s*:\s*"[^"]*"')
_VERSION = b"apiVersion"
_LAYERS = 3  # of gzip, zstd and base64 around each other


def is_secret(raw: bytes) -> bool:
    """Whether a whole value is a Secret: protobuf, JSON, CBOR or YAML, perhaps packed."""
    for _ in range(_LAYERS):
        inner = _inner(raw)
        if inner is None:
            break
        raw = inner
    if raw.startswith(ENVELOPE):
        found = envelope(raw)
        return found is not None and objects.is_secret(found.api_version, found.kind)
    if raw.startswith(cbor.SELF_DESCRIBED) or (b'"Secret"' in raw and raw.lstrip()[:1] == b"{"):
        facts = object_facts(raw, len(raw)) if b"Secret" in raw else None
        return facts is not None and objects.is_secret(facts.api_version, facts.kind)
    return _VERSION in raw and _YAML.search(raw) is not None


def may_be_secret(raw: bytes, *, is_cut: bool = False) -> bool:
    """The same without reading the value, for many of them: it is never False for a Secret. With `is_cut`, `raw` is
    only how the value begins, and what may yet turn out to be a Secret is taken for one."""
    if raw.startswith(ENVELOPE):
        return _kind(raw) in (b"Secret", None)
    if raw.startswith((packed.GZIP, packed.ZSTD)):
        return is_cut or is_secret(raw)
    if (inner := packed.base64(raw[: len(raw) // 4 * 4] if is_cut else raw)) is not None:
        return may_be_secret(inner, is_cut=is_cut)
    if raw.startswith(cbor.SELF_DESCRIBED):
        return b"Secret" in raw or (is_cut and b"kind" not in raw)
    if raw.lstrip()[:1] == b"{":
        return b'"Secret"' in raw or (is_cut and _VERSION in raw and _JSON_KIND.search(raw) is None)
    return _VERSION in raw and (_YAML.search(raw) is not None or (is_cut and _YAML_KIND.search(raw) is None))


def head_of(value: bytes, most: int = HEAD, *, is_cut: bool = False) -> bytes:
    """What a list shows of a value: how it begins; of one that is packed and of a stored Kubernetes object what it is,
    and nothing of a Secret."""
    if value.startswith(ENVELOPE):
        found = _type(value)
        return b"%s %s" % found if found is not None else b""
    if value.startswith((packed.GZIP, packed.ZSTD)):
        return b"(gzip)" if value.startswith(packed.GZIP) else b"(zstd)"
    return COVERED if may_be_secret(value, is_cut=is_cut) else value[:most]


def _inner(raw: bytes) -> bytes | None:
    """What is packed in a value, None where nothing is, or it cannot be had."""
    if raw.startswith(packed.GZIP):
        inner = packed.gzip(raw)
        return inner.data if inner is not None else None
    if raw.startswith(packed.ZSTD):
        try:
            unpacked = packed.zstd(raw)
        except packed.MissingError:
            return None
        return unpacked.data if unpacked is not None else None
    return packed.base64(raw)


def _kind(raw: bytes) -> bytes | None:
    found = _type(raw)
    return found[1] if found is not None else None


def _type(raw: bytes) -> tuple[bytes, bytes] | None:
    """Version and kind of a stored object: they come first, and are there where the rest was cut off."""
    at = len(ENVELOPE)
    length = raw[at + 1] if len(raw) > at + 1 and raw[at] == 0x0A else 0x80
    if length >= 0x80 or len(raw) < at + 2 + length:
        return None
    try:
        found = {
            number: value for number, _, value in fields(raw[at + 2 : at + 2 + length]) if isinstance(value, bytes)
        }
    except ValueError:
        return None
    return found.get(1, b""), found.get(2, b"")
