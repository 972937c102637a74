"""Decides what a flow may ask for, and what all flows of a client share. It does none of it.

A flow is a generator. It yields a step, "do this for me", and is sent what came of it, or has the error thrown in:

    Send    make one attempt; answered with the reply, or an EtcdError is thrown in
    Sleep   wait so many seconds
    Now     answered with the monotonic time in seconds
    Renew   run `renew_token`, one at a time for the whole client
    Aside   run another flow beside this one, which does not wait for it; answered with nothing
    Note    tell whoever counts; answered with nothing

The drivers in `_drive` do these steps, one by blocking and one by awaiting: that is all that differs between the two
clients. No clock, no thread, no socket is touched here: each rule can be tested by hand with `next` and `flow.throw`.
"""

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from etcdobs._call import CLIENT_DEFAULT, Call, Timeout
from etcdobs._endpoints import Endpoints
from etcdobs._retry import Budget
from etcdobs._token import Credentials
from etcdobs.config import Endpoint, RetryPolicy

T = TypeVar("T")
Metadata: TypeAlias = tuple[tuple[str, str], ...]

CLIENT_API_VERSION = "3.6.0"

BARE: Metadata = (("client-api-version", CLIENT_API_VERSION),)
"""What goes with every call."""
_WITH_LEADER: Metadata = (*BARE, ("hasleader", "true"))


# As with `Call`: frozen, it would cost every call more.
@dataclass(slots=True)
class Send:
    """Make one attempt of `call` at `endpoint`, within `timeout` seconds.

    Attributes:
        is_free: True where the call has an alternative to that endpoint.
    """

    call: Call[Any]
    endpoint: Endpoint
    metadata: Metadata = field(repr=False)  # it holds the token
    timeout: float | None
    is_free: bool = False


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Now:
    """Tell the monotonic time."""


@dataclass(frozen=True, slots=True)
class Renew:
    """Replace the token that was refused (None: there was none yet), unless another call has done so meanwhile.

    Attributes:
        refused: the token.
        timeout: seconds that the call in need of it has left; None: no deadline.
    """

    refused: str | None = field(repr=False)
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Aside:
    """Run `flow`, which is short and raises nothing, without waiting for it."""

    flow: "Flow[None]"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that whoever watches the client would like to know.

    Attributes:
        event: "retried", "failed_over" or "token_renewed".
        detail: its cause, from a bounded set.
        method: the RPC, as `etcdserverpb.KV/Put`.
        endpoint: the address that it happened at; the log says it, no metric does.
    """

    event: str
    detail: str
    method: str = ""
    endpoint: str = field(default="", compare=False)


Other: TypeAlias = Sleep | Now | Renew | Aside | Note
"""What a flow asks for that is no attempt."""
Step: TypeAlias = Send | Other
Flow: TypeAlias = Generator[Step, Any, T]

NOW = Now()


@dataclass(slots=True)
class Session:
    """What all calls of a client share.

    Attributes:
        admission: what must succeed before any call is made, and then takes itself away; None: nothing.
        budget: what repeated requests may cost, as `retry` says.
    """

    endpoints: Endpoints
    credentials: Credentials
    retry: RetryPolicy | None
    timeout: float | None
    dial_timeout: float
    require_leader: bool = False
    jitter: random.Random = field(default_factory=random.Random)
    admission: "Callable[[Session], Flow[None]] | None" = None
    budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        self.budget = Budget(self.retry)

    def metadata(self, *, leader: bool | None = None) -> Metadata:
        """What goes with a call; `leader`: whether the server must have one, else as the client was told."""
        pairs = _WITH_LEADER if (self.require_leader if leader is None else leader) else BARE
        token = self.credentials.token
        return (*pairs, ("token", token)) if token else pairs

    def seconds(self, timeout: Timeout) -> float | None:
        """A call's timeout in seconds; the client's own where the call names none."""
        return self.timeout if timeout is CLIENT_DEFAULT else timeout
