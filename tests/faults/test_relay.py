"""What the fault relay promises, on a plain socket server that echoes."""

import asyncio
import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from etcdobs.testing import Relay, relay
from tests.waiting import until


class Echo(socketserver.ThreadingTCPServer):
    """Sends back what it receives, and counts the connections that the other side has reset."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Echoing)
        self.resets = 0
        self.ended = threading.Condition()

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def saw_resets(self, count: int) -> bool:
        with self.ended:
            return self.ended.wait_for(lambda: self.resets >= count, timeout=5)


class _Echoing(socketserver.BaseRequestHandler):
    server: Echo

    def handle(self) -> None:
        try:
            while received := self.request.recv(65_536):
                self.request.sendall(received)
        except ConnectionResetError:
            with self.server.ended:
                self.server.resets += 1
                self.server.ended.notify_all()


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Echo() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Relay]:
    with relay(echo.endpoint) as started:
        yield started


@pytest.fixture
def connection(proxy: Relay) -> Iterator[socket.socket]:
    with dial(proxy) as dialled:
        yield dialled


def dial(proxy: Relay) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=5)


def receive(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size and (chunk := connection.recv(size - len(received))):
        received += chunk
    return received


def echoed(connection: socket.socket, sent: bytes) -> bytes:
    connection.sendall(sent)
    return receive(connection, len(sent))


def is_silent(connection: socket.socket, seconds: float = 0.2) -> bool:
    connection.settimeout(seconds)
    try:
        connection.recv(1)
    except TimeoutError:
        return True
    finally:
        connection.settimeout(5)
    return False


def test_it_carries_both_ways(connection: socket.socket) -> None:
    assert echoed(connection, b"hello") == b"hello"


def test_it_carries_much_without_loss(connection: socket.socket) -> None:
    sent = bytes(range(256)) * 40_000
    sender = threading.Thread(target=connection.sendall, args=(sent,))
    sender.start()

    assert receive(connection, len(sent)) == sent
    sender.join()


def test_it_carries_the_end_of_one_side_alone(connection: socket.socket) -> None:
    connection.sendall(b"last words")
    connection.shutdown(socket.SHUT_WR)

    assert receive(connection, 100) == b"last words"


@pytest.mark.parametrize("scheme", ["", "http://", "https://"])
def test_its_endpoint_is_written_as_the_targets(echo: Echo, scheme: str) -> None:
    with relay(scheme + echo.endpoint) as proxy:
        assert proxy.endpoint == f"{scheme}127.0.0.1:{proxy.port}"


@pytest.mark.parametrize("target", ["localhost", "http://localhost", ""])
def test_a_target_needs_a_port(target: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        relay(target)


def test_it_counts_live_connections(proxy: Relay) -> None:
    with dial(proxy) as one, dial(proxy) as other:
        echoed(one, b"1")
        echoed(other, b"2")
        assert proxy.connections == 2

        other.shutdown(socket.SHUT_WR)
        assert receive(other, 1) == b""
        until(lambda: proxy.connections == 1)
        assert echoed(one, b"1") == b"1"


def test_paused_it_keeps_bytes_and_connections(proxy: Relay, connection: socket.socket) -> None:
    proxy.pause()
    connection.sendall(b"waiting")
    with dial(proxy) as later:
        later.sendall(b"too")
        assert is_silent(connection)
        assert is_silent(later)

        proxy.resume()

        assert receive(connection, 7) == b"waiting"
        assert receive(later, 3) == b"too"


def test_paused_it_hides_the_death_of_a_connection(proxy: Relay, echo: Echo, connection: socket.socket) -> None:
    echoed(connection, b"1")
    proxy.pause()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()
    assert proxy.connections == 1
    assert echo.resets == 0

    proxy.resume()

    assert echo.saw_resets(1)


def test_a_black_hole_loses_bytes_for_good(proxy: Relay, connection: socket.socket) -> None:
    echoed(connection, b"before")
    proxy.blackhole()
    connection.sendall(b"lost")
    with dial(proxy) as later:
        later.sendall(b"lost too")
        assert is_silent(connection)
        assert is_silent(later)

        proxy.resume()

        for torn in (connection, later):
            with pytest.raises(ConnectionResetError):
                torn.recv(1)


def test_a_black_hole_spares_connections_that_lost_nothing(proxy: Relay, connection: socket.socket) -> None:
    echoed(connection, b"before")
    proxy.blackhole()
    proxy.resume()

    assert echoed(connection, b"after") == b"after"


def test_a_black_hole_swallows_the_end_of_a_connection(proxy: Relay, echo: Echo, connection: socket.socket) -> None:
    echoed(connection, b"before")
    proxy.blackhole()
    connection.close()
    until(lambda: proxy.torn == 1)
    assert proxy.connections == 1
    assert echo.resets == 0

    proxy.resume()

    assert echo.saw_resets(1)


def test_a_connection_that_lost_bytes_carries_none_of_those_after_them(
    proxy: Relay, connection: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a hole in a stream leaves may look whole, as HTTP/2 frames do: it must not arrive, not even for a moment."""
    reset = vars(Relay)["_reset"]

    async def late(itself: Relay, *, torn_only: bool) -> None:
        connection.sendall(b"after")
        await asyncio.sleep(0.1)
        await reset(itself, torn_only=torn_only)

    echoed(connection, b"before")
    proxy.blackhole()
    connection.sendall(b"lost")
    until(lambda: proxy.torn == 1)
    with monkeypatch.context() as patched:
        patched.setattr(Relay, "_reset", late)
        proxy.resume()

    with pytest.raises(ConnectionResetError):
        connection.recv(1)


def test_a_reset_reaches_both_sides(proxy: Relay, echo: Echo, connection: socket.socket) -> None:
    echoed(connection, b"before")

    proxy.reset()

    with pytest.raises(ConnectionResetError):
        connection.recv(1)
    assert echo.saw_resets(1)
    assert proxy.connections == 0


def test_after_a_reset_new_connections_are_taken(proxy: Relay) -> None:
    proxy.reset()

    with dial(proxy) as connection:
        assert echoed(connection, b"after") == b"after"


def test_refusing_it_keeps_what_is_live(proxy: Relay, connection: socket.socket) -> None:
    echoed(connection, b"before")

    proxy.refuse()

    with pytest.raises(ConnectionRefusedError):
        dial(proxy)
    assert echoed(connection, b"after") == b"after"


def test_accepting_again_is_on_the_same_port(proxy: Relay, connection: socket.socket) -> None:
    echoed(connection, b"before")
    port = proxy.port
    proxy.refuse()
    proxy.refuse()

    proxy.accept()
    proxy.accept()

    assert proxy.port == port
    with dial(proxy) as later:
        assert echoed(later, b"after") == b"after"


def test_a_delay_holds_each_way_and_not_the_rate(proxy: Relay, connection: socket.socket) -> None:
    proxy.delay(0.1)
    started = time.monotonic()
    for _ in range(20):
        connection.sendall(b"x" * 1000)
        time.sleep(0.001)  # so that the bytes travel as several chunks
    assert receive(connection, 20_000) == b"x" * 20_000
    took = time.monotonic() - started

    assert 0.2 <= took < 2  # a delay for each chunk would take 2 s each way

    proxy.delay(0)
    assert echoed(connection, b"quick") == b"quick"


def test_a_delay_is_not_negative(proxy: Relay) -> None:
    with pytest.raises(ValueError, match="negative"):
        proxy.delay(-1)


def test_a_dead_target_resets_the_client(echo: Echo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        target = f"127.0.0.1:{closed_soon.getsockname()[1]}"
    with relay(target) as proxy, pytest.raises(ConnectionResetError), dial(proxy) as connection:
        connection.recv(1)


@pytest.mark.parametrize("fault", ["pause", "blackhole", "refuse", "reset"])
def test_nothing_is_left_of_it(echo: Echo, fault: str) -> None:
    with relay(echo.endpoint) as proxy:
        connection = dial(proxy)
        echoed(connection, b"before")
        getattr(proxy, fault)()
        if fault != "reset":
            connection.sendall(b"in flight")

    with connection, pytest.raises(ConnectionResetError):
        receive(connection, 100)
    assert proxy.connections == 0
    with pytest.raises(ConnectionRefusedError):
        dial(proxy)
    assert not [thread for thread in threading.enumerate() if thread.name == f"relay-{proxy.port}"]
