"""Plays a flow by hand: a clock that only moves when told, and a cluster that is a function."""

import random
from collections.abc import Callable
from typing import Any, TypeVar

from etcdobs._endpoints import Endpoints
from etcdobs._flow import renew_token, unary
from etcdobs._steps import Aside, Flow, Note, Now, Renew, Send, Session, Sleep, Step
from etcdobs._token import Credentials
from etcdobs._wire import etcdserverpb as pb
from etcdobs.config import RetryPolicy, parse_endpoints
from etcdobs.errors import EtcdError

T = TypeVar("T")

Answer = Any  # a reply, or an EtcdError
Cluster = Callable[[Send], Answer]


def make_session(
    endpoints: str = "a:1,b:1,c:1",
    *,
    username: str | None = None,
    password: Any = None,
    token: Any = None,
    retry: RetryPolicy | None = RetryPolicy(),  # frozen
    timeout: float | None = 10.0,
    dial_timeout: float = 5.0,
    require_leader: bool = False,
) -> Session:
    return Session(
        endpoints=Endpoints(parse_endpoints(endpoints)),
        credentials=Credentials(username, password, token),
        retry=retry,
        timeout=timeout,
        dial_timeout=dial_timeout,
        require_leader=require_leader,
        jitter=random.Random(11),
    )


class Played:
    """One session and what its flows asked for."""

    def __init__(self, session: Session, cluster: Cluster, *, seconds_per_send: float = 0.0) -> None:
        self.session = session
        self.now = 1000.0
        self.sends: list[Send] = []
        self.sleeps: list[float] = []
        self.notes: list[Note] = []
        self.renewals: list[Renew] = []
        self.asides: list[Aside] = []
        self._cluster = cluster
        self._seconds_per_send = seconds_per_send

    def call(self, call: Any) -> Any:
        return self.run(unary(call, self.session))

    def run(self, flow: Flow[T]) -> T:
        answer: Any = None
        while True:
            try:
                step = flow.throw(answer) if isinstance(answer, EtcdError) else flow.send(answer)
            except StopIteration as stop:
                result: T = stop.value
                return result
            try:
                answer = self._perform(step)
            except EtcdError as error:
                answer = error

    def _perform(self, step: Step) -> Any:
        if isinstance(step, Now):
            return self.now
        if isinstance(step, Sleep):
            self.sleeps.append(step.seconds)
            self.now += step.seconds
        elif isinstance(step, Note):
            self.notes.append(step)
        elif isinstance(step, Aside):
            self.asides.append(step)
            self.run(step.flow)
        elif isinstance(step, Renew):
            self.renewals.append(step)
            self.run(renew_token(self.session, step.refused, step.timeout))
        else:
            return self._send(step)
        return None

    def _send(self, step: Send) -> Answer:
        self.sends.append(step)
        self.now += self._seconds_per_send
        return self._cluster(step)

    @property
    def addresses(self) -> list[str]:
        return [send.endpoint.address for send in self.sends]

    @property
    def methods(self) -> list[str]:
        return [send.call.rpc.method for send in self.sends]

    @property
    def tokens(self) -> list[str | None]:
        return [dict(send.metadata).get("token") for send in self.sends]

    @property
    def events(self) -> list[tuple[str, str]]:
        return [(note.event, note.detail) for note in self.notes]


def reply_to(send: Send) -> Any:
    """What a server without complaints answers."""
    if send.call.rpc.method == "Range":
        return pb.RangeResponse(count=1, kvs=[{"key": b"k", "value": b"v"}])
    if send.call.rpc.method == "Authenticate":
        return pb.AuthenticateResponse(token="bought")
    return send.call.rpc.response()


def script(*answers: Answer) -> Cluster:
    """A cluster that answers so, one after the other; None: a plain reply; the last one for ever."""
    left = list(answers)

    def cluster(send: Send) -> Answer:
        answer = left.pop(0) if len(left) > 1 else left[0]
        return reply_to(send) if answer is None else answer

    return cluster
