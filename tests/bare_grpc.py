"""Calls an etcd as gRPC itself does, without the client."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import rpc
from etcdobs.testing import (
    Certificates,
    Etcd,
)


def trust(certs: Certificates, *, show: bool) -> grpc.ChannelCredentials:
    own = (certs.client_key.read_bytes(), certs.client_cert.read_bytes()) if show else (None, None)
    return grpc.ssl_channel_credentials(certs.ca.read_bytes(), *own)


@contextmanager
def channel(server: Etcd, credentials: grpc.ChannelCredentials | None = None) -> Iterator[grpc.Channel]:
    target = f"127.0.0.1:{server.port}"
    options = [("grpc.enable_http_proxy", 0)]
    opened = (
        grpc.insecure_channel(target, options)
        if credentials is None
        else grpc.secure_channel(target, credentials, options)
    )
    with opened:
        yield opened


def ask(opened: grpc.Channel, name: str, request: Any) -> Any:
    method = rpc(name)
    call = opened.unary_unary(
        method.path,
        request_serializer=method.request.SerializeToString,
        response_deserializer=method.response.FromString,
    )
    return call(request, timeout=10, wait_for_ready=True)


def put(opened: grpc.Channel, key: str, value: str) -> None:
    ask(opened, "etcdserverpb.KV/Put", pb.PutRequest(key=key.encode(), value=value.encode()))


def get(opened: grpc.Channel, key: str) -> list[bytes]:
    reply = ask(opened, "etcdserverpb.KV/Range", pb.RangeRequest(key=key.encode()))
    return [kv.value for kv in reply.kvs]
