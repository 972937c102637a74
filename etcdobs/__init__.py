"""An etcd v3 client for Python that you can see through.

`Client` blocks, `AsyncClient` awaits; both have the same methods.

    with Client("localhost:2379") as client:
        client.put("/greeting", "hello")
        print(client.get("/greeting").text)
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "TLS",
    "AbortedError",
    "Alarm",
    "AlarmType",
    "AlreadyExistsError",
    "AsyncAuthClient",
    "AsyncClient",
    "AsyncClusterClient",
    "AsyncHeartbeat",
    "AsyncLease",
    "AsyncLeaseClient",
    "AsyncMaintenanceClient",
    "AsyncTxnBuilder",
    "AsyncWatcher",
    "AuthClient",
    "AuthNotEnabledError",
    "AuthOldRevisionError",
    "AuthStatus",
    "AuthenticationFailedError",
    "BadLeaderTransfereeError",
    "CallCancelledError",
    "Child",
    "Client",
    "ClientMetrics",
    "ClosedError",
    "ClusterClient",
    "ClusterIDMismatchError",
    "ClusterVersionUnavailableError",
    "CompactResponse",
    "CompactedError",
    "Comparand",
    "Compare",
    "ConnectionFailedError",
    "CorruptError",
    "DataLossError",
    "DeadlineExceededError",
    "Delete",
    "DeleteResponse",
    "DowngradeInProcessError",
    "DuplicateKeyError",
    "EmptyKeyError",
    "EndpointHealth",
    "EtcdError",
    "Event",
    "EventType",
    "FailedPreconditionError",
    "FutureRevisionError",
    "Get",
    "HashKVResponse",
    "Health",
    "Heartbeat",
    "InternalError",
    "InvalidArgumentError",
    "InvalidAuthMgmtError",
    "InvalidAuthTokenError",
    "InvalidClientAPIVersionError",
    "InvalidDowngradeTargetVersionError",
    "InvalidSortOptionError",
    "KeyNotFoundError",
    "KeyValue",
    "Keys",
    "LeaderChangedError",
    "Lease",
    "LeaseClient",
    "LeaseExistError",
    "LeaseNotFoundError",
    "LeaseProvidedError",
    "LeaseTTLTooLargeError",
    "LeaseTimeToLive",
    "MaintenanceClient",
    "Member",
    "MemberBadURLsError",
    "MemberExistError",
    "MemberLearnerNotReadyError",
    "MemberNotEnoughStartedError",
    "MemberNotFoundError",
    "MemberNotLearnerError",
    "MetricsAddressError",
    "MetricsServer",
    "NoInflightDowngradeError",
    "NoLeaderError",
    "NoSpaceError",
    "NotCapableError",
    "NotFoundError",
    "NotLeaderError",
    "NotSupportedForLearnerError",
    "OldClusterError",
    "Operation",
    "OutOfRangeError",
    "PeerURLExistError",
    "Permission",
    "PermissionDeniedError",
    "PermissionNotGivenError",
    "PermissionNotGrantedError",
    "Put",
    "PutResponse",
    "RangeResponse",
    "RequestCanceledError",
    "RequestTooLargeError",
    "ResourceExhaustedError",
    "ResponseHeader",
    "ResponseTooLargeError",
    "RetryPolicy",
    "Role",
    "RoleAlreadyExistError",
    "RoleEmptyError",
    "RoleNotFoundError",
    "RoleNotGrantedError",
    "RootRoleNotExistError",
    "RootUserNotExistError",
    "ServerDeadlineExceededError",
    "ServerTimeoutError",
    "StatusResponse",
    "StoppedError",
    "TimeoutDueToConnectionLostError",
    "TimeoutDueToLeaderFailError",
    "TimeoutWaitAppliedIndexError",
    "TooManyLearnersError",
    "TooManyOpsError",
    "TooManyRequestsError",
    "Txn",
    "TxnBuilder",
    "TxnResponse",
    "UnauthenticatedError",
    "UnavailableError",
    "UnhealthyError",
    "UnimplementedError",
    "UnknownError",
    "User",
    "UserAlreadyExistError",
    "UserEmptyError",
    "UserNotFoundError",
    "ValueProvidedError",
    "WatchCanceledError",
    "WatchResponse",
    "Watcher",
    "WrongDowngradeVersionFormatError",
    "__version__",
    "serve_metrics",
]

if TYPE_CHECKING:
    from etcdobs import aio as aio
    from etcdobs import client as client
    from etcdobs import config as config
    from etcdobs import errors as errors
    from etcdobs import interceptors as interceptors
    from etcdobs import keys as keys
    from etcdobs import observe as observe
    from etcdobs import ops as ops
    from etcdobs import otlp as otlp
    from etcdobs import recipes as recipes
    from etcdobs import services as services
    from etcdobs import testing as testing
    from etcdobs import types as types
    from etcdobs._drive.aio_keepalive import AsyncHeartbeat
    from etcdobs._drive.aio_watch import AsyncWatcher
    from etcdobs._drive.sync_keepalive import Heartbeat
    from etcdobs._drive.sync_watch import Watcher
    from etcdobs.aio import AsyncClient
    from etcdobs.client import Client
    from etcdobs.config import TLS, RetryPolicy
    from etcdobs.errors import (
        AbortedError,
        AlreadyExistsError,
        AuthenticationFailedError,
        AuthNotEnabledError,
        AuthOldRevisionError,
        BadLeaderTransfereeError,
        CallCancelledError,
        ClosedError,
        ClusterIDMismatchError,
        ClusterVersionUnavailableError,
        CompactedError,
        ConnectionFailedError,
        CorruptError,
        DataLossError,
        DeadlineExceededError,
        DowngradeInProcessError,
        DuplicateKeyError,
        EmptyKeyError,
        EtcdError,
        FailedPreconditionError,
        FutureRevisionError,
        InternalError,
        InvalidArgumentError,
        InvalidAuthMgmtError,
        InvalidAuthTokenError,
        InvalidClientAPIVersionError,
        InvalidDowngradeTargetVersionError,
        InvalidSortOptionError,
        KeyNotFoundError,
        LeaderChangedError,
        LeaseExistError,
        LeaseNotFoundError,
        LeaseProvidedError,
        LeaseTTLTooLargeError,
        MemberBadURLsError,
        MemberExistError,
        MemberLearnerNotReadyError,
        MemberNotEnoughStartedError,
        MemberNotFoundError,
        MemberNotLearnerError,
        NoInflightDowngradeError,
        NoLeaderError,
        NoSpaceError,
        NotCapableError,
        NotFoundError,
        NotLeaderError,
        NotSupportedForLearnerError,
        OldClusterError,
        OutOfRangeError,
        PeerURLExistError,
        PermissionDeniedError,
        PermissionNotGivenError,
        PermissionNotGrantedError,
        RequestCanceledError,
        RequestTooLargeError,
        ResourceExhaustedError,
        ResponseTooLargeError,
        RoleAlreadyExistError,
        RoleEmptyError,
        RoleNotFoundError,
        RoleNotGrantedError,
        RootRoleNotExistError,
        RootUserNotExistError,
        ServerDeadlineExceededError,
        ServerTimeoutError,
        StoppedError,
        TimeoutDueToConnectionLostError,
        TimeoutDueToLeaderFailError,
        TimeoutWaitAppliedIndexError,
        TooManyLearnersError,
        TooManyOpsError,
        TooManyRequestsError,
        UnauthenticatedError,
        UnavailableError,
        UnhealthyError,
        UnimplementedError,
        UnknownError,
        UserAlreadyExistError,
        UserEmptyError,
        UserNotFoundError,
        ValueProvidedError,
        WatchCanceledError,
        WrongDowngradeVersionFormatError,
    )
    from etcdobs.keys import Keys
    from etcdobs.observe import ClientMetrics, MetricsAddressError, MetricsServer, serve_metrics
    from etcdobs.ops.compare import Comparand, Compare
    from etcdobs.ops.operation import Delete, Get, Operation, Put, Txn
    from etcdobs.services.auth import AsyncAuthClient, AuthClient
    from etcdobs.services.cluster import AsyncClusterClient, ClusterClient
    from etcdobs.services.lease import AsyncLease, AsyncLeaseClient, Lease, LeaseClient
    from etcdobs.services.maintenance import AsyncMaintenanceClient, MaintenanceClient
    from etcdobs.services.txn import AsyncTxnBuilder, TxnBuilder
    from etcdobs.types import (
        Alarm,
        AlarmType,
        AuthStatus,
        Child,
        CompactResponse,
        DeleteResponse,
        EndpointHealth,
        Event,
        EventType,
        HashKVResponse,
        Health,
        KeyValue,
        LeaseTimeToLive,
        Member,
        Permission,
        PutResponse,
        RangeResponse,
        ResponseHeader,
        Role,
        StatusResponse,
        TxnResponse,
        User,
        WatchResponse,
    )
else:
    from etcdobs._lazy import homes, lazily

    # The module of every public name; what is not listed is an error class.
    _HOMES = dict.fromkeys(__all__, "etcdobs.errors") | homes(
        {
            "etcdobs._drive.aio_keepalive": "AsyncHeartbeat",
            "etcdobs._drive.aio_watch": "AsyncWatcher",
            "etcdobs._drive.sync_keepalive": "Heartbeat",
            "etcdobs._drive.sync_watch": "Watcher",
            "etcdobs.aio": "AsyncClient",
            "etcdobs.client": "Client",
            "etcdobs.config": "TLS RetryPolicy",
            "etcdobs.keys": "Keys",
            "etcdobs.observe": "ClientMetrics MetricsAddressError MetricsServer serve_metrics",
            "etcdobs.ops.compare": "Comparand Compare",
            "etcdobs.ops.operation": "Delete Get Operation Put Txn",
            "etcdobs.services.auth": "AsyncAuthClient AuthClient",
            "etcdobs.services.cluster": "AsyncClusterClient ClusterClient",
            "etcdobs.services.lease": "AsyncLease AsyncLeaseClient Lease LeaseClient",
            "etcdobs.services.maintenance": "AsyncMaintenanceClient MaintenanceClient",
            "etcdobs.services.txn": "AsyncTxnBuilder TxnBuilder",
            "etcdobs.types": (
                "Alarm AlarmType AuthStatus Child CompactResponse DeleteResponse EndpointHealth Event EventType "
                "HashKVResponse Health KeyValue LeaseTimeToLive Member Permission PutResponse RangeResponse "
                "ResponseHeader Role StatusResponse TxnResponse User WatchResponse"
            ),
        }
    )
    _SUBMODULES = ("interceptors", "ops", "otlp", "recipes", "services", "testing")
    __getattr__, __dir__ = lazily(__name__, _HOMES, _SUBMODULES)


def load_ipython_extension(shell: object) -> None:
    """`%load_ext etcdobs`: the `%etcd` magics of the notebook (needs `etcdobs[notebook]`)."""
    from importlib import import_module  # noqa: PLC0415 - what only a notebook needs

    import_module("etcdobs_explorer.notebook").load_ipython_extension(shell)


def unload_ipython_extension(shell: object) -> None:
    """`%unload_ext etcdobs`: the magics go, and their clients are closed."""
    from importlib import import_module  # noqa: PLC0415 - what only a notebook needs

    import_module("etcdobs_explorer.notebook").unload_ipython_extension(shell)
