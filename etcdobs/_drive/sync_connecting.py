"""Waits by blocking for what connecting takes: the certificate that a server shows."""

from typing import Any

import grpc

from etcdobs._drive.channel import Options, Secured, credentials, name_override
from etcdobs._drive.leaf import fetch_leaf
from etcdobs.config import TLS, Endpoint

INTERCEPTORS = (
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
)
"""What a client takes as an interceptor."""


def secured(endpoint: Endpoint, tls: TLS, seconds: float) -> Secured:
    """The credentials for a channel to `endpoint`, and the options that go with them."""
    if tls.verify:
        return credentials(tls), name_override(tls.server_name)
    leaf = fetch_leaf(endpoint, tls, seconds)
    return credentials(tls, leaf.pem), name_override(leaf.name)


def connected(
    endpoint: Endpoint, options: Options, secure: Secured | None, interceptors: tuple[Any, ...]
) -> grpc.Channel:
    """A channel to `endpoint`; in plain text where `secure` is None."""
    if secure is None:
        channel = grpc.insecure_channel(endpoint.target, options)
    else:
        channel = grpc.secure_channel(endpoint.target, secure[0], (*options, *secure[1]))
    return grpc.intercept_channel(channel, *interceptors) if interceptors else channel
