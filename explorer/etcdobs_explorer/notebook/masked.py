"""Decides what of a value must not be shown: the data of Kubernetes Secrets, whatever form they are stored in."""

import json
import re
from typing import Any, cast

from etcdobs_explorer.model.kubernetes import ENVELOPE, envelope
from etcdobs_explorer.model.value import Asked, Hex
from etcdobs_explorer.model.value import decode as read_value

MASK = "••••••"
_FIELDS = ("data", "stringData")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]{40,}={0,2}\s*")
_YAML_SECRET = re.compile(rb"^(?:- )?kind:[ \t]*[\"']?Secret(?:List)?[\"']?[ \t\r]*$", re.M)
_JSON_BYTES = 2 * 1024 * 1024


def without_secrets(raw: bytes) -> bytes | None:
    """The value with what is secret in it masked; None where nothing of it may be shown."""
    if raw.startswith(ENVELOPE):
        found = envelope(raw)
        return None if found is None or found.kind == b"Secret" else raw
    if raw.startswith(_PACKED) or _BASE64.fullmatch(raw):
        return None if _is_secret_within(raw) else raw
    return _masked_text(raw)


def _masked_text(raw: bytes) -> bytes | None:
    if b"Secret" not in raw:
        return raw
    if raw.lstrip()[:1] in (b"{", b"["):
        return _masked_json(raw)
    return None if _YAML_SECRET.search(raw) else raw


def _is_secret_within(raw: bytes) -> bool:
    """Whether what was packed, or spelled in base64, is a Secret."""
    decoded = read_value(raw, Asked(reveal=True))
    if decoded.is_secret or isinstance(decoded.body, Hex):
        return decoded.is_secret
    laid_out = b"\n".join(decoded.body.lines)
    return _masked_text(laid_out) is not laid_out


def _masked_json(raw: bytes) -> bytes | None:
    if len(raw) > _JSON_BYTES:
        return None
    try:
        held = json.loads(raw)
    except (ValueError, RecursionError):
        return raw
    hidden: Any = held
    if raw.lstrip()[:1] == b"[":
        hidden = [_masked(item) if _is_secret(item) else item for item in held]
    elif _is_secret(held):
        hidden = _masked(held)
    return raw if hidden == held else json.dumps(hidden, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _is_secret(held: Any) -> bool:
    if not isinstance(held, dict):
        return False
    fields = cast("dict[str, Any]", held)
    kind, items = fields.get("kind"), fields.get("items")
    return kind == "Secret" or (kind in ("SecretList", "List") and isinstance(items, list) and items != [])


def _masked(held: Any) -> Any:
    if isinstance(held.get("items"), list):
        return held | {"items": [_masked(item) if isinstance(item, dict) else item for item in held["items"]]}
    if held.get("kind", "Secret") != "Secret":
        return held
    hidden = {field: _each_masked(held[field]) for field in _FIELDS if field in held}
    return held | hidden | _without_last_applied(held)


def _each_masked(values: Any) -> Any:
    names: Any = values
    return dict.fromkeys(names, MASK) if isinstance(values, dict) else MASK


def _without_last_applied(held: Any) -> dict[str, Any]:
    """kubectl keeps a copy of what was applied, data and all, among the annotations."""
    metadata: Any = held.get("metadata")
    annotations = cast("dict[str, Any]", metadata).get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(annotations, dict) or _LAST_APPLIED not in annotations:
        return {}
    return {"metadata": metadata | {"annotations": annotations | {_LAST_APPLIED: MASK}}}
