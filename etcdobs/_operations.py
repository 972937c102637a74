"""Decides the name that an operation has in the metrics: a few dozen words, whatever the keys and the values."""

from collections.abc import Mapping
from typing import Any

from etcdobs._call import Call

__all__ = ["LOCK", "OPERATIONS", "OTHER", "WATCH", "operation_of"]

LOCK = "lock"
"""To have a lock of the cluster: all that it takes, the waiting included."""
WATCH = "watch"
"""To have a watch: until the server has it, not for as long as it is open."""
OTHER = "other"
"""What has no name of its own."""

# By RPC. A Range and a Txn have several names, which their requests tell apart.
_NAMES: Mapping[str, str] = {
    "/etcdserverpb.KV/Put": "put",
    "/etcdserverpb.KV/DeleteRange": "delete",
    "/etcdserverpb.KV/Compact": "compact",
    "/etcdserverpb.Lease/LeaseGrant": "lease-grant",
    "/etcdserverpb.Lease/LeaseRevoke": "lease-revoke",
    "/etcdserverpb.Lease/LeaseKeepAlive": "lease-keepalive",
    "/etcdserverpb.Lease/LeaseTimeToLive": "lease-ttl",
    "/etcdserverpb.Lease/LeaseLeases": "lease-list",
    "/etcdserverpb.Cluster/MemberAdd": "member-add",
    "/etcdserverpb.Cluster/MemberRemove": "member-remove",
    "/etcdserverpb.Cluster/MemberUpdate": "member-update",
    "/etcdserverpb.Cluster/MemberList": "member-list",
    "/etcdserverpb.Cluster/MemberPromote": "member-promote",
    "/etcdserverpb.Maintenance/Alarm": "alarm",
    "/etcdserverpb.Maintenance/Status": "status",
    "/etcdserverpb.Maintenance/Defragment": "defragment",
    "/etcdserverpb.Maintenance/Hash": "hash",
    "/etcdserverpb.Maintenance/HashKV": "hash",
    "/etcdserverpb.Maintenance/MoveLeader": "move-leader",
    "/etcdserverpb.Maintenance/Downgrade": "downgrade",
}
_RANGES = ("get", "list", "count")
_TXNS = ("txn-read", "txn-write")
_AUTH = "auth"

OPERATIONS: tuple[str, ...] = tuple(sorted({*_RANGES, *_TXNS, *_NAMES.values(), _AUTH, LOCK, WATCH, OTHER}))
"""Every name there is."""


def operation_of(call: Call[Any]) -> str:
    """The name of what `call` does: one of OPERATIONS."""
    path = call.rpc.path
    if path == "/etcdserverpb.KV/Range":
        request = call.request
        return "count" if request.count_only else "list" if request.range_end else "get"
    name = _NAMES.get(path)
    if name is not None:
        return name
    if path == "/etcdserverpb.KV/Txn":
        return "txn-write" if call.mutates else "txn-read"
    return _AUTH if call.rpc.service == "etcdserverpb.Auth" else OTHER
