"""What each RPC does to the cluster is said once, for every RPC that there is."""

from typing import get_args

import pytest

from etcdobs import Get, Put, Txn
from etcdobs._call import Call
from etcdobs._effects import EFFECTS, RpcEffect, effect_of
from etcdobs._wire import RPCS
from etcdobs.ops import kv, lease, maintenance
from etcdobs.types import Alarm, AlarmType

# What clientv3's retry.go repeats, and this client does not.
ONLY_CLIENTV3_REPEATS = {"LeaseRevoke", "MoveLeader", "Alarm"}
CLIENTV3_REPEATS = {
    "etcdserverpb.KV": {"Range"},
    "etcdserverpb.Lease": {"LeaseTimeToLive", "LeaseLeases", "LeaseGrant", "LeaseRevoke", "LeaseKeepAlive"},
    "etcdserverpb.Cluster": {"MemberList"},
    "etcdserverpb.Maintenance": {"Alarm", "Status", "Hash", "HashKV", "Snapshot", "MoveLeader"},
    "etcdserverpb.Auth": {"UserList", "UserGet", "RoleGet", "RoleList"},
}
NAMES = [f"{service}/{method}" for service, methods in EFFECTS.items() for method in methods]


def test_every_rpc_is_in_the_table_and_nothing_else() -> None:
    assert sorted(NAMES) == sorted(RPCS)
    assert len(NAMES) == 49


@pytest.mark.parametrize("name", NAMES)
def test_every_rpc_has_a_known_effect(name: str) -> None:
    assert effect_of(f"/{name}") in get_args(RpcEffect)


@pytest.mark.parametrize("service", CLIENTV3_REPEATS)
def test_what_clientv3_repeats_is_repeated_but_for_mutations(service: str) -> None:
    for method in CLIENTV3_REPEATS[service]:
        expected = method not in ONLY_CLIENTV3_REPEATS
        assert (EFFECTS[service][method] != "mutation") is expected, method


def test_an_rpc_that_nobody_knows_is_taken_for_a_mutation() -> None:
    assert effect_of("/etcdserverpb.KV/Increment") == "mutation"


@pytest.mark.parametrize(
    ("call", "mutates", "repeatable"),
    [
        (kv.get("k"), False, True),
        (kv.put("k"), True, False),
        (kv.put("k", retry="at_least_once"), True, True),
        (kv.do(Txn(then=[Get("a")], otherwise=[Txn(then=[Get("b")])])), False, True),
        (kv.do(Txn(then=[Get("a")], otherwise=[Txn(otherwise=[Put("b")])])), True, False),
        (kv.do(Txn(then=[Put("b")]), retry="at_least_once"), True, True),
        (lease.grant(5), True, True),
        (lease.grant(5, 77), True, False),
        (lease.grant(5, 77, retry="at_least_once"), True, True),
        (lease.revoke(7), True, False),
        (maintenance.alarms(), False, True),
        (maintenance.disarm_one(Alarm(1, AlarmType.NOSPACE)), True, False),
    ],
    ids=range(12),
)
def test_a_request_may_say_more_than_its_rpc(call: Call[object], mutates: bool, repeatable: bool) -> None:
    assert (call.mutates, call.repeatable) == (mutates, repeatable)


@pytest.mark.parametrize("retry", ["at_most_once", "always", "", True, 3])
def test_another_way_to_retry_is_refused_with_the_right_ones_named(retry: object) -> None:
    with pytest.raises(ValueError, match="retry must be 'at_least_once', or None"):
        kv.put("k", retry=retry)  # type: ignore[arg-type]


def test_the_ids_of_leases_are_random_positive_and_use_all_of_int63() -> None:
    ids = [lease.grant(5).request.ID for _ in range(200)]
    assert len(set(ids)) == 200
    assert all(0 < id < 1 << 63 for id in ids)
    assert max(ids) > 1 << 60
