"""The Cluster service: a method's arguments become a `Call` of one of its RPCs."""

from builtins import list as _list
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from etcdobs._call import CLIENT_DEFAULT, Call, Timeout, checked_bool, checked_timeout
from etcdobs._wire import Rpc, rpc
from etcdobs._wire import etcdserverpb as pb
from etcdobs.ops import _decode
from etcdobs.types import Member


def members(linearizable: bool = True, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[_list[Member]]:
    """The members of the cluster, learners and those that never started included.

    Args:
        linearizable: as the quorum knows them; False: as the member that answers does, also without a quorum.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.
    """
    return Call(
        _rpc("MemberList"),
        pb.MemberListRequest(linearizable=checked_bool("linearizable", linearizable)),
        _members,
        checked_timeout(timeout),
    )


def add(peer_urls: str | Iterable[str], learner: bool = False, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[Member]:
    """Adds a member, to be started afterwards with the URLs named here.

    Args:
        peer_urls: where the others will reach it, "http://host:2380"; one, or several.
        learner: without a vote, until it is promoted.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.

    Raises:
        ValueError: there is no URL, or one is malformed.
        PeerURLExistError: another member has one of them.
        TooManyLearnersError: there is a learner already (one is the limit unless set).
    """
    request = pb.MemberAddRequest(peerURLs=_urls(peer_urls), isLearner=checked_bool("learner", learner))
    return Call(_rpc("MemberAdd"), request, lambda reply: _decode.member(reply.member), checked_timeout(timeout))


def remove(id: int, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[_list[Member]]:
    """Removes a member; returns those that remain.

    Raises:
        MemberNotFoundError: there is none of this id.
        MemberNotEnoughStartedError: the rest would have no quorum.
    """
    return _change("MemberRemove", pb.MemberRemoveRequest(ID=_id(id)), timeout)


def update(id: int, peer_urls: str | Iterable[str], *, timeout: Timeout = CLIENT_DEFAULT) -> Call[_list[Member]]:
    """Gives a member other peer URLs; returns all members.

    Raises:
        ValueError: there is no URL, or one is malformed.
        MemberNotFoundError: there is none of this id.
    """
    return _change("MemberUpdate", pb.MemberUpdateRequest(ID=_id(id), peerURLs=_urls(peer_urls)), timeout)


def promote(id: int, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[_list[Member]]:
    """Gives a learner a vote; returns all members.

    Raises:
        MemberNotFoundError: there is none of this id.
        MemberNotLearnerError: it has a vote.
        MemberLearnerNotReadyError: it has not caught up with the leader yet.
    """
    return _change("MemberPromote", pb.MemberPromoteRequest(ID=_id(id)), timeout)


def _rpc(method: str) -> Rpc:
    return rpc(f"etcdserverpb.Cluster/{method}")


def _change(method: str, request: Any, timeout: Timeout) -> Call[_list[Member]]:
    return Call(_rpc(method), request, _members, checked_timeout(timeout))


def _members(reply: Any) -> _list[Member]:
    return [_decode.member(member) for member in reply.members]


def _id(id: object) -> int:
    # Member ids are unsigned, unlike lease ids.
    if isinstance(id, bool) or not isinstance(id, int):
        raise TypeError(f"a member's id must be an int, not {type(id).__name__}")
    if not 0 < id < 1 << 64:
        raise ValueError(f"a member's id must be from 1 to 2**64 - 1, not {id}")
    return id


def _urls(peer_urls: str | Iterable[str]) -> _list[str]:
    urls = [peer_urls] if isinstance(peer_urls, str) else [*peer_urls]
    if not urls:
        raise ValueError("a member needs a peer URL, like http://10.0.0.4:2380")
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https", "unix", "unixs") or not parts.netloc:
            raise ValueError(f"a peer URL is like http://10.0.0.4:2380, not {url!r}")
    return urls
