"""A TCP relay between a client and a server that stalls, swallows, resets, refuses, delays or throttles when told."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from etcdobs.testing._link import Faults, Link, TargetAddresses
from etcdobs.testing._ports import HOST, give_back, take_port

T = TypeVar("T")
_CONTROL_TIMEOUT = 10.0


def relay(target_endpoint: str) -> "Relay":
    """A relay on a free loopback port to `target_endpoint` ("host:port", or with a scheme), for a `with` block.

    Its own `endpoint` has the target's scheme; TLS passes through it untouched. Entering the block raises OSError
    when the target's host cannot be resolved; a target that does not listen resets the connections made.
    """
    return Relay(target_endpoint)


class Relay:
    """What `relay()` made. Every method may be called from any thread, and has taken effect when it returns."""

    def __init__(self, target_endpoint: str) -> None:
        self._target = urlsplit(target_endpoint if "://" in target_endpoint else f"//{target_endpoint}")
        if self._target.hostname is None or self._target.port is None:
            raise ValueError(f"a relay's target is host:port, not {target_endpoint!r}")
        self._links: set[Link] = set()
        self._accepting: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None
        self._port = 0

    def __enter__(self) -> Self:
        host, port = self._target.hostname, self._target.port
        self._addresses: TargetAddresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        self._port = take_port()
        self._loop = asyncio.new_event_loop()
        self._faults = Faults()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"relay-{self._port}", daemon=True)
        self._thread.start()
        try:
            self.accept()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def endpoint(self) -> str:
        """Where clients connect to, written as the target was."""
        address = f"{HOST}:{self._port}"
        return f"{self._target.scheme}://{address}" if self._target.scheme else address

    @property
    def port(self) -> int:
        """The relay's own port."""
        return self._port

    @property
    def connections(self) -> int:
        """How many connections are live now."""
        return len(self._links)

    @property
    def torn(self) -> int:
        """How many live connections have lost something to `blackhole()`; `resume()` resets those."""
        return sum(link.torn for link in tuple(self._links))

    def pause(self) -> None:
        """Stalls both ways, as a cut cable does: connections stay, new ones are taken, bytes wait for `resume()`."""
        self._do(self._faults.pause)

    def blackhole(self) -> None:
        """Swallows both ways: connections stay, new ones are taken, bytes and ends of stream are lost for good."""
        self._do(self._faults.blackhole)

    def resume(self) -> None:
        """Ends `pause()` and `blackhole()`. Waiting bytes flow in order; connections that lost any are reset."""
        self._do(self._faults.resume)
        self._wait(self._reset(torn_only=True))

    def reset(self) -> None:
        """Resets (RST) every live connection on both sides; new ones are taken."""
        self._wait(self._reset(torn_only=False))

    def refuse(self) -> None:
        """Stops listening: new connections are refused, live ones stay."""
        self._wait(self._refuse())

    def accept(self) -> None:
        """Listens again, on the same port."""
        self._do(self._accept)

    def delay(self, seconds: float) -> None:
        """Holds what arrives from now on for so long, each way, without limiting the rate; 0 ends it."""
        if seconds < 0:
            raise ValueError(f"a delay is not negative: {seconds}")
        self._do(lambda: self._faults.set_delay(seconds))

    def throttle(self, bytes_per_second: float | None) -> None:
        """Lets no more than this through, each way of each connection, from now on; None ends it."""
        if bytes_per_second is not None and bytes_per_second <= 0:
            raise ValueError(f"a rate is above 0 bytes a second: {bytes_per_second}")
        self._do(lambda: self._faults.set_rate(bytes_per_second))

    def drop_after(self, frames: int | None) -> None:
        """Resets each new connection after the server has sent so many HTTP/2 frames on it; None ends it.

        Only in plain text: in TLS no frame is seen.
        """
        if frames is not None and frames < 1:
            raise ValueError(f"a connection is dropped after 1 frame or more: {frames}")
        self._do(lambda: self._faults.set_frames(frames))

    def close(self) -> None:
        """Closes everything. May be called again."""
        if self._thread is None:
            return
        try:
            self._wait(self._refuse())
            self._wait(self._reset(torn_only=False))
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._thread = None
            self._loop.close()
            give_back(self._port)

    def _do(self, action: Callable[[], T]) -> T:
        async def acted() -> T:
            return action()

        return self._wait(acted())

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_CONTROL_TIMEOUT)

    def _accept(self) -> None:
        if self._accepting is not None:
            return
        listener = socket.create_server((HOST, self._port), reuse_port=False)
        listener.setblocking(False)
        self._accepting = self._loop.create_task(self._take_connections(listener))

    async def _refuse(self) -> None:
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.gather(self._accepting, return_exceptions=True)
            self._accepting = None

    async def _take_connections(self, listener: socket.socket) -> None:
        with listener:
            while True:
                client, _ = await self._loop.sock_accept(listener)
                link = Link(client, self._addresses, self._faults)
                self._links.add(link)
                link.start(self._links.discard)

    async def _reset(self, *, torn_only: bool) -> None:
        links = [link for link in self._links if link.torn or not torn_only]
        await asyncio.gather(*(link.reset() for link in links))
