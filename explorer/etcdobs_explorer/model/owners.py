"""Decides who probably holds a lease, by the shape of the keys on it: always a guess, and called one."""

import re
from collections.abc import Callable, Sequence

from . import units

_ADDRESS = re.compile(rb"^(?:\[[0-9a-fA-F:]+\]|[\w.-]+):\d{2,5}$|^\d{1,3}(?:\.\d{1,3}){3}$")
_SERVICES = frozenset((b"services", b"service", b"endpoints", b"nodes", b"workers", b"instances", b"registry"))
_LEADERS = frozenset((b"leader", b"master", b"election", b"owner", b"primary"))

Guess = Callable[[int, Sequence[bytes]], bytes]


def owner(id: int, keys: Sequence[bytes]) -> bytes:
    """Who probably holds a lease with these keys (some of them will do); b"" where nothing tells."""
    guesses = (guess(id, keys) for guess in _GUESSES) if keys else ()
    return next(filter(None, guesses), b"")


def _held(id: int, keys: Sequence[bytes]) -> bytes:
    """Locks and elections of clientv3 and of those after its example: the key is a name, and the lease's id."""
    name, _, last = keys[0].rpartition(b"/")
    return b"lock or election %s" % name if name and last == units.hex_id(id).encode() else b""


def _kubernetes(id: int, keys: Sequence[bytes]) -> bytes:
    parts = keys[0].split(b"/")
    if len(parts) < 3 or parts[0] or parts[1] not in (b"registry", b"kubernetes.io", b"openshift.io"):
        return b""
    resource, name = parts[2], parts[-1]
    if resource == b"events":
        return b"Kubernetes events"
    return b"Kubernetes API server %s" % name if resource == b"masterleases" else b"Kubernetes %s" % resource


def _known(id: int, keys: Sequence[bytes]) -> bytes:
    parts = keys[0].split(b"/")
    if keys[0].startswith(b"/coreos.com/network/subnets/"):
        return b"flannel subnet %s" % parts[-1]
    if keys[0].startswith(b"/calico/"):
        return b"Calico"
    if b"/meta/session/" in keys[0]:
        return b"Milvus %s" % parts[-1]
    if keys[0].startswith((b"/topology/", b"/tidb/")):
        return b"TiDB %s" % parts[2] if len(parts) > 2 else b"TiDB"
    if keys[0].startswith((b"/service/", b"/db/", b"/patroni/")) and parts[-1] in (b"leader", b"failover"):
        return b"Patroni %s" % parts[2] if len(parts) > 3 else b""
    return b""


def _registered(id: int, keys: Sequence[bytes]) -> bytes:
    """A service that says where it is: the key ends with an address, or lies among services."""
    *above, last = keys[0].strip(b"/").split(b"/")
    if not above:
        return b""
    if _ADDRESS.match(last):
        return b"service %s" % above[-1]
    lowered = [part.lower() for part in above]
    among = next((at for at, part in enumerate(lowered) if part in _SERVICES), None)
    if among is None:
        return b""
    return b"service %s" % [*above, last][among + 1]


def _led(id: int, keys: Sequence[bytes]) -> bytes:
    *above, last = keys[0].strip(b"/").split(b"/")
    return b"leader of %s" % b"/".join(above) if above and last.lower() in _LEADERS else b""


_GUESSES: tuple[Guess, ...] = (_held, _kubernetes, _known, _registered, _led)
