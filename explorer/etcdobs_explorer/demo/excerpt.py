"""Waits for one scrape of the explorer's own /metrics, and decides which of its lines tell the most."""

import http.client
from collections.abc import Iterator

_TIMEOUT = 5.0
_STARTED = "grpc_client_started_total{"
_HISTOGRAM = "grpc_client_handling_seconds_"


def excerpt(port: int) -> Iterator[str]:
    """How many calls of each method were started, and what the histogram says of range reads."""
    lines = scrape(port).splitlines()
    yield from (line for line in lines if line.startswith(_STARTED) and not line.endswith(" 0.0"))
    ranges = [line for line in lines if line.startswith(_HISTOGRAM) and 'grpc_method="Range"' in line]
    yield from (line for line in ranges if 'le="0.005"' in line or 'le="+Inf"' in line or "_sum{" in line)


def scrape(port: int) -> str:
    """What Prometheus would get. Not through urllib: that would honour http_proxy even for the loopback."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    finally:
        connection.close()
