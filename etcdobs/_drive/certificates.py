"""Decides when certificates given as files are read again, and that only such are used as make sense together."""

import ssl
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TypeAlias

from etcdobs._drive.leaf import present_own_certificate
from etcdobs._drive.log import Log
from etcdobs.config import TLS

# Seconds between looks at the files, which take place when a call is made.
LOOK_EVERY = 1.0

# Of each file: when it was written, its size, its inode; nothing where there is none.
_Traits: TypeAlias = tuple[tuple[int, ...], ...]


class Certificates:
    """What a client trusts and shows now. Thread-safe.

    Files that are half-written, or do not belong together, are left alone until they change again.
    """

    def __init__(self, tls: TLS, log: Log) -> None:
        self._given = tls
        self._paths = tls.paths
        self._log = log
        self._lock = Lock()
        self._look_at = 0.0
        self._seen: _Traits = ()
        self._current: TLS | None = None

    def current(self) -> TLS:
        """The certificates to connect with, as bytes."""
        with self._lock:
            if self._current is None:
                self._seen = self._traits()
                self._current = _read(self._given)
            return self._current

    def have_changed(self, now: float) -> bool:
        """True once when there are others to connect with; the files are looked at every LOOK_EVERY seconds at most."""
        if now < self._look_at or not self._paths or not self._lock.acquire(blocking=False):
            return False
        try:
            self._look_at = now + LOOK_EVERY
            return self._current is not None and self._look()
        finally:
            self._lock.release()

    def _look(self) -> bool:
        traits = self._traits()
        if traits == self._seen:
            return False
        self._seen = traits
        try:
            read = _read(self._given)
            _check(self._given)
        except (OSError, ValueError) as problem:
            self._log.tell("certificates_unusable", files=self._names(), problem=str(problem))
            return False
        if self._traits() != traits:  # being written: what was read and what was checked may differ
            self._seen = ()
            return False
        changed, self._current = read != self._current, read
        if changed:
            self._log.tell("certificates_reloaded", files=self._names())
        return changed

    def _traits(self) -> _Traits:
        return tuple(map(_traits_of, self._paths))

    def _names(self) -> str:
        return ",".join(map(str, self._paths))


def _traits_of(path: Path) -> tuple[int, ...]:
    try:
        stat = path.stat()
    except OSError:
        return ()
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _read(tls: TLS) -> TLS:
    return replace(tls, ca=tls.read("ca"), cert=tls.read("cert"), key=tls.read("key"))


def _check(tls: TLS) -> None:
    """Raises OSError or ValueError unless TLS could be spoken with these."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authorities = tls.read("ca")
    if authorities is not None:
        context.load_verify_locations(cadata=authorities.decode())
    present_own_certificate(context, tls)
