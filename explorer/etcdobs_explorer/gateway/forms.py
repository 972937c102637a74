"""Decides how prefixes go to the client, and how its text comes back as bytes."""

from etcdobs import Keys


def below(prefix: bytes) -> Keys:
    """The keys that start with a prefix."""
    return Keys.prefix(prefix) if prefix else Keys.all()


def text_bytes(text: str) -> bytes:
    """A server's text as the bytes it came in."""
    return text.encode("utf-8", "surrogateescape")
