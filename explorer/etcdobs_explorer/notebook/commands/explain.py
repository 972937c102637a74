"""Decides how a line would be said to etcdctl, and which RPC it is; sends nothing."""

from collections.abc import Sequence
from typing import Any

from etcdobs_explorer.model import etcdctl
from etcdobs_explorer.model.etcdctl import Request
from etcdobs_explorer.notebook.blocks import Facts, Lines, Note, Tone
from etcdobs_explorer.notebook.grammar import Argument, Command, Invocation
from etcdobs_explorer.notebook.kinds import FLAG
from etcdobs_explorer.notebook.limits import Limits
from etcdobs_explorer.notebook.results.result import Result
from etcdobs_explorer.notebook.run import Run
from etcdobs_explorer.notebook.words import LineError

from . import txn

_RPCS = {
    "get": "etcdserverpb.KV/Range",
    "put": "etcdserverpb.KV/Put",
    "del": "etcdserverpb.KV/DeleteRange",
    "txn": "etcdserverpb.KV/Txn",
    "compaction": "etcdserverpb.KV/Compact",
    "watch": "etcdserverpb.Watch/Watch",
    "tree": "etcdserverpb.KV/Range of keys only, a page a directory",
    "history": "etcdserverpb.Watch/Watch from the last compaction on",
    "diff": "etcdserverpb.KV/Range of keys only at both revisions, then the values of those that differ",
    "lease list": "etcdserverpb.Lease/LeaseLeases, then LeaseTimeToLive",
    "lease grant": "etcdserverpb.Lease/LeaseGrant",
    "lease revoke": "etcdserverpb.Lease/LeaseRevoke",
    "lease timetolive": "etcdserverpb.Lease/LeaseTimeToLive",
    "lease keep-alive": "etcdserverpb.Lease/LeaseKeepAlive",
    "member list": "etcdserverpb.Cluster/MemberList",
    "endpoint status": "etcdserverpb.Maintenance/Status",
    "endpoint health": "etcdserverpb.KV/Range and Maintenance/Alarm, of each endpoint",
    "endpoint hashkv": "etcdserverpb.Maintenance/HashKV",
    "alarm list": "etcdserverpb.Maintenance/Alarm",
}
_OURS = {"connect", "contexts", "disconnect", "tree", "history", "diff", "metrics", "explain"}
_OWN_OPTIONS = {"as", "if-absent", "if-mod", "for", "max-events", "background", "context", "depth", "separator"}
_TARGETS = {"create_revision": "create", "mod_revision": "mod"}


class Explained(Result):
    """A line, in etcdctl's words."""

    def __init__(self, line: str, rpc: str, note: str, limits: Limits) -> None:
        self.line = line
        self.rpc = rpc
        self._note = note
        self.limits = limits

    def blocks(self) -> Any:
        """The line, and the RPC."""
        if self.line:
            yield Lines([(Tone.PLAIN, line.encode()) for line in self.line.split("\n")])
        if self.rpc:
            yield Facts([("RPC", self.rpc)])
        yield Note((self._note, "nothing was sent"))


def explained(asked: Invocation, cell: str | None, names: Any, limits: Limits) -> Explained:
    """What a line would do."""
    name = asked.command.name
    if name in _OURS:
        return Explained("", _RPCS.get(name, ""), f"etcdctl has no {name}: {asked.command.summary}", limits)
    line = _txn_line(cell or "", names) if name == "txn" else _line(asked, cell)
    return Explained(line, _RPCS.get(name, ""), asked.command.summary, limits)


def _line(asked: Invocation, cell: str | None) -> str:
    arguments = [word.text for word in asked.arguments]
    if asked.command.name == "put" and cell is not None:
        arguments.append(cell.removesuffix("\n").encode("utf-8", "surrogatepass"))
    flags = tuple(_flags(asked))
    if asked.command.name == "put" and asked.given & {"if-absent", "if-mod"}:
        return _conditional(asked, arguments)
    if len(asked.command.path) == 1:
        piped = asked.command.name == "put" and len(arguments) > 1
        return etcdctl.line(Request(asked.command.name, flags, tuple(arguments), piped))
    return etcdctl.command(*asked.command.path, *flags, *arguments)


def _flags(asked: Invocation) -> Sequence[str]:
    kinds = {option.name: option for option in asked.command.options}
    out: list[str] = []
    for name in sorted(asked.given - _OWN_OPTIONS - {"password", "user"}):
        value = asked[name]
        kind = kinds[name].kind if name in kinds else None
        if kind is FLAG or isinstance(value, bool):
            out.append(f"--{name}" if value else f"--{name}=false")
        elif name == "endpoints":
            out.append(f"--{name}={','.join(value)}")
        else:
            out.append(f"--{name}={value:x}" if name in ("lease", "id") else f"--{name}={value}")
    return out


def _conditional(asked: Invocation, arguments: Sequence[bytes]) -> str:
    target, wanted = ("create", 0) if asked["if-absent"] else ("mod", asked["if-mod"])
    compare = etcdctl.compare(target, arguments[0], "=", wanted)
    request = etcdctl.put_request(arguments[0], arguments[1] if len(arguments) > 1 else None, lease=asked["lease"])
    return etcdctl.txn((compare,), (request,))


def _txn_line(cell: str, names: Any) -> str:
    read = txn.parts(cell, names)
    compares = [
        etcdctl.compare(_TARGETS.get(target, target), key, relation, operand)
        for target, key, relation, operand in read.compares
    ]
    then, otherwise = ([_request(each) for each in part] for part in (read.then, read.otherwise))
    return etcdctl.txn(compares, then, otherwise)


def _request(asked: Invocation) -> Request:
    return Request(asked.command.name, tuple(_flags(asked)), tuple(word.text for word in asked.arguments))


def explain(run: Run) -> Any:
    """Reached only where nothing follows the word."""
    raise LineError(f"explain needs a line: {run.asked.command.usage}")


COMMANDS = (
    Command(
        ("explain",),
        "the etcdctl line of any of these; nothing is sent",
        explain,
        (Argument("COMMAND", many=True, optional=True),),
        examples=("%etcd explain get /config --prefix --limit 5",),
        connects=False,
        cell="may",
    ),
)
