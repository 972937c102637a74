"""Decides what a value is and in which forms it can be read: the first that fits, or the one that the reader chose."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from . import units
from .decode import cbor, objects, packed, protobuf
from .decode.body import Decoded, Hex, Lines, hex_row
from .decode.lines import as_text, cut, has_controls, is_text, is_toml, looks_like_yaml
from .decode.schema import Schema
from .json_layout import is_too_much, lay_out, tokens
from .kubernetes import ENCRYPTED, ENVELOPE, ObjectFacts, encrypted, envelope, object_facts
from .secrets import is_secret
from .syntax import Syntax

__all__ = [
    "AUTO",
    "FORMS",
    "Asked",
    "Decoded",
    "Hex",
    "Lines",
    "Reading",
    "decode",
    "forms",
    "hex_row",
    "is_quick",
    "read",
]

AUTO = ""
_CBOR_BYTES = 4 * 1024 * 1024
_QUICK_BYTES = 16 * 1024
_LAYERS = 3  # of gzip, zstd and base64 around each other
_COVERED = Lines((b"This is a Secret, and is covered.", b"", b"`s` shows what is in it."))


@dataclass(frozen=True)
class Asked:
    """How the reader wants a value read: a form (AUTO: what fits), the type of a message, secrets uncovered."""

    form: str = AUTO
    schema: Schema | None = None
    reveal: bool = False
    layer: int = 0


class Reading(NamedTuple):
    """What there is to show of a value."""

    decoded: Decoded
    forms: tuple[str, ...]


@dataclass(frozen=True)
class Form:
    """A way to read values. `read` answers None where a value is none of it; told to, by the reader's choice, it takes
    what it would not have recognised by itself."""

    name: str
    read: Callable[[bytes, Asked, bool], Decoded | None]
    is_offered: Callable[[bytes, Asked], bool]


def decode(raw: bytes, asked: Asked = Asked()) -> Decoded:
    """Read a value in the form asked for; where it is none of that, in the first that fits, and bytes always do."""
    if not raw:
        return Decoded("empty", Lines(()))
    chosen = _NAMED.get(asked.form)
    decoded = chosen.read(raw, asked, True) if chosen is not None else None
    if decoded is None:
        chosen, decoded = _detect(raw, asked)
    decoded = replace(decoded, form=chosen.name if chosen else "hex")
    if asked.layer or decoded.is_secret or not is_secret(raw):
        return decoded  # covered already, where it is secret; or whoever reads what is around it covers it
    return replace(decoded, body=decoded.body if asked.reveal else _COVERED, is_secret=True)


def forms(raw: bytes, asked: Asked = Asked(), known: str = "") -> tuple[str, ...]:
    """The forms to choose from, in the order of the chain; that as bytes is always among them, and the one `known`
    to fit is not tried again."""
    if not raw:
        return ()
    return tuple(form.name for form in _CHAIN if form.name == known or form.is_offered(raw, asked))


def read(raw: bytes, asked: Asked) -> Reading:
    """A value as it is to be shown, and the forms to choose from."""
    decoded = decode(raw, asked)
    return Reading(decoded, forms(raw, asked, decoded.form))


def is_quick(raw: bytes) -> bool:
    """Whether reading a value takes a few milliseconds at most, in any form."""
    return len(raw) <= _QUICK_BYTES and not raw.startswith((packed.GZIP, packed.ZSTD))


def _detect(raw: bytes, asked: Asked) -> tuple[Form, Decoded]:
    for form in _CHAIN:
        decoded = form.read(raw, asked, False)
        if decoded is not None:
            return form, decoded
    raise AssertionError("bytes are always hex")


# -- the forms -----------------------------------------------------------------------------------------------


def _kubernetes(raw: bytes, asked: Asked, told: bool) -> Decoded | None:
    if raw.startswith(ENCRYPTED):
        return Decoded("Kubernetes, encrypted", Hex(raw), encrypted(raw))
    if not raw.startswith(ENVELOPE):
        return None
    found = envelope(raw)
    if found is None:
        return Decoded("Kubernetes, damaged", Hex(raw))
    facts = (*_named(object_facts(raw)), ("object", units.size(len(found.object)).encode()))
    body = objects.lay_out(found.api_version, found.kind, found.object, asked.reveal)
    is_covered = body is not None and objects.is_secret(found.api_version, found.kind)
    return Decoded("Kubernetes", body or Hex(found.object), facts, is_secret=is_covered)


def _gzip(raw: bytes, asked: Asked, told: bool) -> Decoded | None:
    return _within("gzip", raw, packed.gzip(raw), asked) if raw.startswith(packed.GZIP) else None


def _zstd(raw: bytes, asked: Asked, told: bool) -> Decoded | None:
    if not raw.startswith(packed.ZSTD):
        return None
    try:
        return _within("zstd", raw, packed.zstd(raw), asked)
    except packed.MissingError:
        return Decoded("zstd", Hex(raw), (("to look within", b"pip install etcdobs[explorer]"),))


def _within(name: str, raw: bytes, inner: packed.Inner | None, asked: Asked) -> Decoded:
    if inner is None:
        return Decoded(f"{name}, damaged", Hex(raw))
    if asked.layer >= _LAYERS:
        return Decoded(name, Hex(inner.data))
    read = decode(inner.data, replace(asked, form=AUTO, layer=asked.layer + 1))
    amount = units.size(len(inner.data)) if inner.is_whole else f"first {units.size(len(inner.data))}"
    return replace(read, format=f"{name} of {read.format}", facts=(("inflated", amount.encode()), *read.facts))


def _json(raw: bytes, asked: Asked, told: bool) -> Decoded | None:
    if not _may_be_json(raw):
        return None
    if is_too_much(raw):
        return None if has_controls(raw) else Decoded("JSON, as stored", as_text(raw, Syntax.JSON))
    found = tokens(raw)
    return None if found is None else _laid_out("JSON", raw, found, asked)


def _laid_out(format: str, raw: bytes, found: list[bytes], asked: Asked) -> Decoded:
    facts = object_facts(raw, len(raw))
    is_secret = b"Secret" in raw and objects.holds_secret(found)
    laid_out = lay_out(objects.cover_json(found) if is_secret and not asked.reveal else found)
    if laid_out is None:
        return Decoded(f"{format}, as stored", as_text(raw, Syntax.JSON))
    lines = cut(laid_out)
    folded = frozenset(index for index, line in enumerate(lines[:5000]) if line.startswith(b'    "managedFields": ['))
    return Decoded(format, Lines(lines, Syntax.JSON, folded), _named(facts), is_secret=is_secret)


def _named(facts: ObjectFacts | None) -> tuple[tuple[str, bytes], ...]:
    if facts is None:
        return ()
    name = b"/".join(part for part in (facts.namespace, facts.name) if part)
    return (("kind", b" ".join((facts.api_version, facts.kind))), ("name", name))


def _cbor(raw: bytes, asked: Asked, told: bool) -> Decoded | None:
    if not (told or raw.startswith(cbor.SELF_DESCRIBED)) or len(raw) > _CBOR_BYTES:
        return None
    found = cbor.tokens(raw)
    return None if found is None else _laid_out("CBOR", raw, found, asked)


def _base64(raw: bytes, asked: Asked, told: bool) -> Decoded | None:
    inner = packed.base64(raw)
    if inner is None or asked.layer >= _LAYERS:
        return None
    read = decode(inner, replace(asked, form=AUTO, layer=asked.layer + 1))
    if not told and (read.form == "hex" or (read.form in _PLAIN and not inner.isascii())):
        return None
    return replace(read, format=f"base64 of {read.format}")


def _toml(raw: bytes, asked: Asked, told: bool) -> Decoded | None:
    if not (is_text(raw) if told else b"\n" in raw.strip() and is_toml(raw)):
        return None
    return Decoded("TOML", as_text(raw, Syntax.TOML))


def _yaml(raw: bytes, asked: Asked, told: bool) -> Decoded | None:
    return Decoded("YAML", as_text(raw, Syntax.YAML)) if is_text(raw) and (told or looks_like_yaml(raw)) else None


def _text(raw: bytes, asked: Asked, told: bool) -> Decoded | None:
    return Decoded("text", as_text(raw)) if told or is_text(raw) else None


def _protobuf(raw: bytes, asked: Asked, told: bool) -> Decoded | None:
    """By the type that was given, of the object within where the value is a Kubernetes one; else by guesses."""
    data = _message_in(raw)
    if asked.schema is not None and (text := asked.schema.text(data)) is not None:
        return Decoded(f"protobuf {asked.schema.name}", as_text(text, Syntax.YAML))
    if not told or (guessed := protobuf.message(data)) is None:
        return None
    return Decoded("protobuf, inferred", Lines(protobuf.bounded(protobuf.tree(guessed)), Syntax.YAML))


def _message_in(raw: bytes) -> bytes:
    found = envelope(raw) if raw.startswith(ENVELOPE) else None
    return found.object if found else raw


def _hex(raw: bytes, asked: Asked, told: bool) -> Decoded | None:
    return Decoded("hex" if told else "binary", Hex(raw))


# -- which are offered ---------------------------------------------------------------------------------------


def _may_be_json(raw: bytes) -> bool:
    return raw.lstrip()[:1] in (b"{", b"[")


def _may_be_cbor(raw: bytes, asked: Asked) -> bool:
    is_container = 0x80 <= raw[0] < 0xC0  # an array or a map
    return raw.startswith(cbor.SELF_DESCRIBED) or (is_container and len(raw) <= _CBOR_BYTES and bool(cbor.tokens(raw)))


def _may_be_protobuf(raw: bytes, asked: Asked) -> bool:
    is_offered = asked.schema is not None or not is_text(raw)
    return is_offered and protobuf.message(_message_in(raw)) is not None


def _is_json(raw: bytes, asked: Asked) -> bool:
    return _may_be_json(raw) and (is_too_much(raw) or tokens(raw) is not None)


_PLAIN = ("text", "yaml", "toml")
_CHAIN: tuple[Form, ...] = (
    Form("kubernetes", _kubernetes, lambda raw, _: raw.startswith((ENVELOPE, ENCRYPTED))),
    Form("gzip", _gzip, lambda raw, _: raw.startswith(packed.GZIP)),
    Form("zstd", _zstd, lambda raw, _: raw.startswith(packed.ZSTD)),
    Form("json", _json, _is_json),
    Form("cbor", _cbor, _may_be_cbor),
    Form("base64", _base64, lambda raw, _: packed.base64(raw) is not None),
    Form("toml", _toml, lambda raw, _: is_text(raw) and is_toml(raw)),
    Form("yaml", _yaml, lambda raw, _: is_text(raw) and looks_like_yaml(raw)),
    Form("text", _text, lambda raw, _: is_text(raw)),
    Form("protobuf", _protobuf, _may_be_protobuf),
    Form("hex", _hex, lambda raw, _: True),
)
_NAMED = {form.name: form for form in _CHAIN}
FORMS: tuple[str, ...] = tuple(_NAMED)
