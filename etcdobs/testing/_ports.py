"""Decides which loopback ports servers listen on."""

import random
import socket
import threading

HOST = "127.0.0.1"
# Below the range that the kernel hands to outgoing connections (from 32768 on Linux, 49152 elsewhere): a client that
# dials a stopped server must not be given the server's own port, or the server could not come back to it.
_RANGE = range(20_000, 32_768)
_lock = threading.Lock()
_taken: set[int] = set()
_random = random.Random(None)


def take_port() -> int:
    """A loopback port that nobody listens on, kept from other takers in this process until `give_back`."""
    with _lock:
        for _ in range(1_000):
            port = _random.choice(_RANGE)
            if port not in _taken and _is_free(port):
                _taken.add(port)
                return port
    raise OSError(f"no free port on {HOST} in {_RANGE}")


def give_back(*ports: int) -> None:
    """Lets these ports be taken again."""
    with _lock:
        _taken.difference_update(ports)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
