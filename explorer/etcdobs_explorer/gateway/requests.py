"""Decides what is remembered of a request: its keys, and the etcdctl line that does the same; never a value."""

from collections.abc import Callable
from typing import Any

from etcdobs_explorer.model import etcdctl

_CUT = 1024  # bytes of a key that are kept
_OPERATIONS = 16  # of a transaction that are written out
_RELATIONS = ("=", ">", "<", "!=")
_TARGETS = (
    ("version", "version"),
    ("create", "create_revision"),
    ("mod", "mod_revision"),
    ("value", "value"),
    ("lease", "lease"),
)


def described(method: str, request: Any, endpoint: str) -> tuple[bytes, str]:
    """The keys that a request is about, as one text, and its etcdctl line; "" where etcdctl has none."""
    describe = _METHODS.get(method)
    try:
        return describe(request, endpoint) if describe is not None else (b"", "")
    except Exception:  # noqa: BLE001 - what is recorded of a call never fails it
        return b"", ""


def _span(key: bytes, end: bytes) -> bytes:
    if not end:
        return key
    if end == b"\0":
        return b"*" if key in (b"", b"\0") else key + b".."
    return key + b"*" if end == etcdctl.prefix_end(key) else key + b".." + end


def _kept(key: bytes, end: bytes) -> tuple[bytes, bytes]:
    return key[:_CUT], end[:_CUT]


def _noted(line: str, *keys: bytes) -> str:
    return line if all(len(key) <= _CUT for key in keys) else f"{line}  # keys cut at {_CUT} bytes"


# -- keys ------------------------------------------------------------------------------------------------------


def _range_request(request: Any) -> etcdctl.Request:
    return etcdctl.get_request(
        *_kept(request.key, request.range_end),
        revision=request.revision,
        limit=request.limit,
        serializable=request.serializable,
        keys_only=request.keys_only,
        count_only=request.count_only,
    )


def _range(request: Any, endpoint: str) -> tuple[bytes, str]:
    line = etcdctl.line(_range_request(request))
    return _span(*_kept(request.key, request.range_end)), _noted(line, request.key, request.range_end)


def _put_request(request: Any) -> etcdctl.Request:
    flags = [f"--lease={request.lease:x}"] if request.lease else []
    names = ("prev_kv", "ignore_value", "ignore_lease")
    flags += [f"--{name.replace('_', '-')}" for name in names if getattr(request, name)]
    return etcdctl.Request("put", tuple(flags), (request.key[:_CUT],))


def _put(request: Any, endpoint: str) -> tuple[bytes, str]:
    line = etcdctl.line(_put_request(request))
    if not request.ignore_value:
        line += f" < {_not_kept(request)}"
    return request.key[:_CUT], _noted(line, request.key)


def _not_kept(request: Any) -> str:
    """Where the value would stand: as a file's name it is none, and in a transaction it is refused."""
    return f"value-of-{len(request.value)}-bytes-not-kept"


def _delete(request: Any, endpoint: str) -> tuple[bytes, str]:
    kept = _kept(request.key, request.range_end)
    line = etcdctl.line(etcdctl.delete_request(*kept, prev_kv=request.prev_kv))
    return _span(*kept), _noted(line, request.key, request.range_end)


def _compact(request: Any, endpoint: str) -> tuple[bytes, str]:
    physical = ("--physical",) if request.physical else ()
    return b"", etcdctl.command("compaction", *physical, str(request.revision))


# -- transactions ----------------------------------------------------------------------------------------------


def _txn(request: Any, endpoint: str) -> tuple[bytes, str]:
    compares, then, otherwise = request.compare, request.success, request.failure
    if max(len(compares), len(then), len(otherwise)) > _OPERATIONS:
        return _txn_keys(request), f"# a transaction of {len(then)} operations is not written out"
    rows = [[*map(_compare, compares)], [*map(_operation, then)], [*map(_operation, otherwise)]]
    text = "".join("".join(f"{row}\n" for row in block) + "\n" for block in rows)
    return _txn_keys(request), f"{etcdctl.PROGRAM} txn <<'EOF'\n{text}EOF"


def _txn_keys(request: Any) -> bytes:
    operations: list[Any] = [*request.success, *request.failure]
    names: list[bytes] = [_operation_keys(operation) for operation in operations[:4]]
    names = names or [compare.key[:_CUT] for compare in request.compare[:4]]
    more = len(operations) - len(names)
    return b", ".join(names) + (b" +%d" % more if more > 0 else b"")


def _operation_keys(operation: Any) -> bytes:
    kind = operation.WhichOneof("request")
    asked = getattr(operation, kind) if kind else None
    if asked is None or kind == "request_txn":
        return b"(transaction)"
    return asked.key[:_CUT] if kind == "request_put" else _span(*_kept(asked.key, asked.range_end))


def _compare(compare: Any) -> str:
    result: int = compare.result
    about: int = compare.target
    relation, (target, field) = _RELATIONS[result], _TARGETS[about]
    key = etcdctl.in_txn(compare.key[:_CUT])
    if field == "value":
        return f"value({key}) {relation} value-of-{len(compare.value)}-bytes-not-kept"
    return f'{target}({key}) {relation} "{getattr(compare, field)}"'


def _operation(operation: Any) -> str:
    kind = operation.WhichOneof("request")
    if kind == "request_range":
        asked = _range_request(operation.request_range)
    elif kind == "request_put":
        asked = _put_request(operation.request_put)
        return " ".join(["put", *asked.flags, etcdctl.in_txn(asked.arguments[0]), *_txn_value(operation.request_put)])
    elif kind == "request_delete_range":
        deleted = operation.request_delete_range
        asked = etcdctl.delete_request(*_kept(deleted.key, deleted.range_end), prev_kv=deleted.prev_kv)
    else:
        return "# a transaction within, which etcdctl has not"
    return " ".join([asked.name, *asked.flags, *map(etcdctl.in_txn, asked.arguments)])


def _txn_value(put: Any) -> list[str]:
    # Three words where etcdctl takes one: nobody writes this by mistake.
    return [] if put.ignore_value else [f"value of {len(put.value)} bytes not kept"]


# -- streams, leases, members ----------------------------------------------------------------------------------


def _watch(request: Any, endpoint: str) -> tuple[bytes, str]:
    if request.WhichOneof("request_union") != "create_request":
        return b"", ""
    asked = request.create_request
    kept = _kept(asked.key, asked.range_end)
    line = etcdctl.watch(*kept, revision=asked.start_revision, prev_kv=asked.prev_kv)
    return _span(*kept), _noted(line, asked.key, asked.range_end)


def _lease(verb: str) -> Callable[[Any, str], tuple[bytes, str]]:
    def describe(request: Any, endpoint: str) -> tuple[bytes, str]:
        return f"{request.ID:x}".encode(), etcdctl.lease(verb, request.ID, keys=getattr(request, "keys", False))

    return describe


def _grant(request: Any, endpoint: str) -> tuple[bytes, str]:
    return f"{request.TTL}s".encode(), etcdctl.lease("grant", ttl=request.TTL)


def _member(verb: str) -> Callable[[Any, str], tuple[bytes, str]]:
    def describe(request: Any, endpoint: str) -> tuple[bytes, str]:
        urls = [url.encode() for url in getattr(request, "peerURLs", ())]
        id = getattr(request, "ID", 0)
        return f"{id:x}".encode() if id else b"", etcdctl.member(verb, id, peer_urls=urls)

    return describe


def _at(*words: str) -> Callable[[Any, str], tuple[bytes, str]]:
    """A line that is about one endpoint."""

    def describe(request: Any, endpoint: str) -> tuple[bytes, str]:
        return b"", etcdctl.command(f"--endpoints={endpoint}", *words) if endpoint else etcdctl.command(*words)

    return describe


def _alarm(request: Any, endpoint: str) -> tuple[bytes, str]:
    return b"", etcdctl.command("alarm", "disarm" if request.action == 2 else "list")


def _words(*words: str) -> Callable[[Any, str], tuple[bytes, str]]:
    """A line without arguments."""
    line = etcdctl.command(*words)
    return lambda request, endpoint: (b"", line)


def _named(field: str, *words: str) -> Callable[[Any, str], tuple[bytes, str]]:
    """A line about a user or a role."""

    def describe(request: Any, endpoint: str) -> tuple[bytes, str]:
        name: str = getattr(request, field)
        return name.encode(), etcdctl.command(*words, name)

    return describe


_METHODS: dict[str, Callable[[Any, str], tuple[bytes, str]]] = {
    "KV/Range": _range,
    "KV/RangeStream": _range,
    "KV/Put": _put,
    "KV/DeleteRange": _delete,
    "KV/Txn": _txn,
    "KV/Compact": _compact,
    "Watch/Watch": _watch,
    "Lease/LeaseGrant": _grant,
    "Lease/LeaseRevoke": _lease("revoke"),
    "Lease/LeaseTimeToLive": _lease("timetolive"),
    "Lease/LeaseKeepAlive": _lease("keep-alive"),
    "Lease/LeaseLeases": _words("lease", "list"),
    "Cluster/MemberList": _member("list"),
    "Cluster/MemberAdd": _member("add"),
    "Cluster/MemberRemove": _member("remove"),
    "Cluster/MemberUpdate": _member("update"),
    "Cluster/MemberPromote": _member("promote"),
    "Maintenance/Status": _at("endpoint", "status"),
    "Maintenance/HashKV": _at("endpoint", "hashkv"),
    "Maintenance/Defragment": _at("defrag"),
    "Maintenance/Snapshot": _at("snapshot", "save", "snapshot.db"),
    "Maintenance/Alarm": _alarm,
    "Auth/AuthStatus": _words("auth", "status"),
    "Auth/UserList": _words("user", "list"),
    "Auth/RoleList": _words("role", "list"),
    "Auth/UserGet": _named("name", "user", "get"),
    "Auth/RoleGet": _named("role", "role", "get"),
}
