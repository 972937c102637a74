"""Waits for each member's own word on itself."""

import asyncio
import time
from collections.abc import Sequence

from etcdobs import EtcdError, Member, StatusResponse
from etcdobs_explorer.model.records import MemberRecord, Role

from .calls import GLANCE, Calls
from .failures import failures
from .forms import text_bytes


class MemberCalls(Calls):
    """Every member, asked one by one."""

    async def members(self) -> Sequence[MemberRecord]:
        """Every member. Those behind an endpoint the user named are asked there: a member may advertise an address
        that cannot be reached from here."""
        with failures():
            members = await self._client.cluster.members(linearizable=False, timeout=GLANCE)
        self._names = {member.id: text_bytes(member.name) for member in members}
        looks = await asyncio.gather(*(self._look(endpoint) for endpoint in self._endpoints))
        known = {look.status.header.member_id: look for look in looks if look.status is not None}
        unknown = [member for member in members if member.id not in known]
        others = await asyncio.gather(*map(self._look_at_member, unknown))
        found = known | {member.id: look for member, look in zip(unknown, others, strict=True)}
        return [_member(member, found[member.id]) for member in members]

    async def _look_at_member(self, member: Member) -> "_Look":
        look = _Look("", None, None, b"it advertises no client address")
        for url in member.client_urls:
            look = await self._look(url)
            if look.status is not None and look.status.header.member_id == member.id:
                return look
            if look.status is not None:
                look = _Look(url, None, None, b"another member answers at its address")
        return look

    async def _look(self, endpoint: str) -> "_Look":
        began = time.perf_counter()
        try:
            status = await self._client.maintenance.status(endpoint, timeout=GLANCE)
        except EtcdError as error:
            return _Look(endpoint, None, None, text_bytes(error.details))
        return _Look(endpoint, status, time.perf_counter() - began, b"")


class _Look:
    """What one endpoint said of itself, or why it did not."""

    def __init__(self, endpoint: str, status: StatusResponse | None, rtt: float | None, reason: bytes) -> None:
        self.endpoint = endpoint
        self.status = status
        self.rtt = rtt
        self.reason = reason


def _member(member: Member, look: _Look) -> MemberRecord:
    status = look.status
    endpoint = text_bytes(look.endpoint.removeprefix("http://").removeprefix("https://"))
    if status is None:
        return MemberRecord(member.id, text_bytes(member.name), Role.UNKNOWN, endpoint, errors=(look.reason,))
    return MemberRecord(
        id=member.id,
        name=text_bytes(member.name),
        role=_role(member, status),
        endpoint=endpoint,
        version=text_bytes(status.version),
        db_size=status.db_size,
        db_in_use=status.db_size_in_use,
        raft_term=status.raft_term,
        raft_index=status.raft_index,
        raft_applied=status.raft_applied_index,
        rtt=look.rtt,
        errors=tuple(map(text_bytes, status.errors)),
    )


def _role(member: Member, status: StatusResponse) -> Role:
    if member.is_learner or status.is_learner:
        return Role.LEARNER
    return Role.LEADER if status.leader == member.id else Role.FOLLOWER
