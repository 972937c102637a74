"""Decides which endpoints a client uses, given the members of the cluster. Pure."""

from collections.abc import Iterable

from etcdobs._call import CLIENT_DEFAULT, Timeout
from etcdobs._flow import unary
from etcdobs._steps import Flow, Session
from etcdobs.config import Endpoint, parse_endpoints
from etcdobs.errors import PermissionDeniedError
from etcdobs.ops import cluster
from etcdobs.types import Member

# As clientv3: a background look at the members must not hang for longer.
SYNC_TIMEOUT = 5.0


def endpoints_of(members: Iterable[Member]) -> list[str]:
    """Where clients reach the members that serve them: no learner, and none that has never started."""
    return [url for member in members if member.name and not member.is_learner for url in member.client_urls]


def member_endpoints(session: Session, timeout: Timeout = CLIENT_DEFAULT) -> Flow[tuple[Endpoint, ...]]:
    """The endpoints to use from now on: those of the members, or those of now where the server does not tell.

    etcd 3.4.42, 3.5.28 and 3.6.9 tell root only.
    """
    try:
        members = yield from unary(cluster.members(timeout=timeout), session)
    except PermissionDeniedError:
        return session.endpoints.all
    known = {endpoint.address: endpoint for endpoint in session.endpoints.all}
    found = parse_endpoints(endpoints_of(members) or [endpoint.text for endpoint in session.endpoints.all])
    return tuple(_as_known(endpoint, known.get(endpoint.address)) for endpoint in found)


def _as_known(endpoint: Endpoint, known: Endpoint | None) -> Endpoint:
    """The endpoint as it was given, where it is the same: its channel is kept."""
    return known if known is not None and known.secure in (None, endpoint.secure) else endpoint


__all__ = ["SYNC_TIMEOUT", "endpoints_of", "member_endpoints"]
