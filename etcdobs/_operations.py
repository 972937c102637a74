"""Decides what an operation is called in the metrics: by its RPC, and a Range or a Txn by what it asks for."""

from typing import Any

from etcdobs._call import Call
from etcdobs._operation_names import AUTH, BY_RPC, LOCK, OPERATIONS, OTHER, WATCH

__all__ = ["LOCK", "OPERATIONS", "OTHER", "WATCH", "operation_of"]


def operation_of(call: Call[Any]) -> str:
    """The name of what `call` does: one of OPERATIONS."""
    path = call.rpc.path
    if path == "/etcdserverpb.KV/Range":
        request = call.request
        return "count" if request.count_only else "list" if request.range_end else "get"
    name = BY_RPC.get(path)
    if name is not None:
        return name
    if path == "/etcdserverpb.KV/Txn":
        return "txn-write" if call.mutates else "txn-read"
    return AUTH if call.rpc.service == "etcdserverpb.Auth" else OTHER
