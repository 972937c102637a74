"""What an operation is called in the metrics: few names, and each RPC has one."""

from typing import Any

import pytest

from etcdobs import Compare, Delete, Get, Keys, Put, Txn
from etcdobs._call import Call
from etcdobs._operations import OPERATIONS, OTHER, operation_of
from etcdobs._wire import RPCS
from etcdobs.ops import kv, lease

STREAMS = {name for name, rpc in RPCS.items() if rpc.server_streaming or rpc.client_streaming}
SERVERS_OWN = {name for name in RPCS if name.startswith(("v3lockpb", "v3electionpb"))}


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (kv.get("k"), "get"),
        (kv.range("k"), "get"),
        (kv.range(Keys.prefix("k")), "list"),
        (kv.range(Keys.all()), "list"),
        (kv.range("k", count_only=True), "count"),
        (kv.range(Keys.prefix("k"), count_only=True), "count"),
        (kv.put("k", "v"), "put"),
        (kv.delete(Keys.prefix("k")), "delete"),
        (kv.do(Txn(then=[Get("k")])), "txn-read"),
        (kv.do(Txn(when=[Compare.exists("k")], then=[Get("k")], otherwise=[Txn(then=[Get("j")])])), "txn-read"),
        (kv.do(Txn(then=[Get("k")], otherwise=[Put("k", "v")])), "txn-write"),
        (kv.do(Txn(then=[Txn(then=[Delete("k")])])), "txn-write"),
        (lease.grant(10), "lease-grant"),
    ],
)
def test_a_call_is_named_by_what_it_does(call: Call[Any], name: str) -> None:
    assert operation_of(call) == name


@pytest.mark.parametrize("name", sorted(RPCS.keys() - STREAMS - SERVERS_OWN))
def test_every_unary_rpc_of_etcd_has_a_name(name: str) -> None:
    rpc = RPCS[name]
    assert operation_of(Call(rpc, rpc.request(), lambda reply: reply)) in set(OPERATIONS) - {OTHER}


def test_what_has_no_name_is_other() -> None:
    rpc = RPCS["v3electionpb.Election/Leader"]
    assert operation_of(Call(rpc, rpc.request(), lambda reply: reply)) == OTHER


def test_the_names_are_few() -> None:
    assert len(OPERATIONS) == len(set(OPERATIONS)) < 40
