"""Decides the names that operations have in the metrics: a few dozen words, whatever the keys and the values."""

from collections.abc import Mapping

__all__ = ["AUTH", "BY_RPC", "LOCK", "OPERATIONS", "OTHER", "WATCH"]

LOCK = "lock"
"""To have a lock of the cluster: all that it takes, the waiting included."""
WATCH = "watch"
"""To have a watch: until the server has it, not for as long as it is open."""
OTHER = "other"
"""What has no name of its own."""

# By RPC. A Range and a Txn have several names, which their requests tell apart.
BY_RPC: Mapping[str, str] = {
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
AUTH = "auth"

OPERATIONS: tuple[str, ...] = tuple(sorted({*_RANGES, *_TXNS, *BY_RPC.values(), AUTH, LOCK, WATCH, OTHER}))
"""Every name there is."""
