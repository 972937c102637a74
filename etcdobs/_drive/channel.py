"""Decides the options and the credentials of the channel to one endpoint (see docs/decisions/endpoints.md)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import grpc

from etcdobs._steps import Session
from etcdobs._wire import Rpc
from etcdobs.config import TLS, Endpoint, refuse_plaintext

Options: TypeAlias = tuple[tuple[str, Any], ...]
Secured: TypeAlias = tuple[grpc.ChannelCredentials, Options]
"""The credentials of a channel, and the options that go with them."""
Senders: TypeAlias = dict[tuple[str, str], Callable[..., Any]]
"""What sends an RPC to an endpoint, by the address of the one and the path of the other."""

# A server answers pings that come faster than this with GOAWAY "too_many_pings".
LEAST_KEEPALIVE_TIME = 5.0
LONGEST_DRAIN = 10.0
# Connections that are kept to endpoints that are not the client's own, such as one whose status was asked for.
MOST_STRANGERS = 8


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What all channels of a client have in common."""

    tls: TLS | None = None
    dial_timeout: float = 5.0
    keepalive_time: float = 30.0
    keepalive_timeout: float = 10.0
    max_send_bytes: int = 2 * 1024 * 1024
    max_receive_bytes: int = 2**31 - 1
    options: Options = field(default=())

    def is_secure(self, endpoint: Endpoint) -> bool:
        """True when this endpoint is spoken to in TLS: its scheme decides, else whether there is a `TLS`.

        Raises:
            ValueError: its scheme says plain text, the client has certificates, and may not speak both.
        """
        refuse_plaintext((endpoint,), self.tls)
        return endpoint.secure if endpoint.secure is not None else self.tls is not None

    def dial_seconds(self, timeout: float | None) -> float:
        """How long a connection may take for a call that has so many seconds."""
        return self.dial_timeout if timeout is None else min(timeout, self.dial_timeout)

    def pins(self, endpoint: Endpoint) -> bool:
        """True when it is spoken to in TLS that trusts the certificate it showed, and no other."""
        return self.tls is not None and not self.tls.verify and self.is_secure(endpoint)

    def channel_options(self, endpoints: int) -> Options:
        """gRPC's channel options; what the user gave wins."""
        # One endpoint that swallows the connection must leave time for the others.
        connect_ms = int(1000 * max(self.dial_timeout / max(1, endpoints), min(1.0, self.dial_timeout)))
        keepalive_timeout_ms = int(self.keepalive_timeout * 1000)
        ours: Options = (
            ("grpc.primary_user_agent", _user_agent()),
            ("grpc.keepalive_time_ms", int(self.keepalive_time * 1000)),
            ("grpc.keepalive_timeout_ms", keepalive_timeout_ms),
            ("grpc.http2.ping_timeout_ms", keepalive_timeout_ms),
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.keepalive_permit_without_calls", 0),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", connect_ms),
            ("grpc.max_reconnect_backoff_ms", 1000),
            ("grpc.enable_http_proxy", 0),
            # Every client has connections of its own: one that is closed takes no other's calls with it.
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_send_message_length", self.max_send_bytes),
            ("grpc.max_receive_message_length", self.max_receive_bytes),
        )
        # Each name once: of two gRPC takes the first.
        return tuple((dict(ours) | dict(self.options)).items())


def checked_interceptors(interceptors: tuple[Any, ...], kinds: tuple[type, ...]) -> tuple[Any, ...]:
    """`interceptors`, when each is of one of the `kinds` that its client takes.

    Raises:
        TypeError: one is not; the message names it.
    """
    for interceptor in interceptors:
        if not isinstance(interceptor, kinds):
            module = "grpc.aio" if kinds[0].__module__.startswith("grpc.aio") else "grpc"
            names = ", ".join(f"{module}.{kind.__name__}" for kind in kinds)
            raise TypeError(f"interceptors: {type(interceptor).__qualname__} is none of {names}")
    return interceptors


def multicallable(channel: Any, rpc: Rpc, *, intercepted: bool) -> Callable[..., Any]:
    """What sends `rpc` over a channel, a blocking one or one of asyncio's."""
    arities: dict[str, Callable[..., Callable[..., Any]]] = {
        "unary": channel.unary_unary,
        "server_stream": channel.unary_stream,
        "bidi_stream": channel.stream_stream,
    }
    # What a user's interceptor sees is the message itself.
    parse = rpc.response.FromString if intercepted else rpc.parse
    return arities[rpc.kind](rpc.path, rpc.request.SerializeToString, parse)


def strangers(connected: Iterable[str], endpoints: tuple[Endpoint, ...]) -> set[str]:
    """Which of the connections, the oldest first, to let go: each call that names an endpoint may need another."""
    known = {endpoint.address for endpoint in endpoints}
    return set([address for address in tuple(connected) if address not in known][:-MOST_STRANGERS])


def time_left(timeout: float | None, passed: float) -> float | None:
    """What is left of a call's timeout; never so little that gRPC would take it for none."""
    return None if timeout is None else max(0.001, timeout - passed)


def drain_seconds(session: Session) -> float:
    """How long a channel that is given up waits for what is under way on it."""
    return LONGEST_DRAIN if session.timeout is None else session.timeout


def _user_agent() -> str:
    from etcdobs import __version__  # noqa: PLC0415  # the package's own front door, not loaded when this is

    return f"etcdobs/{__version__}"


def credentials(tls: TLS, root: bytes | None = None) -> grpc.ChannelCredentials:
    """gRPC's credentials; `root` replaces the certificates to trust."""
    return grpc.ssl_channel_credentials(
        root_certificates=root or tls.read("ca"), private_key=tls.read("key"), certificate_chain=tls.read("cert")
    )


def name_override(name: str | None) -> Options:
    """The options that make gRPC expect `name` in the server's certificate."""
    if name is None:
        return ()
    return (("grpc.ssl_target_name_override", name), ("grpc.default_authority", name))
