"""Decides how etcd's messages enter the process: from one descriptor set, into a pool that nobody else sees.

Generated `_pb2` modules register in protobuf's default pool, where two etcd libraries clash, and refuse to load
under another protobuf than they were made for; a descriptor set does neither.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pkgutil import get_data
from types import MappingProxyType
from typing import Any, Literal

from google.protobuf.descriptor import Descriptor, FileDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from etcdobs._wire.columns import parsers

__all__ = ["RPCS", "Rpc", "RpcKind", "package", "rpc"]

RpcKind = Literal["unary", "client_stream", "server_stream", "bidi_stream"]

_KINDS: Mapping[tuple[bool, bool], RpcKind] = {
    (False, False): "unary",
    (True, False): "client_stream",
    (False, True): "server_stream",
    (True, True): "bidi_stream",
}


@dataclass(frozen=True, slots=True)
class Rpc:
    """One method of a gRPC service, with the two message types that it carries."""

    path: str
    """What goes into the HTTP/2 `:path`: `/etcdserverpb.KV/Put`."""
    service: str
    """The full name of the service: `etcdserverpb.KV`."""
    method: str
    """The name within the service: `Put`."""
    request: type[Message]
    response: type[Message]
    client_streaming: bool
    server_streaming: bool
    parse: Callable[[bytes], Any]
    """Makes an answer of bytes: a `response`, or the same by columns where it is large (`etcdobs._wire.columns`)."""

    @property
    def kind(self) -> RpcKind:
        """The method's type, spelled as gRPC's metrics spell it."""
        return _KINDS[self.client_streaming, self.server_streaming]


def _load(pool: DescriptorPool) -> Mapping[str, FileDescriptor]:
    """The files of the descriptor set, by the package that each declares."""
    data = get_data(__name__, "etcd.binpb")
    assert data is not None, "the package's loader cannot read data files"
    files: dict[str, FileDescriptor] = {}
    for file in FileDescriptorSet.FromString(data).file:
        pool.AddSerializedFile(file.SerializeToString())
        files[file.package] = pool.FindFileByName(file.name)
    return files


def _message_class(descriptor: Descriptor) -> type[Message]:
    cls = GetMessageClass(descriptor)
    # Pickle looks a class up by module and name; the factory leaves the module unset.
    cls.__module__ = f"{__name__}.{descriptor.file.package}"
    return cls


def _service_rpcs(service: ServiceDescriptor) -> Iterator[Rpc]:
    method: MethodDescriptor
    for method in service.methods:
        path = f"/{service.full_name}/{method.name}"
        response = _CLASSES[method.output_type.full_name]
        yield Rpc(
            path=path,
            service=service.full_name,
            method=method.name,
            request=_CLASSES[method.input_type.full_name],
            response=response,
            client_streaming=method.client_streaming,
            server_streaming=method.server_streaming,
            parse=_PARSERS.get(path, response.FromString),
        )


def package(name: str) -> Mapping[str, object]:
    """What a generated module of that protobuf package would hold: message classes, enums, their values, DESCRIPTOR."""
    file = _FILES[name]
    names: dict[str, object] = {"DESCRIPTOR": file}
    names.update((message, _CLASSES[f"{name}.{message}"]) for message in file.message_types_by_name)
    for enum in file.enum_types_by_name.values():
        names[enum.name] = EnumTypeWrapper(enum)
        names.update((value.name, value.number) for value in enum.values)
    return names


def rpc(name: str) -> Rpc:
    """The method of that full name, `etcdserverpb.KV/Put`; KeyError when etcd has none of that name."""
    try:
        return RPCS[name]
    except KeyError:
        raise KeyError(
            f"etcd has no RPC {name!r}; a name is package.Service/Method, such as etcdserverpb.KV/Put"
        ) from None


_POOL = DescriptorPool()
_FILES = _load(_POOL)
_CLASSES = {
    message.full_name: _message_class(message)
    for file in _FILES.values()
    for message in file.message_types_by_name.values()
}
_PARSERS = parsers(_POOL, _FILES)

RPCS: Mapping[str, Rpc] = MappingProxyType(
    {
        method.path.removeprefix("/"): method
        for file in _FILES.values()
        for service in file.services_by_name.values()
        for method in _service_rpcs(service)
    }
)
"""Every method that etcd serves, by its full name (`etcdserverpb.KV/Put`), in the order of the .proto files."""
