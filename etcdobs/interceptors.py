"""The interceptors under their public name: metrics and spans for any gRPC channel."""

from etcdobs.observe import aio_client_interceptors, client_interceptors

__all__ = ["aio_client_interceptors", "client_interceptors"]
