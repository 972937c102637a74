"""Decides how a client proves who it is: credentials, the token they bought, and when to buy another. Pure."""

import inspect
from collections.abc import Callable
from typing import TypeAlias

from etcdobs._call import Call
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import rpc

Secret: TypeAlias = str | Callable[[], str]
"""A password or a token; or what is called for it, first when it is needed and again when the server refuses it."""


class Hidden(str):
    """A str that shows nothing of itself: not in a repr, and so not in a traceback that tells the locals."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"


def hidden(secret: Secret | None) -> Secret | None:
    """`secret`, without its text in a repr."""
    return Hidden(secret) if type(secret) is str else secret


class Credentials:
    """A user with a password, or a token made elsewhere; neither is ever shown.

    Attributes:
        token: what goes with every call now; None: nothing does.
        asked: True once `token` is what the cluster, or the user, gave when asked.

    Raises:
        TypeError, ValueError: they do not go together, or one can be no user, password or token.
    """

    def __init__(self, username: str | None, password: Secret | None, token: Secret | None) -> None:
        self.username = username
        if username is not None and token is not None:
            raise ValueError("username and token exclude each other: give the one or the other")
        if password is not None and username is None:
            raise ValueError("a password was given without a username")
        if username is not None and password is None:
            raise ValueError(f"a username was given without a password: {username!r}")
        if username is not None and not _text("username", username):
            raise ValueError("username is empty")
        self._password = _secret("password", password)
        self._given_token = _secret("token", token)
        self.token: str | None = None if token is None or callable(token) else _sendable(Hidden(token))
        self.asked: bool = username is None and not callable(token)

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r}, ***)"

    @property
    def can_renew(self) -> bool:
        """True when a refused token can be replaced."""
        return self.username is not None or callable(self._given_token)

    def buy(self) -> Call[str] | None:
        """The call that buys a token; None when the token comes from the user."""
        if self.username is None or self._password is None:
            return None
        request = pb.AuthenticateRequest(name=self.username, password=_reveal("password", self._password))
        return Call(rpc("etcdserverpb.Auth/Authenticate"), request, lambda reply: str(reply.token))

    def ask(self) -> str | None:
        """The token as the user gives it now.

        Raises:
            TypeError, ValueError: it can be no token.
        """
        return None if self._given_token is None else _sendable(_reveal("token", self._given_token))

    def hold(self, token: str | None) -> None:
        """Send `token` from now on; None: the cluster wants none."""
        self.token, self.asked = token and Hidden(token), True

    def drop(self) -> None:
        """Send none, and ask before the next call."""
        self.token, self.asked = None, False


def _secret(name: str, secret: Secret | None) -> Secret | None:
    if inspect.iscoroutinefunction(secret):
        raise TypeError(f"{name} must be a str, or a plain callable that returns one, not a coroutine function")
    return secret if secret is None or callable(secret) else _text(name, secret)


def _reveal(name: str, secret: Secret) -> str:
    given: object = secret() if callable(secret) else secret
    if inspect.iscoroutine(given):
        given.close()
        raise TypeError(f"{name}: its callable must return a str, not something to be awaited")
    return Hidden(_text(name, given))


def _text(name: str, text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str, not {type(text).__name__}")
    return text


def _sendable(token: str) -> str:
    # gRPC refuses such a header with a message that shows it: that must not come to pass.
    if not token or not (token.isascii() and token.isprintable()):
        raise ValueError("token is empty, or holds what a header cannot, such as a line break at its end")
    return token
