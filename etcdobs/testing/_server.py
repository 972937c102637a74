"""One etcd server: what it is started with, where it listens, whether it serves; gone when its block ends."""

import json
import os
import shutil
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from etcdobs.testing._ask import Asker
from etcdobs.testing._binary import find_etcd
from etcdobs.testing._flags import Options, TLSMode, run_etcdctl
from etcdobs.testing._ports import HOST, give_back, take_port
from etcdobs.testing._process import ServerProcess
from etcdobs.testing._tls import Certificates, certificates

READY_TIMEOUT = 30.0
_POLL = 0.02
_ADDRESS_IN_USE = "address already in use"


class EtcdStartError(RuntimeError):
    """etcd did not start. `tail` is the last lines of its log, with which the message ends too."""

    def __init__(self, what: str, tail: str) -> None:
        self.tail = tail
        super().__init__(f"{what}; its log ends:\n{tail}")


def etcd(
    *,
    tls: TLSMode | None = None,
    certificates: Certificates | None = None,
    root_password: str | None = None,
    flags: Sequence[str] = (),
    data_dir: Path | str | None = None,
    unsafe_no_fsync: bool = True,
) -> "Etcd":
    """An etcd server of one member, for a `with` block: it serves when the block is entered, and is gone after it.

    Args:
        tls: "server": clients must trust the CA of `server.certificates`; "mutual": they must show a certificate too.
        certificates: what to serve with, instead of a new CA. Read only where `tls` is given.
        root_password: adds the user root with the role root and this password, and enables authentication.
        flags: given to etcd last, so that they win over what is set here ("--auth-token-ttl=1"). A lone member takes
            up to a second to elect itself; with "--heartbeat-interval=10" and "--election-timeout=100" it takes a
            tenth, and then grants leases of 1 s, where etcd's own defaults make that 2 s. Names are those of etcd 3.6
            ("--watch-progress-notify-interval"); where an older server calls it --experimental-..., so is it called.
        data_dir: kept after the block; without it the data goes with the server.
        unsafe_no_fsync: do not wait for the disk. Data survives etcd being killed, not the machine.

    Entering the block raises EtcdNotFoundError, EtcdStartError, or ModuleNotFoundError (TLS without cryptography).
    """
    options = Options(tls, certificates, root_password, tuple(flags), unsafe_no_fsync)
    return Etcd(options, data_dir=data_dir)


class Etcd(ServerProcess):
    """A server that `etcd()` or `etcd_cluster()` made. Its ports and data stay the same from start to start."""

    def __init__(
        self,
        options: Options,
        *,
        name: str = "default",
        data_dir: Path | str | None = None,
        peers: "Sequence[Etcd] | None" = None,
    ) -> None:
        super().__init__()
        self.name = name
        self._options = options
        self._kept_data_dir = None if data_dir is None else Path(data_dir)
        self._peers = (self,) if peers is None else peers
        self._had_data = self._kept_data_dir is not None and (self._kept_data_dir / "member").exists()
        self._port = self._peer_port = 0
        self._certificates: Certificates | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Etcd {self.endpoint}{'' if self.running else ', not running'}>"

    @property
    def port(self) -> int:
        """The port of the client URL; 0 before the first start."""
        return self._port

    @property
    def endpoint(self) -> str:
        """The client URL: "http://127.0.0.1:PORT", or https where the server speaks TLS."""
        return f"{'https' if self._options.tls else 'http'}://{HOST}:{self._port}"

    @property
    def endpoints(self) -> list[str]:
        """The endpoint, alone in a list."""
        return [self.endpoint]

    @property
    def peer_url(self) -> str:
        """Where the other members reach this one; without TLS."""
        return f"http://{HOST}:{self._peer_port}"

    @cached_property
    def version(self) -> str:
        """The server's version, "3.5.1"; the server must be running when it is first read."""
        return str(json.loads(self._asker.get("/version"))["etcdserver"])

    @property
    def data_dir(self) -> Path:
        """etcd's --data-dir."""
        return self._kept_data_dir or self.directory / "data"

    @property
    def certificates(self) -> Certificates:
        """What the server serves with, and what a client needs. Raises RuntimeError where there is no TLS."""
        if self._certificates is None:
            raise RuntimeError("this etcd has no certificates: it was made without tls=, or is not started")
        return self._certificates

    def start(self, *, wait: bool = True) -> None:
        """Starts the server if it is not running, on the same ports and data as before.

        Args:
            wait: return when the server is healthy, else at once. A member whose cluster lacks a quorum is not.
        """
        if not self.running:
            Etcd.start_together([self], wait=wait)

    @staticmethod
    def start_together(members: "Sequence[Etcd]", *, wait: bool = True) -> None:
        """Starts these members, none of which is running, side by side.

        A port may have been taken by another process since we looked. Members that have never run are then given
        other ports; those that have ports to come back to wait for them.
        """
        movable = all(member._process is None for member in members)
        deadline = time.monotonic() + READY_TIMEOUT
        while not Etcd._started(members, deadline, wait=wait):
            for member in members:
                member._start_over(movable=movable)
        if movable and wait and members:
            members[0]._enable_auth()

    @staticmethod
    def _started(members: "Sequence[Etcd]", deadline: float, *, wait: bool) -> bool:
        """False where a port was taken and there is time to start over."""
        for member in members:
            member._prepare()
        for member in members:
            member._run()
        try:
            for member in members if wait else ():
                member._await_ready(deadline)
        except EtcdStartError as error:
            if _ADDRESS_IN_USE not in error.tail or time.monotonic() > deadline:
                raise
            return False
        return True

    def close(self) -> None:
        """Ends the server and removes its directory; a `data_dir` of the caller's stays. May be called again."""
        if self._kept_data_dir is not None and os.getpid() == self._owner:
            self.stop()
        super().close()
        give_back(self._port, self._peer_port)

    def is_healthy(self) -> bool:
        """Whether the server says so at /health, within a second."""
        return self._asker.is_healthy()

    def is_leader(self) -> bool:
        """Whether the server counts itself the leader; False if it does not answer within a second."""
        return self._asker.is_leader()

    def etcdctl(self, *args: str, timeout: float = 30.0) -> str:
        """What etcdctl (the one beside the etcd binary) prints, asked with this server's endpoint and credentials.

        Raises:
            EtcdNotFoundError: there is none.
            RuntimeError: it failed; the message is what it wrote.
        """
        flags = [f"--endpoints={self.endpoint}", *self._options.etcdctl_flags(self._certificates)]
        return run_etcdctl([*flags, *args], timeout)

    @cached_property
    def _asker(self) -> Asker:
        return Asker(self._port, self._certificates)

    def _prepare(self) -> None:
        """Takes what the server needs before its first start: directory, certificates, ports."""
        if self._guard is not None:
            return
        self._open()
        if self._options.tls is not None:
            self._certificates = self._options.certificates or self._peers[0]._issue()
        self._move()

    def _issue(self) -> Certificates:
        """Certificates for the whole cluster, made once, by its first member."""
        self._prepare()
        return self._certificates or certificates(self.directory / "tls")

    def _move(self) -> None:
        """Takes other ports, and forgets what a failed first start wrote."""
        give_back(self._port, self._peer_port)
        self._port, self._peer_port = take_port(), take_port()
        self.__dict__.pop("_asker", None)
        shutil.rmtree(self.directory / "data", ignore_errors=True)

    def _run(self) -> None:
        """Starts the process and waits for nothing."""
        cluster = ",".join(f"{peer.name}={peer.peer_url}" for peer in self._peers)
        place = [
            f"--name={self.name}",
            f"--data-dir={self.data_dir}",
            f"--listen-client-urls={self.endpoint}",
            f"--advertise-client-urls={self.endpoint}",
            f"--listen-peer-urls={self.peer_url}",
            f"--initial-advertise-peer-urls={self.peer_url}",
            f"--initial-cluster={cluster}",
        ]
        self._spawn([str(find_etcd()), *place, *self._options.etcd_flags(self._certificates)])

    def _enable_auth(self) -> None:
        """Through the JSON gateway. Data of an earlier run, kept by the caller, has it enabled already."""
        password = self._options.root_password
        if password is None or self._had_data:
            return
        self._asker.post("/v3/auth/user/add", {"name": "root", "password": password})
        self._asker.post("/v3/auth/role/add", {"name": "root"})
        self._asker.post("/v3/auth/user/grant", {"user": "root", "role": "root"})
        self._asker.post("/v3/auth/enable", {})

    def _await_ready(self, deadline: float) -> None:
        while not self.is_healthy():
            if not self.running:
                raise EtcdStartError(f"etcd exited with status {self.exit_status} while starting", self.log_tail())
            if time.monotonic() > deadline:
                raise EtcdStartError(f"etcd was not healthy within {READY_TIMEOUT:g} s", self.log_tail())
            time.sleep(_POLL)

    def _start_over(self, *, movable: bool) -> None:
        self.kill()
        if movable:
            self._move()
        else:
            time.sleep(_POLL)
