"""Decides how a client proves who it is: credentials, the token they bought, and when to buy another. Pure."""

from collections.abc import Callable
from typing import TypeAlias

from etcdobs._call import Call
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import rpc

Secret: TypeAlias = str | Callable[[], str]


class Credentials:
    """A user with a password, or a token made elsewhere; neither is ever shown.

    Attributes:
        token: what goes with every call now; None: nothing does.
    """

    def __init__(self, username: str | None, password: Secret | None, token: Secret | None) -> None:
        if username is not None and token is not None:
            raise ValueError("username and token exclude each other: give the one or the other")
        if password is not None and username is None:
            raise ValueError("a password was given without a username")
        if username is not None and password is None:
            raise ValueError(f"a username was given without a password: {username!r}")
        self.username = username
        self._password = password
        self._given_token = token
        self.token: str | None = None if callable(token) else token
        self.asked: bool = username is None and not callable(token)

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r}, ***)"

    @property
    def can_renew(self) -> bool:
        """True when a refused token can be replaced."""
        return self.username is not None or callable(self._given_token)

    def buy(self) -> Call[str] | None:
        """The call that buys a token; None when the token comes from the user."""
        if self.username is None:
            return None
        request = pb.AuthenticateRequest(name=self.username, password=_reveal(self._password))
        return Call(rpc("etcdserverpb.Auth/Authenticate"), request, lambda reply: str(reply.token), True)

    def ask(self) -> str | None:
        """The token as the user gives it now."""
        return _reveal(self._given_token)

    def hold(self, token: str | None) -> None:
        """Send `token` from now on; None: the cluster wants none."""
        self.token, self.asked = token, True


def _reveal(secret: Secret | None) -> str | None:
    return secret() if callable(secret) else secret
