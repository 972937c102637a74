"""Decides what is asked of a server to tell one version from another: each probe answers in a word for the table."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import grpc

from etcdobs import Client, EtcdError, UnimplementedError
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import rpc
from etcdobs.testing import Etcd, EtcdStartError, etcd
from tests.waiting import QUICK

TRACING = "--enable-distributed-tracing"
_CHEAP = (*QUICK, "--bcrypt-cost=4")
_REFUSALS = ("user name is empty", "permission denied")


@dataclass(frozen=True)
class Three:
    """The same server as seen by nobody in particular, by a user with a role of no account, and by root."""

    anyone: Client
    user: Client
    root: Client


Ask = Callable[[Client, str], object]

# Who may do it where authentication is on.
PRIVILEGES: dict[str, Ask] = {
    "auth.status": lambda client, _: client.auth.status(),
    "auth.user_list": lambda client, _: client.auth.user_list(),
    "cluster.members": lambda client, _: client.cluster.members(),
    "compact": lambda client, _: client.compact(1),
    "lease.grant": lambda client, _: client.lease.grant(60),
    "lease.keep_alive_once": lambda client, _: client.lease.keep_alive_once(1),
    "lease.list": lambda client, _: client.lease.list(),
    "lease.time_to_live": lambda client, _: client.lease.time_to_live(1),
    "maintenance.alarms": lambda client, _: client.maintenance.alarms(),
    "maintenance.defragment": lambda client, endpoint: client.maintenance.defragment(endpoint),
    "maintenance.downgrade": lambda client, _: client.maintenance.downgrade("cancel"),
    "maintenance.hash_kv": lambda client, endpoint: client.maintenance.hash_kv(endpoint),
    "maintenance.snapshot": lambda client, _: list(client.maintenance.snapshot()),
    "maintenance.status": lambda client, _: client.maintenance.status(),
}


@contextmanager
def open_server() -> Iterator[tuple[Etcd, Client]]:
    """A server without authentication."""
    with etcd(flags=_CHEAP) as server, Client(server.endpoint) as client:
        yield server, client


@contextmanager
def guarded_server() -> Iterator[tuple[Etcd, Three]]:
    """A server with authentication, and lease 1, to which nothing is attached."""
    with (
        etcd(flags=_CHEAP, root_password="root") as server,
        Client(server.endpoint) as anyone,
        Client(server.endpoint, username="user", password="user") as user,
        Client(server.endpoint, username="root", password="root") as root,
    ):
        root.auth.user_add("user", "user")
        root.lease.grant(600, id=1)
        yield server, Three(anyone, user, root)


def least_privilege(ask: Ask, server: Etcd, three: Three) -> str:
    """Who has to ask for the server to answer; "-" where it does not know the method."""
    for name, client in (("anyone", three.anyone), ("a user", three.user), ("root", three.root)):
        try:
            ask(client, server.endpoint)
        except UnimplementedError:
            return "-"
        except EtcdError as error:
            if any(refusal in str(error) for refusal in _REFUSALS):
                continue
        return name
    return "nobody"


def auth_status(_: Etcd, client: Client) -> bool:
    return _answers(client.auth.status)


def downgrade(_: Etcd, client: Client) -> bool:
    return _answers(lambda: client.maintenance.downgrade("cancel"))


def range_stream(server: Etcd, _: Client) -> bool:
    """Whether the server streams a range; asked on the wire."""
    method = rpc("etcdserverpb.KV/RangeStream")
    with grpc.insecure_channel(f"127.0.0.1:{server.port}", [("grpc.enable_http_proxy", 0)]) as channel:
        stream = channel.unary_stream(method.path, method.request.SerializeToString, method.response.FromString)
        try:
            return len(list(stream(pb.RangeRequest(key=b"\0", range_end=b"\0", count_only=True), timeout=10))) > 0
        except grpc.RpcError as error:
            if cast("grpc.Call", error).code() is not grpc.StatusCode.UNIMPLEMENTED:
                raise
            return False


def quota(_: Etcd, client: Client) -> bool:
    return client.maintenance.status().db_size_quota is not None


def hash_revision(server: Etcd, client: Client) -> bool:
    return client.maintenance.hash_kv(server.endpoint).hash_revision is not None


def tracing(_: Etcd, __: Client) -> bool:
    """Whether the server starts when it is told to trace."""
    try:
        with etcd(flags=[*_CHEAP, TRACING]):
            return True
    except EtcdStartError as error:
        if "flag provided but not defined" not in str(error):
            raise
        return False


FEATURES: dict[str, tuple[str, Callable[[Etcd, Client], bool]]] = {
    "authentication's state": ("`auth.status()` is an `UnimplementedError`", auth_status),
    "downgrades": ("`UnimplementedError`", downgrade),
    "`status().db_size_quota`, `.storage_version`": ("`None`", quota),
    "`hash_kv().hash_revision`": ("`None`", hash_revision),
    "the RPC `RangeStream`": ("no", range_stream),
    "spans of the server's own": ("no such flag", tracing),
}


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except UnimplementedError:
        return False
    except EtcdError:
        pass  # It knows the method: what it says of this cluster is another matter.
    return True


def privilege_rows() -> list[str]:
    """The names of the rows that say who may ask."""
    return [f"`{name}()`" for name in PRIVILEGES]


def column() -> dict[str, str]:
    """What the etcd in use answers: a row's name to its word."""
    with open_server() as (server, client):
        words = {row: "yes" if probe(server, client) else absent for row, (absent, probe) in FEATURES.items()}
    with guarded_server() as (server, three):
        least = [least_privilege(ask, server, three) for ask in PRIVILEGES.values()]
    return {**words, **dict(zip(privilege_rows(), least, strict=True))}
