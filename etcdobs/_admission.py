"""Decides whether a cluster is recent enough to be talked to at all, where the client was told to ask. No I/O.

As clientv3's `RejectOldCluster`: no member may be older than the minor version before the client's own. Unlike it, a
member that does not tell (it is down, or says its version to root only) is no reason to refuse the others.
"""

import re
from dataclasses import replace

from etcdobs._flow import unary
from etcdobs._steps import CLIENT_API_VERSION, Flow, Session
from etcdobs.config import Endpoint
from etcdobs.errors import EtcdError, OldClusterError
from etcdobs.ops import maintenance
from etcdobs.types import StatusResponse

_LEAST_SECONDS = 0.5


def _oldest() -> tuple[int, int]:
    major, minor = map(int, CLIENT_API_VERSION.split(".")[:2])
    return major, minor - 1


OLDEST = _oldest()


def admit(session: Session) -> Flow[None]:
    """Ask every endpoint for its version, once; raises OldClusterError when one is too old."""
    # These calls must not ask first themselves.
    asking = replace(session, admission=None)
    for endpoint in session.endpoints.all:
        version = yield from _version(asking, endpoint)
        if is_old(version):
            raise OldClusterError(
                f"etcd {version}: {OLDEST[0]}.{OLDEST[1]} is the oldest that this client accepts",
                method="etcdserverpb.Maintenance/Status",
                endpoint=endpoint.address,
            )
    session.admission = None


def _version(session: Session, endpoint: Endpoint) -> Flow[str]:
    seconds = max(_LEAST_SECONDS, session.dial_timeout / len(session.endpoints.all))
    try:
        status: StatusResponse = yield from unary(maintenance.status(endpoint.text, timeout=seconds), session)
    except EtcdError:
        return ""
    return status.version


def is_old(version: str) -> bool:
    """True when that server version, such as "3.4.27", is too old; one that cannot be read is not."""
    parts = re.match(r"(\d+)\.(\d+)", version)
    return parts is not None and (int(parts[1]), int(parts[2])) < OLDEST
