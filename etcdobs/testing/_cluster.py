"""Several etcd servers that form one cluster: started together, asked who leads, gone when the block ends."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from etcdobs.testing._flags import Options, TLSMode
from etcdobs.testing._server import Etcd
from etcdobs.testing._tls import Certificates

_POLL = 0.02


def etcd_cluster(
    size: int = 3,
    *,
    tls: TLSMode | None = None,
    certificates: Certificates | None = None,
    root_password: str | None = None,
    flags: Sequence[str] = (),
    unsafe_no_fsync: bool = True,
) -> "EtcdCluster":
    """A cluster of `size` members, for a `with` block; every other argument is as in `etcd()`, for each member.

    Members are `etcd()`s of their own: each can be stopped, killed, paused and started again.
    """
    return EtcdCluster(size, Options(tls, certificates, root_password, tuple(flags), unsafe_no_fsync))


class EtcdCluster:
    """The members that `etcd_cluster()` made, in order, by index or by iteration."""

    def __init__(self, size: int, options: Options) -> None:
        if size < 1:
            raise ValueError(f"a cluster has at least one member, not {size}")
        self.members: list[Etcd] = []
        self.members += [Etcd(options, name=f"member{index}", peers=self.members) for index in range(size)]

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __getitem__(self, index: int) -> Etcd:
        return self.members[index]

    def __len__(self) -> int:
        return len(self.members)

    def __iter__(self) -> Iterator[Etcd]:
        return iter(self.members)

    @property
    def endpoints(self) -> list[str]:
        """Every member's client URL, those that are down included."""
        return [member.endpoint for member in self.members]

    @property
    def endpoint(self) -> str:
        """The endpoints as one string, separated by commas."""
        return ",".join(self.endpoints)

    @property
    def certificates(self) -> Certificates:
        """What all members serve with. Raises RuntimeError where there is no TLS."""
        return self.members[0].certificates

    @property
    def version(self) -> str:
        """The first member's version."""
        return self.members[0].version

    def start(self) -> None:
        """Starts the members that are not running, together, and returns when all of them are healthy."""
        Etcd.start_together([member for member in self.members if not member.running])

    def stop(self) -> None:
        """Stops every member as an operator would; their data stays for `start()`."""
        for member in self.members:
            member.stop()

    def close(self) -> None:
        """Ends every member and removes what they wrote. May be called again."""
        with ExitStack() as closing:
            for member in self.members:
                closing.callback(member.close)

    def leader(self, timeout: float = 15.0) -> Etcd:
        """The member that leads and has a quorum behind it, waited for while there is none.

        A leader that lost its quorum, or that just woke, believes for a while that it leads still; it is not taken
        for the leader.

        Raises:
            TimeoutError: there was not exactly one for `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            leaders = [member for member in self._awake() if member.is_leader()]
            if len(leaders) == 1 and leaders[0].is_healthy():
                return leaders[0]
            if time.monotonic() > deadline:
                raise TimeoutError(f"no leader with a quorum among {len(self)} members for {timeout:g} s")
            time.sleep(_POLL)

    def _awake(self) -> list[Etcd]:
        return [member for member in self.members if member.running and not member.paused]
