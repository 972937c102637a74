"""What comes out of a call: frozen values, bytes for keys and values, ints for revisions and ids."""

from etcdobs.types.events import (
    Event,
    EventType,
    WatchResponse,
)
from etcdobs.types.key_value import (
    Child,
    KeyValue,
)
from etcdobs.types.responses import (
    CompactResponse,
    DeleteResponse,
    OperationResponse,
    PutResponse,
    RangeResponse,
    ResponseHeader,
    TxnResponse,
)
from etcdobs.types.server import (
    Alarm,
    AlarmType,
    AuthStatus,
    EndpointHealth,
    HashKVResponse,
    Health,
    LeaseTimeToLive,
    Member,
    Permission,
    Role,
    StatusResponse,
    User,
)

__all__ = [
    "Alarm",
    "AlarmType",
    "AuthStatus",
    "Child",
    "CompactResponse",
    "DeleteResponse",
    "EndpointHealth",
    "Event",
    "EventType",
    "HashKVResponse",
    "Health",
    "KeyValue",
    "LeaseTimeToLive",
    "Member",
    "OperationResponse",
    "Permission",
    "PutResponse",
    "RangeResponse",
    "ResponseHeader",
    "Role",
    "StatusResponse",
    "TxnResponse",
    "User",
    "WatchResponse",
]

for _name in __all__:
    if isinstance(_kind := globals()[_name], type):
        _kind.__module__ = __name__
