"""Decides what a span's attributes are called, by OpenTelemetry's conventions, and what a gRPC target says of them."""

import os
from ipaddress import ip_address
from typing import Final, TypeAlias

__all__ = ["SCHEMA_URL", "Attribute", "Attributes", "Etcd", "Former", "call_attributes", "wants_former"]

Attributes: TypeAlias = dict[str, str | int]

SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.44.0"


class Attribute:
    """The span attributes of the RPC conventions' version in SCHEMA_URL. The only place that spells them."""

    SYSTEM: Final = "rpc.system.name"
    METHOD: Final = "rpc.method"
    STATUS: Final = "rpc.response.status_code"
    ADDRESS: Final = "server.address"
    PORT: Final = "server.port"
    PEER_ADDRESS: Final = "network.peer.address"
    PEER_PORT: Final = "network.peer.port"
    ERROR: Final = "error.type"


class Former:
    """What the conventions called them up to 1.37; `rpc.method`, which now holds both parts, keeps its new value."""

    SYSTEM: Final = "rpc.system"
    SERVICE: Final = "rpc.service"
    STATUS: Final = "rpc.grpc.status_code"


class Etcd:
    """What no convention names."""

    ATTEMPT: Final = "etcd.attempt"
    RETRIES: Final = "etcd.retries"
    KEY: Final = "etcd.key"
    REVISION: Final = "etcd.revision"
    EVENTS: Final = "etcd.watch.events"
    CAUSE: Final = "etcd.watch.cause"
    WATCHERS: Final = "etcd.watch.watchers"
    LEASE: Final = "etcd.lease.id"


def wants_former() -> bool:
    """Whether OTEL_SEMCONV_STABILITY_OPT_IN asks for the former attributes beside the present ones (`rpc/dup`)."""
    wanted = os.environ.get("OTEL_SEMCONV_STABILITY_OPT_IN", "")
    return "rpc/dup" in {word.strip() for word in wanted.split(",")}


def call_attributes(method: str, target: str, *, former: bool) -> Attributes:
    """What is known of a call of `method` (`service/method`) on a channel's `target` before it is made."""
    attributes: Attributes = {
        Attribute.SYSTEM: "grpc",
        Attribute.METHOD: method,
        **_server(target),
    }
    if former:
        attributes |= {Former.SYSTEM: "grpc", Former.SERVICE: method.rpartition("/")[0]}
    return attributes


def _server(target: str) -> Attributes:
    """`server.*` of a gRPC target, by the conventions' rule for gRPC, and `network.peer.*` where it names the peer."""
    if not target:
        return {}
    scheme, _, rest = target.partition(":")
    if scheme in {"unix", "unix-abstract"}:
        path = rest.removeprefix("//")
        return {Attribute.ADDRESS: path, Attribute.PEER_ADDRESS: path}
    endpoint = _endpoint(target)
    if "," in endpoint:
        return {Attribute.ADDRESS: target}
    return _address_and_port(endpoint)


def _endpoint(target: str) -> str:
    scheme, separator, rest = target.partition("://")
    if separator:  # scheme://authority/endpoint
        return rest.partition("/")[2] or rest
    scheme, _, rest = target.partition(":")
    return rest if scheme in {"dns", "ipv4", "ipv6"} else target


def _address_and_port(path: str) -> Attributes:
    host, colon, port = path.rpartition(":")
    if not colon or not port.isdecimal() or (":" in host and not host.endswith("]")):
        host = path.strip("[]")
        return dict.fromkeys((Attribute.ADDRESS, Attribute.PEER_ADDRESS)[: 1 + _is_literal(host)], host)
    host = host.strip("[]")
    server: Attributes = {Attribute.ADDRESS: host, Attribute.PORT: int(port)}
    # gRPC tells a client nothing of its connections: the peer is known where the target is one.
    return server | {Attribute.PEER_ADDRESS: host, Attribute.PEER_PORT: int(port)} if _is_literal(host) else server


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
