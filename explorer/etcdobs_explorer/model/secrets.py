"""Decides which values are Kubernetes Secrets, and what a list may show of any value."""

import re

from .decode import cbor, objects, packed
from .decode.wire import fields
from .json_layout import is_too_much, tokens
from .kubernetes import ENVELOPE, envelope

HEAD = 256  # bytes of a value that a list may show
COVERED = b"(a Secret)"
_KIND = rb"[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?Secret(?:List)?[\"']?[ \t]*(?:#[^\n]*)?\r?$"
_YAML = re.compile(rb"^(?:-[ \t]+)?" + _KIND, re.M)
_YAML_WITHIN = re.compile(rb"^[ \t]+(?:-[ \t]+)?" + _KIND, re.M)
_YAML_LIST = re.compile(rb"^(?:kind:[ \t]*[\"']?List\b|-[ \t])", re.M)
_YAML_KIND = re.compile(rb"^kind:[^\r\n]*[\r\n]", re.M)
# In one line with others, as JSON and YAML have it, whatever is around them.
_INLINE = re.compile(rb"[{,]\s*[\"']?kind[\"']?\s*:\s*[\"']?Secret(?:List)?[\"']?\s*[,}]")
_JSON_KIND = re.compile(rb'"kind"\s*:\s*"([^"]*)"')
_JSON_NAME = re.compile(rb'"Secret(?:List)?"')
_STORED_SECRET = b"\x12\x06Secret"
_CBOR_SECRET = b"\x66Secret"
_VERSION = b"apiVersion"
_LAYERS = 4  # of gzip, zstd and base64 around each other


WITH_SECRETS = "with-secrets"
"""The word after a file's name that has Secrets written to it as they are."""


def asked_for(name: bytes) -> tuple[bytes, bool]:
    """The name of a file as typed without WITH_SECRETS behind it, and whether that was there."""
    file, _, last = name.rpartition(b" ")
    return (file.rstrip(), True) if last == WITH_SECRETS.encode() and file.strip() else (name, False)


def is_secret(raw: bytes) -> bool:
    """Whether a whole value is or holds a Secret: protobuf, JSON, CBOR or YAML, perhaps packed. What cannot be read to
    its end counts as one where it has what a Secret has."""
    for _ in range(_LAYERS):
        inner = _inner(raw)
        if inner is None:
            break
        raw = inner
    if raw.startswith(ENVELOPE):
        return _is_stored_secret(raw)
    if b"Secret" not in raw:
        return False
    if raw.lstrip()[:1] in (b"{", b"[") and not is_too_much(raw) and (found := tokens(raw)) is not None:
        return objects.holds_secret(found)
    if _may_be_cbor(raw) and (found := cbor.tokens(raw)) is not None:
        return objects.holds_secret(found)
    return _CBOR_SECRET in raw or _INLINE.search(raw) is not None or _is_yaml_secret(raw)


def _is_yaml_secret(raw: bytes) -> bool:
    if _VERSION not in raw:
        return False
    return _YAML.search(raw) is not None or (
        _YAML_LIST.search(raw) is not None and _YAML_WITHIN.search(raw) is not None
    )


def _may_be_cbor(raw: bytes) -> bool:
    return raw.startswith(cbor.SELF_DESCRIBED) or 0x80 <= raw[0] < 0xC0  # an array or a map


def _is_stored_secret(raw: bytes) -> bool:
    """The same of an object of an API server, which may be damaged."""
    found = _type(raw) or envelope(raw)
    return _STORED_SECRET in raw[:HEAD] if found is None else objects.is_secret(found[0], found[1])


def may_be_secret(raw: bytes, *, is_cut: bool = False) -> bool:
    """The same without reading the value, for many of them: it is never False for a Secret. With `is_cut`, `raw` is
    only how the value begins, and what may yet turn out to be a Secret is taken for one."""
    if raw.startswith(ENVELOPE):
        return _is_stored_secret(raw) or (is_cut and _type(raw) is None)
    if raw.startswith((packed.GZIP, packed.ZSTD)):
        return is_cut or is_secret(raw)
    if (inner := packed.base64(raw[: len(raw) // 4 * 4] if is_cut else raw)) is not None:
        return may_be_secret(inner, is_cut=is_cut)
    if b"Secret" in raw and _names_secret(raw):
        return True
    return is_cut and _may_go_on_as_secret(raw)


def _names_secret(raw: bytes) -> bool:
    if raw.startswith(cbor.SELF_DESCRIBED) or _CBOR_SECRET in raw:
        return True
    if raw.lstrip()[:1] in (b"{", b"[") and _JSON_NAME.search(raw):
        return True
    return _INLINE.search(raw) is not None or _is_yaml_secret(raw)


def _may_go_on_as_secret(head: bytes) -> bool:
    """Whether a value that begins like this may be a Secret, or a list with one in it."""
    if head.startswith(cbor.SELF_DESCRIBED):
        return b"kind" not in head
    if head.lstrip()[:1] not in (b"{", b"["):
        return _VERSION in head and (_YAML_KIND.search(head) is None or _YAML_LIST.search(head) is not None)
    kind = _JSON_KIND.search(head)
    is_list = kind is not None and (kind[1] == b"List" or head.lstrip()[:1] == b"[")
    return _VERSION in head and (kind is None or is_list)


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
