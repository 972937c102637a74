"""Decides which keys a request is about: one key, or a half-open range of them, as bytes."""

from dataclasses import dataclass
from typing import TypeGuard

from etcdobs.errors import EmptyKeyError

__all__ = ["Keys", "as_bytes", "as_key", "as_keys", "as_value"]

# etcd's own spelling of "to the last key there is".
_END_OF_ALL = b"\0"
_FIRST_KEY = b"\0"


@dataclass(frozen=True, slots=True)
class Keys:
    """A set of keys: one key, or the range from `start` up to but not including `end`.

    Make one with `Keys.prefix`, `Keys.from_key`, `Keys.between` or `Keys.all`. Wherever a method takes `keys`, a
    plain `str` or `bytes` is the one key of that name.

    Raises:
        TypeError: `start` or `end` is not bytes.
    """

    start: bytes
    end: bytes = b""

    def __post_init__(self) -> None:
        for name, bound in (("start", self.start), ("end", self.end)):
            if not isinstance(bound, bytes):
                raise TypeError(f"Keys: {name} must be bytes, not {type(bound).__name__}; Keys.prefix takes str too")

    @classmethod
    def one(cls, key: str | bytes) -> "Keys":
        """The one key of this name."""
        return cls(as_key(key))

    @classmethod
    def prefix(cls, prefix: str | bytes) -> "Keys":
        """Every key that begins with `prefix`; with an empty prefix every key there is.

        A directory is `prefix + separator`: `Keys.prefix("/a")` also holds `/ab`.
        """
        start = as_bytes("prefix", prefix)
        return cls(start, _after_prefix(start)) if start else cls.all()

    @classmethod
    def from_key(cls, key: str | bytes) -> "Keys":
        """`key` and every key after it; an empty `key` begins at the first key there is."""
        return cls(as_bytes("key", key) or _FIRST_KEY, _END_OF_ALL)

    @classmethod
    def between(cls, start: str | bytes, end: str | bytes) -> "Keys":
        """Every key from `start` up to but not including `end`.

        Raises:
            ValueError: `end` is empty, or does not sort after `start`.
        """
        first, last = as_bytes("start", start) or _FIRST_KEY, as_bytes("end", end)
        if not last:
            raise ValueError("end is empty: use Keys.from_key(start) for all keys from start on")
        if last <= first:
            raise ValueError(f"end {last!r} does not sort after start {first!r}: the range would hold no key")
        return cls(first, last)

    @classmethod
    def all(cls) -> "Keys":
        """Every key there is."""
        return cls(_FIRST_KEY, _END_OF_ALL)

    @property
    def is_single(self) -> bool:
        """True when this is one key, False when it is a range."""
        return not self.end

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str) and not _is_bytes(key):
            return False
        name = as_bytes("key", key)
        if self.is_single:
            return name == self.start
        return name >= self.start and (self.end == _END_OF_ALL or name < self.end)


def _after_prefix(prefix: bytes) -> bytes:
    """The first key after all that begin with `prefix` (trailing 0xff cannot be incremented: it is cut off)."""
    trimmed = prefix.rstrip(b"\xff")
    if not trimmed:
        return _END_OF_ALL
    return trimmed[:-1] + bytes([trimmed[-1] + 1])


def _is_bytes(text: object) -> "TypeGuard[bytes | bytearray | memoryview[int]]":
    return isinstance(text, (bytes, bytearray, memoryview))


def as_bytes(what: str, text: object) -> bytes:
    """`text` as bytes, str as UTF-8; raises TypeError, which says `what` it is, when it is neither."""
    if type(text) is bytes:
        return text
    if isinstance(text, str):
        return text.encode()
    if _is_bytes(text):
        return bytes(text)
    raise TypeError(f"{what} must be str or bytes, not {type(text).__name__}")


def as_key(key: object) -> bytes:
    """One key as bytes.

    Raises:
        TypeError: it is neither str nor bytes.
        EmptyKeyError: it is empty (also a ValueError).
    """
    # Of what is asked by the million, without another call.
    name = key.encode() if type(key) is str else key if type(key) is bytes else _bytes_of_key(key)
    if not name:
        raise EmptyKeyError("key is not provided: it is empty")
    return name


def _bytes_of_key(key: object) -> bytes:
    if isinstance(key, Keys):
        raise TypeError(f"one key is wanted here, not a range of keys: {key!r}")
    return as_bytes("key", key)


def as_keys(keys: object) -> Keys:
    """One key or a `Keys` as a `Keys`; raises as `as_key` does."""
    if isinstance(keys, Keys):
        if not keys.start:
            raise EmptyKeyError("key is not provided: it is empty")
        return keys
    if isinstance(keys, str) or _is_bytes(keys):
        return Keys(as_key(keys))
    raise TypeError(f"keys must be str, bytes or Keys, not {type(keys).__name__}")


def as_value(value: object) -> bytes:
    """A value as bytes; raises TypeError when it is neither str nor bytes."""
    # As of a key: without another call.
    return value if type(value) is bytes else value.encode() if type(value) is str else as_bytes("value", value)
