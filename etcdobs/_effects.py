"""Decides what each RPC does to the cluster, and so whether it may be sent again when nobody knows how it ended.

The table of clientv3's `retry.go`, with these departures: no mutation is sent twice there or here, so MoveLeader, Alarm
and LeaseRevoke, which clientv3 repeats, are sent once; RangeStream and AuthStatus, which change nothing, and
Authenticate, which makes one more token, are repeated. One request may say more than its RPC: a transaction that only
reads and a question for alarms are reads, a lease of an id that the user chose is a mutation.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

__all__ = ["EFFECTS", "RpcEffect", "effect_of"]

RpcEffect: TypeAlias = Literal["read", "repeatable", "mutation"]
"""It changes nothing; it changes something, and twice is as good as once; once at most, unless the caller says else."""

EFFECTS: Mapping[str, Mapping[str, RpcEffect]] = {
    "etcdserverpb.KV": {
        "Range": "read",
        "RangeStream": "read",
        "Put": "mutation",
        "DeleteRange": "mutation",
        "Txn": "mutation",
        "Compact": "mutation",
    },
    "etcdserverpb.Watch": {"Watch": "read"},
    "etcdserverpb.Lease": {
        # The client chooses the id: a second request meets the lease of the first.
        "LeaseGrant": "repeatable",
        "LeaseRevoke": "mutation",
        "LeaseKeepAlive": "repeatable",
        "LeaseTimeToLive": "read",
        "LeaseLeases": "read",
    },
    "etcdserverpb.Cluster": {
        "MemberAdd": "mutation",
        "MemberRemove": "mutation",
        "MemberUpdate": "mutation",
        "MemberList": "read",
        "MemberPromote": "mutation",
    },
    "etcdserverpb.Maintenance": {
        "Alarm": "mutation",
        "Status": "read",
        "Defragment": "mutation",
        "Hash": "read",
        "HashKV": "read",
        "Snapshot": "read",
        "MoveLeader": "mutation",
        "Downgrade": "mutation",
    },
    "etcdserverpb.Auth": {
        "AuthEnable": "mutation",
        "AuthDisable": "mutation",
        "AuthStatus": "read",
        "Authenticate": "repeatable",
        "UserAdd": "mutation",
        "UserGet": "read",
        "UserList": "read",
        "UserDelete": "mutation",
        "UserChangePassword": "mutation",
        "UserGrantRole": "mutation",
        "UserRevokeRole": "mutation",
        "RoleAdd": "mutation",
        "RoleGet": "read",
        "RoleList": "read",
        "RoleDelete": "mutation",
        "RoleGrantPermission": "mutation",
        "RoleRevokePermission": "mutation",
    },
    "v3electionpb.Election": {
        "Campaign": "mutation",
        "Proclaim": "mutation",
        "Leader": "read",
        "Observe": "read",
        "Resign": "mutation",
    },
    "v3lockpb.Lock": {"Lock": "mutation", "Unlock": "mutation"},
}

_BY_PATH: Mapping[str, RpcEffect] = {
    f"/{service}/{method}": effect for service, methods in EFFECTS.items() for method, effect in methods.items()
}


def effect_of(path: str) -> RpcEffect:
    """What the RPC of that path (`/etcdserverpb.KV/Put`) does; an unknown one is taken for a mutation."""
    return _BY_PATH.get(path, "mutation")
