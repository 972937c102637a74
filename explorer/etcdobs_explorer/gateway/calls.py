"""Decides what every room of the gateway has: the client, and how long a glance may take."""

from etcdobs import AsyncClient

GLANCE = 2.0  # seconds for a look at one member, and for a read by quorum before a member is asked alone


class Calls:
    """The client behind the gateway. `names` are the members' names by id, as far as they were seen."""

    def __init__(self, client: AsyncClient, *, dial_timeout: float = 2.0) -> None:
        self._client = client
        self._dial_timeout = dial_timeout
        self._endpoints = client.endpoints
        self._names: dict[int, bytes] = {}
