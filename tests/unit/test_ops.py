"""Each method's arguments become one call of one RPC: which, with what, and whether it may be repeated."""

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from etcdobs import Get, Keys, KeyValue, LeaseNotFoundError, LeaseTimeToLive, Member, Put, Txn
from etcdobs._call import CLIENT_DEFAULT, Call
from etcdobs._wire import etcdserverpb as pb
from etcdobs.ops import auth, cluster, kv, lease, maintenance

CANARY = "canary-7f3a"

# (call, RPC, the fields that are set, whether it may be repeated)
CALLS: list[tuple[Call[Any], str, dict[str, Any], bool]] = [
    (kv.get("k", revision=3, serializable=True), "KV/Range", {"key": b"k", "revision": 3, "serializable": True}, True),
    (kv.range(Keys.all(), limit=2), "KV/Range", {"key": b"\0", "range_end": b"\0", "limit": 2}, True),
    (kv.get("k"), "KV/Range", {"key": b"k"}, True),
    (kv.range("k"), "KV/Range", {"key": b"k"}, True),
    (kv.count("k"), "KV/Range", {"key": b"k", "count_only": True}, True),
    (kv.put("k", "v", prev_kv=True), "KV/Put", {"key": b"k", "value": b"v", "prev_kv": True}, False),
    (kv.delete("k", prev_kv=True), "KV/DeleteRange", {"key": b"k", "prev_kv": True}, False),
    (kv.put("k", "v"), "KV/Put", {"key": b"k", "value": b"v"}, False),
    (kv.delete("k"), "KV/DeleteRange", {"key": b"k"}, False),
    (kv.compact(9), "KV/Compact", {"revision": 9}, False),
    (kv.compact(9, physical=True), "KV/Compact", {"revision": 9, "physical": True}, False),
    (kv.do(Get("k")), "KV/Range", {"key": b"k"}, True),
    (kv.do(Put("k")), "KV/Put", {"key": b"k"}, False),
    (kv.do(Txn()), "KV/Txn", {}, True),
    (lease.grant(5, 7), "Lease/LeaseGrant", {"TTL": 5, "ID": 7}, False),
    (lease.revoke(7), "Lease/LeaseRevoke", {"ID": 7}, False),
    (lease.revoke(SimpleNamespace(id=8)), "Lease/LeaseRevoke", {"ID": 8}, False),
    (lease.time_to_live(7, keys=True), "Lease/LeaseTimeToLive", {"ID": 7, "keys": True}, True),
    (lease.time_to_live(7), "Lease/LeaseTimeToLive", {"ID": 7}, True),
    (lease.list(), "Lease/LeaseLeases", {}, True),
    (lease.keep_alive_once(7), "Lease/LeaseKeepAlive", {"ID": 7}, True),
    (cluster.members(), "Cluster/MemberList", {"linearizable": True}, True),
    (cluster.members(False), "Cluster/MemberList", {}, True),
    (maintenance.status(), "Maintenance/Status", {}, True),
    (auth.enable(), "Auth/AuthEnable", {}, False),
    (auth.disable(), "Auth/AuthDisable", {}, False),
    (auth.user_list(), "Auth/UserList", {}, True),
    (auth.user_get("u"), "Auth/UserGet", {"name": "u"}, True),
    (auth.user_change_password("u", CANARY), "Auth/UserChangePassword", {"name": "u", "password": CANARY}, False),
    (auth.user_grant_role("u", "r"), "Auth/UserGrantRole", {"user": "u", "role": "r"}, False),
    (auth.role_revoke_permission("r", "k"), "Auth/RoleRevokePermission", {"role": "r", "key": b"k"}, False),
]
BUILDERS = [
    pytest.param(function, id=f"{module.__name__.rpartition('.')[2]}.{name}")
    for module in (auth, cluster, kv, lease, maintenance)
    for name, function in vars(module).items()
    if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
]
EXAMPLES = {
    "name": "u",
    "role": "r",
    "password": CANARY,
    "access": "read",
    "key": "k",
    "keys": "k",
    "ttl": 5,
    "id": 7,
    "revision": 3,
    "operation": Get("k"),
    "peer_urls": "http://a:2380",
    "endpoint": "a:1",
    "target_id": 7,
    "action": "validate",
}


def built(builder: Callable[..., Call[Any]], **more: Any) -> Call[Any]:
    """A call of the builder, with an example for every argument that it needs."""
    parameters = inspect.signature(builder).parameters.values()
    needed = [
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty or parameter.name == "password"
    ]
    if "alarm" in needed:
        from etcdobs.types import Alarm, AlarmType

        return builder(Alarm(7, AlarmType.NOSPACE), **more)
    return builder(**{name: EXAMPLES[name] for name in needed}, **more)


@pytest.mark.parametrize(
    ("call", "path", "fields", "repeatable"),
    CALLS,
    ids=[f"{path}-{number}" for number, (_, path, *_) in enumerate(CALLS)],
)
def test_a_call_is_the_rpc_with_its_fields(
    call: Call[Any], path: str, fields: dict[str, Any], repeatable: bool
) -> None:
    assert call.rpc.path == f"/etcdserverpb.{path}"
    assert {field.name: value for field, value in call.request.ListFields()} == fields
    assert call.repeatable is repeatable
    assert isinstance(call.request, call.rpc.request)


@pytest.mark.parametrize("builder", BUILDERS)
def test_every_builder_takes_a_timeout_and_checks_it(builder: Callable[..., Call[Any]]) -> None:
    assert built(builder).timeout is CLIENT_DEFAULT
    assert built(builder, timeout=3.5).timeout == 3.5
    assert built(builder, timeout=None).timeout is None
    with pytest.raises(ValueError, match="timeout"):
        built(builder, timeout=0)
    with pytest.raises(TypeError, match="timeout"):
        built(builder, timeout="3")


@pytest.mark.parametrize("builder", BUILDERS)
def test_no_call_shows_what_it_carries(builder: Callable[..., Call[Any]]) -> None:
    call = built(builder)
    assert CANARY not in repr(call) + str(call)
    assert call.rpc.method in repr(call)


@pytest.mark.parametrize("builder", BUILDERS)
def test_every_builder_is_documented(builder: Callable[..., Call[Any]]) -> None:
    assert builder.__doc__


def test_a_put_shows_no_value() -> None:
    assert CANARY not in repr(kv.put("k", CANARY))


# ---- decoding


def test_a_get_is_the_key_or_none() -> None:
    call = kv.get("k")
    found = pb.RangeResponse(
        kvs=[{"key": b"k", "value": b"v", "create_revision": 2, "mod_revision": 3, "version": 4, "lease": 5}]
    )
    assert call.decode(found) == KeyValue(b"k", b"v", 2, 3, 4, 5)
    assert call.decode(pb.RangeResponse()) is None


def test_a_range_is_decoded_whole() -> None:
    reply = pb.RangeResponse(
        header=pb.ResponseHeader(cluster_id=1, member_id=2, revision=3, raft_term=4),
        kvs=[{"key": b"k"}],
        count=9,
        more=True,
    )
    response = kv.range("k").decode(reply)
    assert (response.count, response.more, len(response), response.revision) == (9, True, 1, 3)
    assert (response.header.cluster_id, response.header.member_id, response.header.raft_term) == (1, 2, 4)


def test_a_count_is_a_number() -> None:
    assert kv.count(Keys.all()).decode(pb.RangeResponse(count=12)) == 12


def test_a_previous_value_is_told_only_where_there_was_one() -> None:
    call = kv.put("k", prev_kv=True)
    assert call.decode(pb.PutResponse()).prev_kv is None
    previous = call.decode(pb.PutResponse(prev_kv={"key": b"k", "value": b""})).prev_kv
    assert previous is not None
    assert previous.value == b""


def test_a_delete_tells_how_many_and_which() -> None:
    reply = pb.DeleteRangeResponse(deleted=2, prev_kvs=[{"key": b"a"}, {"key": b"b"}])
    response = kv.delete(Keys.all(), prev_kv=True).decode(reply)
    assert response.deleted == 2
    assert [kv.key for kv in response.prev_kvs] == [b"a", b"b"]


def test_a_grant_without_an_id_chooses_one_of_its_own_each_time() -> None:
    ids = {lease.grant(5).request.ID for _ in range(50)}
    assert len(ids) == 50
    assert all(0 < id < 1 << 63 for id in ids)
    assert lease.grant(5).decode(pb.LeaseGrantResponse(ID=7, TTL=5)) == (7, 5)


@pytest.mark.parametrize("ttl", [0, -1, 1 << 63])
def test_a_ttl_that_etcd_cannot_hold_is_refused(ttl: int) -> None:
    with pytest.raises(ValueError, match="ttl"):
        lease.grant(ttl)


def test_a_lease_that_is_gone_is_a_ttl_of_minus_one_or_an_error_as_etcd_has_it() -> None:
    gone = pb.LeaseTimeToLiveResponse(ID=7, TTL=-1)
    assert lease.time_to_live(7).decode(gone) == LeaseTimeToLive(7, -1, 0, ())
    for ttl in (0, -1):
        with pytest.raises(LeaseNotFoundError):
            lease.keep_alive_once(7).decode(pb.LeaseKeepAliveResponse(ID=7, TTL=ttl))
    assert lease.keep_alive_once(7).decode(pb.LeaseKeepAliveResponse(ID=7, TTL=9)) == 9


def test_leases_are_listed_by_id() -> None:
    reply = pb.LeaseLeasesResponse(leases=[{"ID": 7}, {"ID": 8}])
    assert lease.list().decode(reply) == [7, 8]


def test_members_are_decoded_also_those_that_never_started() -> None:
    reply = pb.MemberListResponse(
        members=[
            pb.Member(ID=1, name="a", peerURLs=["http://a:2380"], clientURLs=["http://a:2379"]),
            pb.Member(ID=2, peerURLs=["http://b:2380"], isLearner=True),
        ]
    )
    assert cluster.members().decode(reply) == [
        Member(1, "a", ("http://a:2380",), ("http://a:2379",), False),
        Member(2, "", ("http://b:2380",), (), True),
    ]


def test_what_a_servers_version_does_not_report_is_none() -> None:
    status = maintenance.status().decode(pb.StatusResponse(version="3.3.0", dbSize=10, raftIndex=5))
    assert (status.version, status.db_size, status.raft_index) == ("3.3.0", 10, 5)
    unreported = (status.db_size_in_use, status.raft_applied_index, status.storage_version, status.db_size_quota)
    assert unreported == (None, None, None, None)
    assert status.errors == ()


def test_a_status_is_asked_of_the_member_that_was_named() -> None:
    assert maintenance.status("a:1").endpoint == "a:1"
    assert maintenance.status().endpoint is None


@pytest.mark.parametrize("revision", [0, -1])
def test_a_compaction_needs_a_revision(revision: int) -> None:
    with pytest.raises(ValueError, match="revision"):
        kv.compact(revision)


def test_what_is_no_operation_cannot_be_done() -> None:
    with pytest.raises(TypeError, match="operation must be a Get, Put, Delete or Txn, not str"):
        kv.do("put")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not type"):
        kv.do(Put)  # type: ignore[arg-type]


def test_a_get_is_of_one_key() -> None:
    with pytest.raises(TypeError, match="one key is wanted"):
        kv.get(Keys.prefix("k"))  # type: ignore[arg-type]
