"""Every failure has a class of its own, by the server's words, and tells what it knows."""

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import grpc
import pytest

import etcdobs
from etcdobs import errors
from etcdobs.errors import (
    CallCancelledError,
    ClosedError,
    CompactedError,
    ConnectionFailedError,
    DeadlineExceededError,
    EtcdError,
    FailedPreconditionError,
    LeaseNotFoundError,
    NoLeaderError,
    PermissionDeniedError,
    RequestTooLargeError,
    ResourceExhaustedError,
    ResponseTooLargeError,
    ServerDeadlineExceededError,
    UnavailableError,
    UnknownError,
    WatchCanceledError,
    from_cancel_reason,
    from_status,
)

Code = grpc.StatusCode
ROOT = Path(__file__).resolve().parents[2]
NAMED: list[dict[str, Any]] = json.loads((ROOT / "protos" / "etcd-wire.json").read_text())["rpc_errors"]
CODE_CLASSES = {
    Code.CANCELLED: errors.CallCancelledError,
    Code.UNKNOWN: errors.UnknownError,
    Code.INVALID_ARGUMENT: errors.InvalidArgumentError,
    Code.DEADLINE_EXCEEDED: errors.DeadlineExceededError,
    Code.NOT_FOUND: errors.NotFoundError,
    Code.PERMISSION_DENIED: errors.PermissionDeniedError,
    Code.RESOURCE_EXHAUSTED: errors.ResourceExhaustedError,
    Code.FAILED_PRECONDITION: errors.FailedPreconditionError,
    Code.OUT_OF_RANGE: errors.OutOfRangeError,
    Code.UNIMPLEMENTED: errors.UnimplementedError,
    Code.INTERNAL: errors.InternalError,
    Code.UNAVAILABLE: errors.UnavailableError,
    Code.DATA_LOSS: errors.DataLossError,
    Code.UNAUTHENTICATED: errors.UnauthenticatedError,
}
PUBLIC = [getattr(errors, name) for name in errors.__all__]


def code_of(fact: dict[str, Any]) -> grpc.StatusCode:
    return grpc.StatusCode[fact["code"]]


def test_etcd_names_sixty_three_errors_and_each_has_a_class_of_its_own() -> None:
    classes = {type(from_status(code_of(fact), fact["message"])) for fact in NAMED}
    assert len(NAMED) == len(classes) == 63


@pytest.mark.parametrize("fact", NAMED, ids=lambda fact: fact["grpc_name"])
def test_a_named_error_is_known_by_its_message(fact: dict[str, Any]) -> None:
    error = from_status(code_of(fact), fact["message"], method="etcdserverpb.KV/Put", endpoint="a:1")
    assert error.code is code_of(fact)
    assert error.details == fact["message"]
    assert isinstance(error, CODE_CLASSES[error.code])
    assert type(error).default_code is error.code
    assert type(error).message == fact["message"]
    assert getattr(etcdobs, type(error).__name__) is type(error)
    assert type(error).__name__ in etcdobs.__all__


@pytest.mark.parametrize("fact", NAMED, ids=lambda fact: fact["grpc_name"])
def test_the_message_wins_over_the_code_and_the_received_code_is_kept(fact: dict[str, Any]) -> None:
    error = from_status(Code.UNKNOWN, fact["message"].removeprefix("etcdserver: "))
    assert type(error) is type(from_status(code_of(fact), fact["message"]))
    assert error.code is Code.UNKNOWN


@pytest.mark.parametrize("code", CODE_CLASSES)
def test_an_unknown_message_falls_back_to_the_code(code: grpc.StatusCode) -> None:
    assert type(from_status(code, "words that no etcd says")) is CODE_CLASSES[code]


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.OK])
def test_every_code_has_a_class_of_its_own_and_is_kept(code: grpc.StatusCode) -> None:
    error = from_status(code, "words")
    assert type(error).default_code is code
    assert error.code is code


def test_what_3_5_1_says_without_a_quorum_is_a_deadline() -> None:
    error = from_status(Code.UNKNOWN, "context deadline exceeded")
    assert type(error) is ServerDeadlineExceededError
    assert isinstance(error, DeadlineExceededError)
    assert isinstance(error, TimeoutError)
    assert error.code is Code.UNKNOWN


@pytest.mark.parametrize(
    ("code", "details", "kind"),
    [
        (
            Code.UNAVAILABLE,
            "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Connection refused",
            ConnectionFailedError,
        ),
        (Code.UNAVAILABLE, "DNS resolution failed for nowhere.invalid:2379", ConnectionFailedError),
        (Code.UNAVAILABLE, "Socket closed", UnavailableError),
        (Code.UNKNOWN, "failed to connect to all addresses", UnknownError),
        (
            Code.RESOURCE_EXHAUSTED,
            "grpc: received message larger than max (3145758 vs. 2097152)",
            RequestTooLargeError,
        ),
        (Code.RESOURCE_EXHAUSTED, "CLIENT: Sent message larger than max (3 vs. 2)", RequestTooLargeError),
        (Code.RESOURCE_EXHAUSTED, "CLIENT: Received message larger than max (6 vs. 4)", ResponseTooLargeError),
        (Code.RESOURCE_EXHAUSTED, "quota", ResourceExhaustedError),
    ],
)
def test_what_grpc_itself_says_is_told_apart(code: grpc.StatusCode, details: str, kind: type[EtcdError]) -> None:
    error = from_status(code, details)
    assert type(error) is kind
    assert error.code is code


@pytest.mark.parametrize(
    ("reason", "kind", "code"),
    [
        (
            "rpc error: code = PermissionDenied desc = etcdserver: permission denied",
            PermissionDeniedError,
            Code.PERMISSION_DENIED,
        ),
        (
            "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token",
            errors.InvalidAuthTokenError,
            Code.UNAUTHENTICATED,
        ),
        (
            "rpc error: code = InvalidArgument desc = etcdserver: revision of auth store is old",
            errors.AuthOldRevisionError,
            Code.INVALID_ARGUMENT,
        ),
        ("rpc error: code = Canceled desc = of two\nlines", CallCancelledError, Code.CANCELLED),
        ("rpc error: code = Unheard desc = of", UnknownError, Code.UNKNOWN),
        ("etcdserver: no leader", NoLeaderError, Code.UNAVAILABLE),
        ("etcdserver: watch canceled", WatchCanceledError, Code.CANCELLED),
        ("mvcc: required revision has been compacted", CompactedError, Code.OUT_OF_RANGE),
        ("mvcc: watcher range is empty", FailedPreconditionError, Code.FAILED_PRECONDITION),
        (
            "mvcc: duplicate watch ID provided on the WatchStream",
            FailedPreconditionError,
            Code.FAILED_PRECONDITION,
        ),
    ],
)
def test_a_cancel_reason_is_read_with_the_status_it_holds(
    reason: str, kind: type[EtcdError], code: grpc.StatusCode
) -> None:
    error = from_cancel_reason(reason, method="etcdserverpb.Watch/Watch", endpoint="a:1")
    assert type(error) is kind
    assert error.code is code
    assert (error.method, error.endpoint) == ("etcdserverpb.Watch/Watch", "a:1")
    assert "rpc error" not in error.details


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_every_class_survives_pickle_and_copy_whole(kind: type[EtcdError]) -> None:
    error = kind("words", code=Code.ABORTED, method="m", endpoint="e", outcome_unknown=True)
    error.add_note("seen twice")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is kind
        assert vars(again) == vars(error)
        assert again.args == error.args
        assert str(again) == str(error)


def test_a_compacted_error_keeps_its_revision_through_pickle() -> None:
    error = CompactedError(endpoint="e")
    assert error.compact_revision is None
    error.compact_revision = 7
    assert pickle.loads(pickle.dumps(error)).compact_revision == 7


class DemandingError(UnavailableError):
    def __init__(self, ticket: int) -> None:
        super().__init__(f"ticket {ticket}")
        self.ticket = ticket


def test_a_subclass_with_arguments_of_its_own_can_be_copied() -> None:
    again = copy.copy(DemandingError(7))
    assert (again.ticket, str(again)) == (7, "ticket 7 (UNAVAILABLE)")


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_every_class_is_exported_and_says_where_from(kind: type[EtcdError]) -> None:
    assert issubclass(kind, EtcdError)
    assert kind.__module__ == "etcdobs.errors"
    assert kind.__name__ in etcdobs.__all__
    assert getattr(etcdobs, kind.__name__) is kind


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_a_class_made_without_words_has_its_own(kind: type[EtcdError]) -> None:
    error = kind()
    assert error.details == kind.message
    assert error.code is kind.default_code
    assert (error.method, error.endpoint, error.outcome_unknown) == ("", "", False)


def test_str_names_method_and_endpoint() -> None:
    error = LeaseNotFoundError(method="etcdserverpb.Lease/LeaseRevoke", endpoint="a:2379")
    expected = "etcdserverpb.Lease/LeaseRevoke at a:2379: etcdserver: requested lease not found (NOT_FOUND)"
    assert str(error) == expected


def test_str_leaves_out_what_is_not_known() -> None:
    assert str(UnavailableError("gone")) == "gone (UNAVAILABLE)"
    assert str(UnavailableError("gone", endpoint="a:1")) == "a:1: gone (UNAVAILABLE)"


def test_str_says_when_the_outcome_is_unknown() -> None:
    assert str(UnavailableError("gone", outcome_unknown=True)).endswith("it may or may not have been applied")


def test_a_deadline_is_a_timeout_error_and_a_closed_client_is_not_a_cancelled_call() -> None:
    with pytest.raises(TimeoutError):
        raise DeadlineExceededError
    assert not issubclass(ClosedError, CallCancelledError)
    assert ClosedError().code is Code.CANCELLED


@pytest.mark.parametrize(
    ("code", "details", "advice"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, "etcdserver: user name is empty", "username="),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "CLIENT: Sent message larger than max (9 vs. 8)", "max_send_bytes="),
        (grpc.StatusCode.UNAVAILABLE, "... Ssl handshake failed: Handshake read failed", "tls="),
        (grpc.StatusCode.UNAVAILABLE, "... unable to get local issuer certificate: OK", "TLS(ca=...)"),
    ],
)
def test_a_note_says_what_can_be_done(code: grpc.StatusCode, details: str, advice: str) -> None:
    assert any(advice in note for note in from_status(code, details).__notes__)


def test_an_error_that_says_it_itself_has_no_note() -> None:
    assert not hasattr(from_status(grpc.StatusCode.UNAVAILABLE, "etcdserver: no leader"), "__notes__")
