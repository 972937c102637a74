"""Waits for one HTTP answer of an etcd server: health, version, metrics, and the JSON gateway."""

import http.client
import json
import ssl
from typing import Any

from etcdobs.testing._ports import HOST
from etcdobs.testing._tls import Certificates


class Asker:
    """Asks one server. Not through urllib: that would honour http_proxy even for the loopback."""

    def __init__(self, port: int, certificates: Certificates | None) -> None:
        self._port = port
        self._tls = None if certificates is None else _context(certificates)

    def get(self, path: str, timeout: float = 1.0) -> str:
        """The body, whatever the status. Raises OSError when there is no answer in `timeout` seconds."""
        return self._ask("GET", path, None, timeout)[1]

    def post(self, path: str, body: dict[str, Any], timeout: float = 10.0) -> dict[str, Any]:
        """Calls the JSON gateway. Raises RuntimeError when the server refuses."""
        status, answer = self._ask("POST", path, json.dumps(body), timeout)
        if status != http.client.OK:
            raise RuntimeError(f"{path}: {answer}")
        parsed: dict[str, Any] = json.loads(answer)
        return parsed

    def is_healthy(self) -> bool:
        """Whether the server says that it serves: it has a leader and no alarm."""
        try:
            return bool(json.loads(self.get("/health"))["health"] == "true")
        except (OSError, ValueError, http.client.HTTPException):
            return False

    def is_leader(self) -> bool:
        """Whether the server's metrics say that it leads."""
        try:
            return "\netcd_server_is_leader 1\n" in self.get("/metrics")
        except (OSError, http.client.HTTPException):
            return False

    def _ask(self, method: str, path: str, body: str | None, timeout: float) -> tuple[int, str]:
        connection = self._connection(timeout)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(HOST, self._port, timeout=timeout)
        return http.client.HTTPSConnection(HOST, self._port, timeout=timeout, context=self._tls)


def _context(certificates: Certificates) -> ssl.SSLContext:
    """Does not verify the server: one that serves an expired certificate is ready all the same."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(certificates.client_cert, certificates.client_key)
    return context
