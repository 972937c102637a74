"""What a server says on a watch stream, and cursors to say it to."""

from typing import Any

from etcdobs import Keys
from etcdobs._watch import Batch, Created, Cursor, WatchStream
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import mvccpb

KEYS = Keys.prefix("/a/")
DENIED = "rpc error: code = PermissionDenied desc = etcdserver: permission denied"
TOKEN = "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token"


def put(revision: int, key: bytes = b"/a/k") -> mvccpb.Event:
    kv = mvccpb.KeyValue(key=key, value=b"v", create_revision=1, mod_revision=revision, version=1)
    return mvccpb.Event(type=mvccpb.Event.PUT, kv=kv)


def answer(*revisions: int, id: int = 0, header: int = 0, fragment: bool = False) -> pb.WatchResponse:
    return pb.WatchResponse(
        watch_id=id,
        header=pb.ResponseHeader(revision=header or max(revisions, default=0)),
        events=[put(revision) for revision in revisions],
        fragment=fragment,
    )


def created(id: int, header: int = 9, **more: Any) -> pb.WatchResponse:
    return pb.WatchResponse(watch_id=id, created=True, header=pb.ResponseHeader(revision=header), **more)


def canceled(id: int, **more: Any) -> pb.WatchResponse:
    return pb.WatchResponse(watch_id=id, canceled=True, **more)


def live(*cursors: Cursor) -> WatchStream:
    """A stream on which the cursors were created with the ids 0, 1, 2, ..."""
    stream = WatchStream()
    stream.endpoint = "a:1"
    for id, cursor in enumerate(cursors):
        stream.create(cursor)
        assert stream.receive(created(id)) == [Created(cursor)]
    return stream


def pinned(revision: int = 10, **asked: Any) -> Cursor:
    cursor = Cursor(KEYS, **asked)
    cursor.pin(revision)
    return cursor


def start(request: pb.WatchRequest) -> int:
    return request.create_request.start_revision


def revisions(effects: list[Any]) -> list[list[int]]:
    assert all(isinstance(effect, Batch) for effect in effects)
    return [[event.kv.mod_revision for event in effect.response.events] for effect in effects]
