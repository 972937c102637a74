"""Waits for each member's own word on itself."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from etcdobs import EtcdError, Member, PermissionDeniedError, StatusResponse
from etcdobs_explorer.model.records import AlarmRecord, MemberRecord, Role

from .calls import GLANCE, Calls
from .failures import failures, reason_of
from .forms import text_bytes


class MemberCalls(Calls):
    """Every member, asked one by one."""

    _listed: Sequence[Member] = ()  # as the list was when it was last read

    async def members(self) -> Sequence[MemberRecord]:
        """Every member. Those behind an endpoint the user named are asked there: a member may advertise an address
        that cannot be reached from here."""
        with failures():
            return await self._members()

    async def _members(self) -> Sequence[MemberRecord]:
        listed, looks = await asyncio.gather(
            self._client.cluster.members(linearizable=False, timeout=GLANCE),
            asyncio.gather(*(self._look(endpoint) for endpoint in self._endpoints)),
            return_exceptions=True,
        )
        if isinstance(looks, BaseException):
            raise looks
        unlisted = b""
        if isinstance(listed, EtcdError):
            if not self._listed:
                return _unlisted(looks, listed)
            unlisted, listed = reason_of(listed), self._listed
        if isinstance(listed, BaseException):
            raise listed
        self._listed = listed
        self._names = {member.id: text_bytes(member.name) for member in listed}
        known = {look.status.header.member_id: look for look in looks if look.status is not None}
        unknown = [member for member in listed if member.id not in known]
        others = await asyncio.gather(*map(self._look_at_member, unknown))
        found = known | {member.id: look for member, look in zip(unknown, others, strict=True)}
        return [_member(member, found[member.id], unlisted) for member in listed]

    async def alarms(self) -> Sequence[AlarmRecord]:
        """The alarms that are raised."""
        with failures():
            alarms = await self._client.maintenance.alarms(timeout=GLANCE)
        return [AlarmRecord(alarm.member_id, alarm.type.name) for alarm in alarms]

    async def _look_at_member(self, member: Member) -> "_Look":
        look = _Look("", b"it advertises no client address")
        for url in member.client_urls:
            look = await self._look(url)
            if look.status is not None and look.status.header.member_id == member.id:
                return look
            if look.status is not None:
                look = _Look(url, b"another member answers at its address")
        return look

    async def _look(self, endpoint: str) -> "_Look":
        began = time.perf_counter()
        try:
            status = await self._client.maintenance.status(endpoint, timeout=GLANCE)
        except PermissionDeniedError as error:
            return _Look(endpoint, reason_of(error), is_denied=True)
        except EtcdError as error:
            return _Look(endpoint, reason_of(error))
        return _Look(endpoint, status=status, rtt=time.perf_counter() - began)


@dataclass(frozen=True, slots=True)
class _Look:
    """What one endpoint said of itself, or why it did not."""

    endpoint: str
    reason: bytes = b""
    status: StatusResponse | None = None
    rtt: float | None = None
    is_denied: bool = False


def _unlisted(looks: Sequence[_Look], error: EtcdError) -> Sequence[MemberRecord]:
    """The members that the endpoints are, where nobody tells the list."""
    answered = {look.status.header.member_id: look for look in looks if look.status is not None}
    if not answered:
        raise error
    reason = reason_of(error)
    unnamed = [(Member(id, "", (), (), is_learner=False), look) for id, look in answered.items()]
    return [_member(member, look, unlisted=reason) for member, look in unnamed]


def _member(member: Member, look: _Look, unlisted: bytes = b"") -> MemberRecord:
    status = look.status
    endpoint = text_bytes(look.endpoint.removeprefix("http://").removeprefix("https://"))
    urls = tuple(map(text_bytes, member.peer_urls)), tuple(map(text_bytes, member.client_urls))
    if status is None:
        role = Role.DENIED if look.is_denied else Role.UNKNOWN
        return MemberRecord(
            *(member.id, text_bytes(member.name), role, endpoint),
            errors=(look.reason,),
            peer_urls=urls[0],
            client_urls=urls[1],
            unlisted=unlisted,
        )
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
        quota=status.db_size_quota,
        revision=status.header.revision,
        leader_id=status.leader,
        storage_version=text_bytes(status.storage_version or ""),
        peer_urls=urls[0],
        client_urls=urls[1],
        unlisted=unlisted,
    )


def _role(member: Member, status: StatusResponse) -> Role:
    if member.is_learner or status.is_learner:
        return Role.LEARNER
    return Role.LEADER if status.leader == member.id else Role.FOLLOWER
