"""Decides what belongs to a stay at one cluster: its context, the state, and what reads it; all of it ends with it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from etcdobs_explorer.feeds import Feeds
from etcdobs_explorer.model.changes import Change
from etcdobs_explorer.model.contexts import ENV, Context
from etcdobs_explorer.model.gateway import Gateway
from etcdobs_explorer.model.state import State

Post = Callable[[Change, State], object]


@dataclass(slots=True)
class Visit:
    """A stay. `number` tells it from those before and after it; `password` is the one that opened it."""

    context: Context
    state: State
    number: int = 0
    feeds: Feeds | None = None
    password: str | None = None
    _gateway: Gateway | None = field(default=None, repr=False)

    @classmethod
    def of(cls, context: Context, metrics_url: str, number: int = 0) -> "Visit":
        """A stay that has yet to begin."""
        state = State(context.title, context.read_only, context.separator, metrics_url, context.colour)
        return cls(context, state, number)

    @classmethod
    def given(cls, gateway: Gateway, state: State, post: Post) -> "Visit":
        """A stay at a cluster that somebody else has opened, and closes."""
        context = Context(ENV, read_only=state.read_only, separator=state.separator)
        return cls(context, state, feeds=Feeds(gateway, lambda change: post(change, state)))

    def begin(self, gateway: Gateway, password: str | None, post: Post) -> None:
        """The cluster was opened; what had been read before, with another password, stays."""
        self._gateway, self.password = gateway, password
        self.feeds = Feeds(gateway, lambda change: post(change, self.state))

    async def end(self) -> None:
        """Let go of the cluster."""
        gateway, self._gateway = self._gateway, None
        self.feeds = None
        if gateway is not None:
            await gateway.close()

    def mode(self, view: str) -> str:
        """The name of a view's screens of this stay."""
        return f"{view} {self.number}" if self.number else view
