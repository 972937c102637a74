"""Decides how a message reads by a descriptor set that the reader gives: in a pool of its own, read only when asked."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FILE_BYTES = 64 * 1024 * 1024
_READ_BYTES = 8 * 1024 * 1024


class SchemaError(Exception):
    """The descriptor set cannot be used; the text says why, and what would do."""


@dataclass(frozen=True)
class Schema:
    """A message type; `name` is its full name, `path` the file it came from."""

    name: str
    path: str
    _type: Any

    def text(self, data: bytes) -> bytes | None:
        """A message in protobuf's text format; None where `data` is none of that type, or over 8 MiB."""
        from google.protobuf import text_format  # noqa: PLC0415 - needed by who gives descriptors
        from google.protobuf.message import DecodeError  # noqa: PLC0415 - likewise

        if len(data) > _READ_BYTES:
            return None
        try:
            message = self._type.FromString(data)
            text = text_format.MessageToString(message, as_utf8=True, print_unknown_fields=True)
        except (DecodeError, ValueError, RecursionError):
            return None
        return text.encode("utf-8", "surrogatepass")


def load(path: str, message: str) -> Schema:
    """A message type of a file that `protoc --include_imports --descriptor_set_out` wrote. Raises SchemaError."""
    try:
        from google.protobuf import descriptor_pool, message_factory  # noqa: PLC0415 - likewise
    except ImportError:
        raise SchemaError("descriptors need protobuf: pip install etcdobs[explorer]") from None
    pool = descriptor_pool.DescriptorPool()
    names = _add(pool, _files(path))
    try:
        found = pool.FindMessageTypeByName(message)
    except KeyError:
        near = difflib.get_close_matches(message, names, 3, 0.4) or sorted(names)[:3]
        raise SchemaError(f"no message {message!r} in {path}; it has {', '.join(near) or 'none'}") from None
    return Schema(message, path, message_factory.GetMessageClass(found))


def _files(path: str) -> Mapping[str, Any]:
    """The files of a descriptor set by name."""
    from google.protobuf import descriptor_pb2  # noqa: PLC0415 - likewise
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - likewise

    try:
        file = Path(path).expanduser()
        if file.stat().st_size > _FILE_BYTES:
            raise SchemaError(f"{path} is over 64 MiB: that is no descriptor set")
        found = descriptor_pb2.FileDescriptorSet.FromString(file.read_bytes())
    except (OSError, RuntimeError) as error:
        raise SchemaError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    except (DecodeError, ValueError):
        raise SchemaError(f"{path} is no descriptor set: make one with protoc --descriptor_set_out") from None
    if not found.file:
        raise SchemaError(f"{path} has no descriptors: make them with protoc --descriptor_set_out")
    return {each.name: each for each in found.file}


def _add(pool: Any, files: Mapping[str, Any]) -> list[str]:
    """Put files into a pool, each after those it imports; answers the names of their messages."""
    waiting = dict(files)
    names: list[str] = []
    while waiting:
        ready = [name for name, file in waiting.items() if not any(each in waiting for each in file.dependency)]
        if not ready:
            raise SchemaError("the descriptors import each other in a circle")
        for name in ready:
            file = waiting.pop(name)
            try:
                pool.Add(file)
            except TypeError as error:
                raise SchemaError(f"{name} cannot be used ({error}): was it made with --include_imports?") from error
            names += [f"{file.package}.{each.name}".lstrip(".") for each in file.message_type]
    return names
