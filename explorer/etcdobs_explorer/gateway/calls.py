"""Decides what every room of the gateway has: the client, and how long a glance may take."""

from etcdobs import AsyncClient
from etcdobs_explorer.model.writes import OPEN, Protection

from .recorder import CallRecorder

GLANCE = 2.0  # seconds for a look at one member, and for a read by quorum before a member is asked alone


class Calls:
    """The client behind the gateway, and what it may not write. `names` are the members' names by id, as far as they
    were seen."""

    def __init__(
        self,
        client: AsyncClient,
        *,
        dial_timeout: float = 2.0,
        recorder: CallRecorder | None = None,
        protection: Protection = OPEN,
        user: str | None = None,
    ) -> None:
        self._client = client
        self._dial_timeout = dial_timeout
        self._protection = protection
        self._user = user
        self._endpoints = client.endpoints
        self._names: dict[int, bytes] = {}
        self._recorder = recorder or CallRecorder()
