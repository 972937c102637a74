"""Decides what every feed has: the gateway it reads, and where its news goes."""

from collections.abc import Callable

from etcdobs_explorer.model.changes import Change
from etcdobs_explorer.model.gateway import Gateway


class Feed:
    """Reads a cluster and posts changes. Each coroutine ends by itself or is cancelled; none raises GatewayError."""

    def __init__(self, gateway: Gateway, post: Callable[[Change], object]) -> None:
        self._gateway = gateway
        self._post = post
