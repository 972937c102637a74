"""Decides what the explorer asks about members."""

from collections.abc import Sequence
from typing import Protocol

from etcdobs_explorer.model.records import AlarmRecord, MemberRecord


class MembersGateway(Protocol):
    """What is asked about members. Every call raises GatewayError and nothing else."""

    async def members(self) -> Sequence[MemberRecord]:
        """Every member with its status; one that does not answer has the role UNKNOWN and its error. Where the list
        cannot be read, those that the endpoints are, and why."""
        ...

    async def alarms(self) -> Sequence[AlarmRecord]:
        """The alarms that are raised. The question goes through the cluster's log: it takes a quorum."""
        ...
