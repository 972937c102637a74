"""Decides how long an endpoint is taken to have no RangeStream, once it said so."""

import time

# Seconds after which it is asked again: members are upgraded under a running client.
FORGOTTEN_AFTER = 60.0


class Streamless:
    """The endpoints that have none. Thread-safe."""

    def __init__(self) -> None:
        self._known: dict[str, float] = {}

    def add(self, address: str) -> None:
        """It has just said so."""
        self._known[address] = time.monotonic()

    def __contains__(self, address: str) -> bool:
        said = self._known.get(address)
        return said is not None and time.monotonic() - said < FORGOTTEN_AFTER
