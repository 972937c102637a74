"""Decides which members of a cluster hear each other: every peer is reached through a gate that knows who dials.

A member says who it is in each request to a peer (`X-Server-From`), so that one gate before each member can tell the
others apart: no privilege is needed, and clients reach a member that its peers do not.
"""

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from etcdobs import Client
from etcdobs.testing import Etcd, EtcdCluster
from etcdobs.testing._flags import Options
from etcdobs.testing._ports import HOST, give_back, take_port

T = TypeVar("T")

# A leader that is gone is known to be within a second; no lease is shorter than 1 s then.
ELECTION = ("--heartbeat-interval=50", "--election-timeout=500")
ELECTION_TIMEOUT = 0.5
_DIALER = re.compile(rb"^X-Server-From: ([0-9a-f]+)\r$", re.MULTILINE | re.IGNORECASE)
_CHUNK = 65_536


class _Wire:
    """One connection of a member, or of nobody known yet, to another."""

    def __init__(self, network: "Network", target: int, writers: Sequence[asyncio.StreamWriter]) -> None:
        self._network = network
        self._target = target
        self._writers = writers
        self._dialer: str | None = None
        self.torn = False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, dials: bool) -> None:
        """What one side says, to the other."""
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                named = _DIALER.search(chunk) if dials else None
                self._dialer = named[1].decode() if named else self._dialer
                if self.torn or self._network.is_cut(self._dialer, self._target, dials=dials):
                    self.torn = True  # as where packets are lost: neither side is told
                    continue
                writer.write(chunk)
                await writer.drain()
        if not self.torn:
            self.close()

    def close(self) -> None:
        """End it, on both sides."""
        for writer in self._writers:
            writer.close()


class Network:
    """The gates before the members' peer ports, and which members do not hear which."""

    def __init__(self, size: int) -> None:
        self._ports = [(take_port(), take_port()) for _ in range(size)]
        self._ids: dict[str, int] = {}
        self._cuts: set[tuple[int, int]] = set()
        self._wires: set[_Wire] = set()
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="gates", daemon=True)
        self._thread.start()
        self._do(self._open)

    def flags(self, index: int) -> tuple[str, ...]:
        """What makes a member listen behind its gate, and known by it."""
        cluster = ",".join(f"member{each}=http://{HOST}:{gate}" for each, (gate, _) in enumerate(self._ports))
        gate, behind = self._ports[index]
        return (
            *ELECTION,
            f"--listen-peer-urls=http://{HOST}:{behind}",
            f"--initial-advertise-peer-urls=http://{HOST}:{gate}",
            f"--initial-cluster={cluster}",
        )

    def knows(self, ids: Iterable[int]) -> None:
        """The members' ids, in their order."""
        self._ids = {f"{each:x}": index for index, each in enumerate(ids)}

    def is_cut(self, dialer: str | None, target: int, *, dials: bool) -> bool:
        """Whether what the dialer says to its target, or hears from it, is lost."""
        one = self._ids.get(dialer) if dialer else None
        if one is None:
            return False
        return ((one, target) if dials else (target, one)) in self._cuts

    def isolate(self, index: int) -> None:
        """The member hears no other, and is heard by none."""
        self.mute(index)
        self.deafen(index)

    def mute(self, index: int) -> None:
        """No other hears the member."""
        self._cut((index, other) for other in range(len(self._ports)) if other != index)

    def deafen(self, index: int) -> None:
        """The member hears no other."""
        self._cut((other, index) for other in range(len(self._ports)) if other != index)

    def heal(self) -> None:
        """All hear all; connections that lost something end."""

        async def mend() -> None:
            self._cuts.clear()
            for wire in [each for each in self._wires if each.torn]:
                wire.close()

        self._do(mend)

    def close(self) -> None:
        """End every gate."""

        async def end() -> None:
            for server in self._servers:
                server.close()
            for wire in list(self._wires):
                wire.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self._do(end)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        for ports in self._ports:
            give_back(*ports)

    def _cut(self, pairs: Iterable[tuple[int, int]]) -> None:
        cuts = set(pairs)

        async def cut() -> None:
            self._cuts |= cuts

        self._do(cut)

    async def _open(self) -> None:
        for index, (gate, _) in enumerate(self._ports):
            self._servers.append(await asyncio.start_server(self._accepting(index), HOST, gate))

    def _accepting(self, index: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                there, back = await asyncio.open_connection(HOST, self._ports[index][1])
            except OSError:
                writer.close()
                return
            for each in (writer, back):
                each.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wire = _Wire(self, index, (writer, back))
            self._wires.add(wire)
            try:
                await asyncio.gather(wire.carry(reader, back, dials=True), wire.carry(there, writer, dials=False))
            finally:
                wire.close()
                self._wires.discard(wire)

        return accept

    def _do(self, work: Callable[[], Any]) -> None:
        asyncio.run_coroutine_threadsafe(work(), self._loop).result(10)


class PartitionedCluster(EtcdCluster):
    """Three members, and the network between them."""

    def __init__(self, network: Network) -> None:
        super().__init__(3, Options())
        self.network = network
        self.members[:] = [
            Etcd(Options(flags=network.flags(index)), name=f"member{index}", peers=self.members) for index in range(3)
        ]

    def isolate(self, member: Etcd) -> None:
        """Cut a member off from the others; clients still reach it."""
        self.network.isolate(self.members.index(member))

    def others(self, member: Etcd) -> list[Etcd]:
        """All but that one."""
        return [each for each in self.members if each is not member]

    def follower(self) -> Etcd:
        """One that does not lead."""
        return self.others(self.leader())[0]

    def learn(self) -> None:
        """Have the network know the members by what they call themselves."""
        with Client(self.endpoints) as client:
            ids = {member.name: member.id for member in client.cluster.members()}
        self.network.knows(ids[member.name] for member in self.members)


@contextmanager
def partitioned_cluster() -> Generator[PartitionedCluster]:
    """Three members whose network can be cut, all together."""
    network = Network(3)
    try:
        with PartitionedCluster(network) as cluster:
            cluster.learn()
            yield cluster
    finally:
        network.close()
