"""Decides what the raw contenders send: etcd's own messages, made as directly as protobuf makes them."""

from collections.abc import Iterable
from typing import Any

from benchmarks.suite.keyspace import VALUE, end
from etcdobs._wire import etcdserverpb

UNLIMITED = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


def stubs(channel: Any) -> tuple[Any, Any, Any]:
    """Range, Put and Txn."""
    unary = (
        ("Range", etcdserverpb.RangeRequest, etcdserverpb.RangeResponse),
        ("Put", etcdserverpb.PutRequest, etcdserverpb.PutResponse),
        ("Txn", etcdserverpb.TxnRequest, etcdserverpb.TxnResponse),
    )
    first, second, third = (
        channel.unary_unary(f"/etcdserverpb.KV/{name}", asked.SerializeToString, answered.FromString)
        for name, asked, answered in unary
    )
    return first, second, third


def watch_stub(channel: Any) -> Any:
    """Watch."""
    serialize = etcdserverpb.WatchRequest.SerializeToString
    return channel.stream_stream("/etcdserverpb.Watch/Watch", serialize, etcdserverpb.WatchResponse.FromString)


def range_request(key: bytes, range_end: bytes = b"", limit: int = 0) -> etcdserverpb.RangeRequest:
    """One key, or those up to the end."""
    return etcdserverpb.RangeRequest(key=key, range_end=range_end, limit=limit)


def put_request(key: bytes, value: bytes) -> etcdserverpb.PutRequest:
    """One key."""
    return etcdserverpb.PutRequest(key=key, value=value)


def txn_request(keys: Iterable[bytes]) -> etcdserverpb.TxnRequest:
    """Puts of all these."""
    puts = (etcdserverpb.RequestOp(request_put=put_request(key, VALUE)) for key in keys)
    return etcdserverpb.TxnRequest(success=puts)


def watch_request(prefix: str, revision: int) -> etcdserverpb.WatchRequest:
    """From a revision of the past on."""
    create = etcdserverpb.WatchCreateRequest(
        key=prefix.encode(), range_end=end(prefix), start_revision=revision, fragment=True
    )
    return etcdserverpb.WatchRequest(create_request=create)


def read(kvs: Iterable[Any]) -> int:
    """Look at key and value of each; returns how many there are."""
    count = 0
    for kv in kvs:
        _ = kv.key, kv.value
        count += 1
    return count
