"""The Cluster service: a method's arguments become a `Call` of MemberList."""

from builtins import list as _list

from etcdobs._call import CLIENT_DEFAULT, Call, Timeout, checked_timeout
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import rpc
from etcdobs.ops import _decode
from etcdobs.types import Member


def members(linearizable: bool = True, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[_list[Member]]:
    """The members of the cluster, learners and those that never started included.

    Args:
        linearizable: as the quorum knows them; False: as the member that answers does, also without a quorum.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.
    """
    return Call(
        rpc("etcdserverpb.Cluster/MemberList"),
        pb.MemberListRequest(linearizable=linearizable),
        lambda reply: [_decode.member(member) for member in reply.members],
        True,
        checked_timeout(timeout),
    )
