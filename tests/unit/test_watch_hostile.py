"""Whatever a server sends on a stream of watches, in any order and of any size, the cursors deliver or say why not."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from etcdobs._watch import Ask, Batch, Created, Cursor, Ended, Pin, Rebuild, WatchStream
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import mvccpb
from etcdobs.errors import EtcdError
from tests.unit.watch_answers import DENIED, KEYS, TOKEN, created

EFFECTS = (Ask, Batch, Created, Ended, Pin, Rebuild)
# Up to the last revision that has one after it.
int64s = st.one_of(st.integers(-2, 20), st.integers(-(2**63), 2**63 - 2), st.sampled_from([2**63 - 2, -(2**63)]))
ids = st.one_of(st.integers(0, 2), st.integers(0, 2), st.integers(-1, 3), int64s)
seldom = st.sampled_from([False, False, False, True])
key_values = st.builds(
    mvccpb.KeyValue, key=st.binary(max_size=5), value=st.binary(max_size=5), mod_revision=int64s, version=int64s
)
events = st.one_of(
    st.builds(mvccpb.Event),
    st.builds(mvccpb.Event, type=st.sampled_from([0, 1]), kv=key_values, prev_kv=st.none() | key_values),
)
reasons = st.sampled_from(["", DENIED, TOKEN, "rpc error: code = ", "rpc error: code = Nonsense desc = x"]) | st.text()
responses = st.builds(
    pb.WatchResponse,
    header=st.none() | st.builds(pb.ResponseHeader, revision=int64s),
    watch_id=ids,
    created=seldom,
    canceled=seldom,
    compact_revision=st.just(0) | int64s,
    cancel_reason=reasons,
    fragment=seldom,
    events=st.lists(events, max_size=4),
)
starts = st.integers(0, 20)
# A response, or what the client itself does between two of them.
steps = st.lists(responses | st.sampled_from(["create", "cancel", "restart"]), max_size=25)


@settings(deadline=None, max_examples=150)
@given(starts=st.lists(starts, min_size=1, max_size=3), steps=steps)
def test_it_delivers_or_says_what_is_wrong(starts: list[int], steps: list[Any]) -> None:
    stream = WatchStream()
    newest: dict[Any, int] = {}
    for watch_id, start in enumerate(starts):
        stream.create(Cursor(KEYS, start))
        stream.receive(created(watch_id))
    for step in steps:
        for effect in _taken(stream, step):
            assert isinstance(effect, EFFECTS)
            if isinstance(effect, (Ended, Rebuild)):
                assert isinstance(effect.error, EtcdError)
            if isinstance(effect, Batch) and not effect.response.is_progress:
                revisions = [event.kv.mod_revision for event in effect.response.events]
                assert effect.cursor not in newest or min(revisions) > newest[effect.cursor]
                newest[effect.cursor] = effect.response.revision
    for request in stream.restart():
        assert pb.WatchRequest.FromString(request.SerializeToString()) == request


def _taken(stream: WatchStream, step: Any) -> list[Any]:
    if step == "create":
        stream.create(Cursor(KEYS, 1))
    elif step == "restart":
        stream.restart()
    elif step == "cancel":
        if stream.cursors():
            stream.cancel(stream.cursors()[0])
    else:
        return stream.receive(pb.WatchResponse.FromString(step.SerializeToString()))
    return []
