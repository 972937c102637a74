"""Decides how keys are lines of text: JSON, one key a line, bytes that are not UTF-8 in base64. No I/O.

    {"revision": 7, "start": "/app/", "end": "/app0", "cluster": "cdf818194e3a8c32", "namespace": ""}
                                                          what follows, as of which revision, from where; with
                                                          `"leased": false` without the keys that hang on a lease
    {"key": "/app/a", "value": "text"}
    {"key_base64": "/w==", "value_base64": "AAE="}
    {"count": 2}                                          that was all of it

The first line and the last are there so that a half of it is never taken for the whole; keys need neither. Several such
texts may follow one another. Who goes on with one needs all that is in the first line; who loads it looks at none of
it, so that one which was written before it told the cluster and the namespace is loaded like any other.
"""

import codecs
import json
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from etcdobs.keys import Keys
from etcdobs.types import KeyValue

_text = json.JSONEncoder(ensure_ascii=False).encode
# Looks for no blanks around it, which is two thirds of the time of `decode`.
_json = json.JSONDecoder().raw_decode
# Around JSON; any other makes it none.
_BLANKS = " \t\n\r"
_GZIP = b"\x1f\x8b"
_FORMS = ("key", "key_base64", "value", "value_base64")


def _member(name: str, data: bytes) -> str:
    try:
        return f'"{name}": {_text(data.decode())}'
    except UnicodeDecodeError:
        return f'"{name}_base64": "{b64encode(data).decode()}"'


@dataclass(frozen=True, slots=True)
class Heading:
    """What the line before the keys tells of them.

    Attributes:
        revision: that they are as of.
        keys: the range.
        namespace: that the range is in.
        cluster: its id, as etcd prints it; None where that is not told.
        leased: whether those that hang on a lease are among them.
    """

    revision: int
    keys: Keys
    namespace: bytes
    cluster: str | None
    leased: bool = True


def heading(told: Heading) -> bytes:
    """The line before the keys."""
    members = [
        f'"revision": {told.revision}',
        _member("start", told.keys.start),
        _member("end", told.keys.end),
        f'"cluster": "{told.cluster}"',
        _member("namespace", told.namespace),
        *([] if told.leased else ['"leased": false']),
    ]
    return f"{{{', '.join(members)}}}\n".encode()


def lines(kvs: Iterable[KeyValue]) -> bytes:
    """A line for each key."""
    return "".join([f"{{{_member('key', kv.key)}, {_member('value', kv.value)}}}\n" for kv in kvs]).encode()


def ending(count: int) -> bytes:
    """The line after so many keys."""
    return f'{{"count": {count}}}\n'.encode()


class Reading:
    """Takes such lines in turn, and says which is wrong in what way.

    Attributes:
        number: of the line that was read last, from 1.
    """

    def __init__(self) -> None:
        self.number = 0
        self._heading = 0
        self._count = 0

    def read(self, line: str | bytes) -> tuple[bytes, bytes] | None:
        """The key and the value of the next line; None where it has none.

        Raises:
            ValueError: the line is none of ours; the message tells its number and what is wrong.
            TypeError: it is neither str nor bytes; likewise.
        """
        self.number += 1
        try:
            if self.number == 1:
                line = _unmarked(line)
            found: dict[str, Any] = _parsed(line)
            key, value = found.get("key"), found.get("value")
            # As nearly all of millions are.
            if key and len(found) == 2 and isinstance(key, str) and isinstance(value, str):
                self._count += 1
                return key.encode(), value.encode()
            return self._other(line, found)
        except (ValueError, TypeError) as error:
            raise ValueError(f"line {self.number}: {error}") from None
        except AttributeError:
            wrong = type(line).__name__
            raise TypeError(f"line {self.number}: a line is str or bytes, a JSON object as text, not {wrong}") from None

    def _other(self, line: str | bytes, found: dict[str, Any]) -> tuple[bytes, bytes] | None:
        if line.isspace() or not line:
            return None
        if "key" in found or "key_base64" in found:
            self._count += 1
            return _key_and_value(found)
        if "revision" in found:
            self.finish()
            self._heading, self._count = self.number, 0
        elif "count" in found:
            self._check(found["count"])
        else:
            raise ValueError(f"no key: {_shown(line)}")
        return None

    def _check(self, count: Any) -> None:
        if self._heading and count != self._count:
            raise ValueError(f"{self._count} keys came since line {self._heading}, and {count!r} were written")
        self._heading = 0

    def skip(self) -> None:
        """Leave the next line out."""
        self.number += 1

    def finish(self) -> None:
        """There are no more lines.

        Raises:
            ValueError: what a first line began has no last line.
        """
        if self._heading:
            raise ValueError(
                f"what begins in line {self._heading} ends after {self._count} keys without a last line that counts "
                "them: there may have been more"
            )


def _unmarked(line: str | bytes) -> str | bytes:
    """The first line of all without the byte order mark that some editors put before it."""
    if isinstance(line, str):
        return line.removeprefix("\ufeff")
    if line.startswith(_GZIP):
        raise ValueError("this is gzip: open it with gzip.open, and load what that returns")
    return line.removeprefix(codecs.BOM_UTF8)


def _parsed(line: str | bytes) -> Any:
    """The dict that the line holds; an empty one where it is blank."""
    found: Any = {}
    try:
        text = (line if isinstance(line, str) else line.decode()).strip(_BLANKS)
        if text and not text.isspace():
            found, end = _json(text)
            if end < len(text):
                raise json.JSONDecodeError("Extra data", text, end)
    except UnicodeDecodeError as error:
        raise ValueError(f"neither UTF-8 nor base64: {error}") from None
    except ValueError as error:
        raise ValueError(f"no JSON: {error}: {_shown(line)}") from None
    except RecursionError:
        raise ValueError(f"nested too deep: {_shown(line)}") from None
    if not isinstance(found, dict):
        raise ValueError(f"no JSON object: {_shown(line)}")
    return found  # pyright: ignore[reportUnknownVariableType]


def _key_and_value(found: dict[str, Any]) -> tuple[bytes, bytes]:
    key, value = _bytes_of(found, "key"), _bytes_of(found, "value")
    if not key:
        raise ValueError("the key is empty")
    if len(found) > 2:
        raise ValueError(f"unknown: {', '.join(repr(name) for name in found if name not in _FORMS)}")
    return key, value


def _bytes_of(found: dict[str, Any], name: str) -> bytes:
    plain, coded = found.get(name), found.get(f"{name}_base64")
    if (plain is None) is (coded is None):
        raise ValueError(f"one of {name!r} and '{name}_base64' is wanted")
    if plain is None:
        try:
            return b64decode(coded, validate=True)  # type: ignore[arg-type]
        except (ValueError, TypeError) as error:
            raise ValueError(f"'{name}_base64' is no base64: {error}") from None
    if not isinstance(plain, str):
        raise TypeError(f"{name!r} must be a string, not {plain!r}")
    return plain.encode()


def heading_of(line: bytes) -> Heading:
    """What a first line tells; where it tells no cluster, as once it did not, its namespace is not known either.

    Raises:
        ValueError: it is none.
    """
    found: dict[str, Any] = _parsed(line)
    revision = found.get("revision")
    if not isinstance(revision, int):
        raise ValueError(f"no revision: {_shown(line)}")
    leased = found.get("leased", True)
    if not isinstance(leased, bool):
        raise ValueError(f"'leased' must be true or false, not {leased!r}")
    cluster = found.get("cluster")
    if cluster is not None and not isinstance(cluster, str):
        raise ValueError(f"'cluster' must be a string, not {cluster!r}")
    try:
        namespace = b"" if cluster is None else _bytes_of(found, "namespace")
        return Heading(revision, Keys(_bytes_of(found, "start"), _bytes_of(found, "end")), namespace, cluster, leased)
    except TypeError as error:
        raise ValueError(str(error)) from None


def _shown(line: str | bytes) -> str:
    return repr(line) if len(line) <= 80 else f"{line[:80]!r}..."
