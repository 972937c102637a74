"""Decides what a server may send on a stream of watches: a model of its log, its watches and what it compacts."""

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise

from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import mvccpb
from tests.unit.watch_answers import canceled


@dataclass(slots=True)
class Watch:
    """One watch as the server has it: the next revision that it sends, and fragments of a batch yet to be sent."""

    id: int
    position: int
    fragments: deque[pb.WatchResponse] = field(default_factory=deque[pb.WatchResponse])


class Server:
    """A store with a history, and one stream at a time.

    Attributes:
        log: the events of each revision; between them others wrote other keys.
        revision: the store's.
        compacted: history before it is gone.
    """

    def __init__(self) -> None:
        self.log: dict[int, list[mvccpb.Event]] = {}
        self.revision = 1
        self.compacted = 0
        self.creating: deque[pb.WatchCreateRequest] = deque()
        self.watches: dict[int, Watch] = {}
        self._next_id = 0

    def write(self, keys: int, others: int) -> None:
        """A transaction on so many watched keys, and then so many revisions that nobody watches."""
        revision = self.revision + 1
        self.revision += 1 + others
        self.log[revision] = [
            mvccpb.Event(kv=mvccpb.KeyValue(key=b"/a/%d" % key, mod_revision=revision)) for key in range(keys)
        ]

    def end_stream(self) -> None:
        """The connection broke: the next stream knows nothing of this one."""
        self.creating.clear()
        self.watches.clear()
        self._next_id = 0

    def take(self, request: pb.WatchRequest) -> pb.WatchResponse | None:
        """A request of the client's, and what answers it at once."""
        if request.HasField("create_request"):
            self.creating.append(request.create_request)
            return None
        watch = self.watches.pop(request.cancel_request.watch_id, None)
        return canceled(watch.id) if watch is not None else None

    def create(self) -> pb.WatchResponse:
        """The oldest request to create becomes a watch."""
        asked = self.creating.popleft()
        watch = Watch(self._next_id, asked.start_revision or self.revision + 1)
        self._next_id += 1
        self.watches[watch.id] = watch
        return pb.WatchResponse(watch_id=watch.id, created=True, header=pb.ResponseHeader(revision=self.revision))

    def refuse(self, id: int, reason: str) -> pb.WatchResponse:
        """The oldest request to create is refused."""
        self.creating.popleft()
        return pb.WatchResponse(watch_id=id, created=True, canceled=True, cancel_reason=reason)

    def send(
        self, watch: Watch, revisions: int, cuts: list[int], *, backwards: bool = False
    ) -> pb.WatchResponse | None:
        """The next response of a watch: what is left of a batch, or a new one of so many revisions, cut at `cuts`."""
        if not watch.fragments:
            if watch.position < self.compacted:
                del self.watches[watch.id]
                return canceled(watch.id, compact_revision=self.compacted)
            self._cut(watch, revisions, cuts, backwards=backwards)
        return watch.fragments.popleft() if watch.fragments else None

    def _cut(self, watch: Watch, revisions: int, cuts: list[int], *, backwards: bool) -> None:
        ahead = sorted(revision for revision in self.log if revision >= watch.position)[:revisions]
        if not ahead:
            return
        watch.position = ahead[-1] + 1
        events = [event for revision in sorted(ahead, reverse=backwards) for event in self.log[revision]]
        edges = sorted({0, len(events), *(cut % len(events) for cut in cuts)})
        for begin, end in pairwise(edges):
            last = end == len(events)
            watch.fragments.append(self._response(watch, events[begin:end], fragment=not last))

    def progress(self, watch: Watch) -> pb.WatchResponse | None:
        """That a watch has all there is; None while it has not."""
        if watch.fragments or any(revision >= watch.position for revision in self.log):
            return None
        if self.revision < watch.position - 1:
            return None
        watch.position = self.revision + 1
        return self._response(watch, [], fragment=False)

    def false_progress(self, watch: Watch) -> pb.WatchResponse | None:
        """That a watch has all there is, although it has not; None while that would take something from it for good."""
        if watch.fragments or watch.position < self.compacted:
            return None
        return self._response(watch, [], fragment=False)

    def restored(self, watch: Watch, back: int) -> None:
        """The member took a snapshot over: it sends again what it sent before."""
        if not watch.fragments:
            watch.position = min(watch.position, max(self.compacted, watch.position - back, 1))

    def _response(self, watch: Watch, events: list[mvccpb.Event], *, fragment: bool) -> pb.WatchResponse:
        header = pb.ResponseHeader(revision=self.revision)
        return pb.WatchResponse(watch_id=watch.id, header=header, events=events, fragment=fragment)
