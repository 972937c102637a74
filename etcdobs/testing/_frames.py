"""Decides where one HTTP/2 frame ends and the next begins in the bytes that a server sends, whatever their chunks."""

_HEADER = 9
_LENGTH = 3


class Frames:
    """Follows one connection's bytes from the server, from the first on: plain text, for in TLS no frame is seen."""

    def __init__(self) -> None:
        self._header = b""
        self._payload = 0

    def until(self, chunk: bytes, frames: int | None) -> tuple[int, int]:
        """How many bytes of `chunk` come before the end of so many more frames (None: no bound), and how many end."""
        position = ended = 0
        while position < len(chunk) and ended != frames:
            if len(self._header) < _HEADER:
                taken = chunk[position : position + _HEADER - len(self._header)]
                self._header += taken
                position += len(taken)
                if len(self._header) < _HEADER:
                    break
                self._payload = int.from_bytes(self._header[:_LENGTH])
            carried = min(self._payload, len(chunk) - position)
            position += carried
            self._payload -= carried
            if not self._payload:
                self._header = b""
                ended += 1
        return position, ended
