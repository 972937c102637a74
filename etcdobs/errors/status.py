"""Decides which class a gRPC status, or the text of one, becomes: by the message first, then by the code."""

import re

import grpc

from etcdobs.errors import codes, named
from etcdobs.errors.codes import ConnectionFailedError, EtcdError, ResponseTooLargeError, UnknownError
from etcdobs.errors.named import RequestTooLargeError

_PREFIX = "etcdserver: "

_CLASSES = [kind for module in (codes, named) for kind in vars(module).values() if isinstance(kind, type)]
_KINDS = [kind for kind in _CLASSES if issubclass(kind, EtcdError)]
_BY_MESSAGE = {kind.message: kind for kind in _KINDS if kind.message.startswith(_PREFIX)}
_BY_CODE = {kind.default_code: kind for kind in _KINDS if EtcdError in kind.__bases__ and kind is not codes.ClosedError}

# Texts that no etcd error has: gRPC's own, on either side.
_BY_TEXT = (
    (
        re.compile(
            r"failed to connect to all addresses|DNS resolution failed|errors resolving |[Ff]ailed to pick subchannel"
        ),
        ConnectionFailedError,
    ),
    (
        re.compile(r"grpc: received message (after decompression )?larger than max|Sent message larger than max"),
        RequestTooLargeError,
    ),
    (re.compile(r"Received message larger than max"), ResponseTooLargeError),
)

# What a user can do about a text that does not say so.
_ADVICE = (
    (
        re.compile(r"^etcdserver: user name is empty"),
        "this cluster has authentication on: give the client username= and password=, or token=",
    ),
    (
        re.compile(r"Sent message larger than max"),
        "the client's own limit is max_send_bytes=, the server's is --max-request-bytes",
    ),
    (
        re.compile(r"Handshake read failed|WRONG_VERSION_NUMBER"),
        "one side may speak TLS and the other not: https:// or tls= where the server has certificates, else neither",
    ),
    (
        re.compile(r"unable to get local issuer certificate|CERTIFICATE_VERIFY_FAILED"),
        "the server's certificate is by none that this client trusts: give its authority as tls=TLS(ca=...)",
    ),
)

_GO_CODES = {code.name.replace("_", "").lower(): code for code in grpc.StatusCode}
_GO_CODES["canceled"] = grpc.StatusCode.CANCELLED
_NESTED_STATUS = re.compile(r"^rpc error: code = (\w+) desc = (.*)$", re.DOTALL)


def error_class(code: grpc.StatusCode, details: str) -> type[EtcdError]:
    """The class for a status: etcd's text, then gRPC's text, then the code."""
    by_name = _by_message(details)
    if by_name is not None:
        return by_name
    if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
        for pattern, kind in _BY_TEXT:
            if pattern.search(details):
                return kind
    return _BY_CODE.get(code, UnknownError)


def _by_message(details: str) -> type[EtcdError] | None:
    # 3.5.1 answers UNKNOWN with the bare text where later ones add the prefix and the code.
    # Up to 3.5, HashKV and Defragment pass on the text of etcd's own auth package, with UNKNOWN for a code.
    bare = details.removeprefix("auth: ")
    return _BY_MESSAGE.get(details) or _BY_MESSAGE.get(_PREFIX + bare)


def from_status(code: grpc.StatusCode, details: str, *, method: str = "", endpoint: str = "") -> EtcdError:
    """The exception for a gRPC status; a note on it (PEP 678) says what can be done, where its text does not."""
    error = error_class(code, details)(details, code=code, method=method, endpoint=endpoint)
    for pattern, advice in _ADVICE:
        if pattern.search(details):
            error.add_note(advice)
    return error


def from_cancel_reason(reason: str, *, method: str = "", endpoint: str = "") -> EtcdError:
    """The exception for a watch's `cancel_reason`, which may carry a whole status as text."""
    nested = _NESTED_STATUS.match(reason)
    if nested is not None:
        code = _GO_CODES.get(nested[1].lower(), grpc.StatusCode.UNKNOWN)
        return from_status(code, nested[2], method=method, endpoint=endpoint)
    by_name = _by_message(reason)
    # No status came with it: a text that nobody knows is what clientv3 takes it for.
    code = by_name.default_code if by_name else grpc.StatusCode.FAILED_PRECONDITION
    return from_status(code, reason, method=method, endpoint=endpoint)
