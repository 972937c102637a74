"""One connection through a relay: waits for bytes on either side and carries them over, as the faults allow."""

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any

from etcdobs.testing._frames import Frames

TargetAddresses = Sequence[tuple[int, int, int, str, Any]]
Held = asyncio.Queue[tuple[float, bytes | None]]
_CHUNK = 65_536
_CHUNKS_HELD = 64
# Where the rate is limited, so that what is slow is not in bursts.
_PACED = 1_024
_RST_ON_CLOSE = struct.pack("ii", 1, 0)
_EOF = b""


class Faults:
    """What a relay does to all its connections now."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.rate: float | None = None
        self.frames: int | None = None
        self.swallowing = False
        self._flowing = asyncio.Event()
        self._flowing.set()

    def pause(self) -> None:
        """Bytes wait."""
        self._flowing.clear()

    def blackhole(self) -> None:
        """Bytes are lost, those that waited too."""
        self.swallowing = True
        self._flowing.set()

    def resume(self) -> None:
        """Bytes flow."""
        self.swallowing = False
        self._flowing.set()

    def set_rate(self, bytes_per_second: float | None) -> None:
        """For bytes that go on from now on."""
        self.rate = bytes_per_second

    def set_frames(self, frames: int | None) -> None:
        """For connections that are made from now on."""
        self.frames = frames

    def set_delay(self, seconds: float) -> None:
        """For bytes that arrive from now on."""
        self.delay = seconds

    async def pace(self, size: int) -> None:
        """Returns when so many bytes have had their time."""
        if self.rate is not None:
            await asyncio.sleep(size / self.rate)

    async def let_pass(self, due: float) -> None:
        """Returns when bytes due at this time of the loop's clock may go on."""
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        await self._flowing.wait()


class Link:
    """A client's connection and the relay's own to the target."""

    def __init__(self, client: socket.socket, target: TargetAddresses, faults: Faults) -> None:
        self.torn = False
        self._left = faults.frames
        self._client = client
        self._target = target
        self._faults = faults
        self._sockets = [client]

    def start(self, on_end: Callable[["Link"], object]) -> None:
        """Carries until both sides have ended or one has broken, and calls `on_end` then."""
        self._task = asyncio.get_running_loop().create_task(self._run())
        self._task.add_done_callback(lambda _: on_end(self))

    async def reset(self) -> None:
        """Breaks both connections with an RST."""
        self._break()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            await self._carry_both_ways()
        except* OSError:
            self._break()
        finally:
            for end in self._sockets:
                end.close()

    async def _carry_both_ways(self) -> None:
        self._client.setblocking(False)
        server = await self._dial()
        for end in (self._client, server):  # Nagle's algorithm would hold small messages back for 40 ms
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        async with asyncio.TaskGroup() as directions:
            for source, sink in ((self._client, server), (server, self._client)):
                held = Held(_CHUNKS_HELD)
                directions.create_task(self._take(source, held))
                directions.create_task(self._give(held, sink, Frames() if sink is self._client else None))

    async def _dial(self) -> socket.socket:
        refused = OSError("no address to dial")
        for family, kind, protocol, _, address in self._target:
            server = socket.socket(family, kind, protocol)
            server.setblocking(False)
            self._sockets.append(server)
            try:
                await asyncio.get_running_loop().sock_connect(server, address)
            except OSError as error:
                refused = error
            else:
                return server
        raise refused

    async def _take(self, source: socket.socket, held: Held) -> None:
        loop = asyncio.get_running_loop()
        while True:
            chunk = await self._chunk(source)
            await held.put((loop.time() + self._faults.delay, chunk))
            if not chunk:
                return

    async def _chunk(self, source: socket.socket) -> bytes | None:
        """Some bytes, or none at the end of the stream, or None where the connection is broken."""
        try:
            return await asyncio.get_running_loop().sock_recv(source, _CHUNK)
        except OSError:
            return None

    async def _give(self, held: Held, sink: socket.socket, frames: Frames | None) -> None:
        while True:
            due, chunk = await held.get()
            await self._faults.let_pass(due)
            if self._faults.swallowing or self.torn:  # what follows a hole is lost too, until the link is reset
                await self._swallow(chunk)
            elif chunk is None:
                raise ConnectionResetError
            elif chunk == _EOF:
                sink.shutdown(socket.SHUT_WR)
                return
            else:
                await self._send(sink, chunk, frames)

    async def _send(self, sink: socket.socket, chunk: bytes, frames: Frames | None) -> None:
        passing = len(chunk)
        if frames is not None:
            passing, ended = frames.until(chunk, self._left)
            self._left = None if self._left is None else self._left - ended
        size = _CHUNK if self._faults.rate is None else _PACED
        for start in range(0, passing, size):
            piece = chunk[start : min(start + size, passing)]
            await self._faults.pace(len(piece))
            await asyncio.get_running_loop().sock_sendall(sink, piece)
        if frames is not None and self._left == 0:
            raise ConnectionResetError

    async def _swallow(self, chunk: bytes | None) -> None:
        self.torn = True
        if not chunk:  # an end that is lost: the other side must not learn of it until this link is reset
            await asyncio.get_running_loop().create_future()

    def _break(self) -> None:
        for end in self._sockets:
            if end.fileno() != -1:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
