"""Decides who may read the metrics: those who know a user's password."""

import base64
import hmac
from collections.abc import Mapping
from hashlib import sha256

__all__ = ["Admission"]


class Admission:
    """Users and their passwords, of which it keeps no more than a digest of each pair.

    Raises:
        TypeError, ValueError: they cannot be users and passwords; the message holds no password.
    """

    def __init__(self, basic_auth: Mapping[str, str]) -> None:
        if not isinstance(basic_auth, Mapping):
            raise TypeError(f"basic_auth must be a mapping of user to password or None, not {_kind(basic_auth)}")
        if not basic_auth:
            raise ValueError("basic_auth is empty: nobody could scrape; None lets everybody in")
        for user, password in basic_auth.items():
            _check(user, password)
        self._digests = [_digest(f"{user}:{password}".encode()) for user, password in basic_auth.items()]

    def admits(self, authorization: str) -> bool:
        """Whether the value of an Authorization header names a user and that user's password."""
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = _digest(base64.b64decode(encoded.strip(), validate=True))
        except ValueError:
            return False
        # As long for a user who is not there, and for the first character as for the last.
        return sum(hmac.compare_digest(given, known) for known in self._digests) > 0


def _digest(pair: bytes) -> bytes:
    return sha256(pair).digest()


def _check(user: object, password: object) -> None:
    if not isinstance(user, str):
        raise TypeError(f"basic_auth: a user must be a str, not {_kind(user)}")
    if not user:
        raise ValueError("basic_auth: there is an empty user")
    if ":" in user:
        raise ValueError(f"basic_auth: the user {user!r} has a ':', which ends the name of a user in HTTP")
    if not isinstance(password, str):
        raise TypeError(f"basic_auth: the password of {user!r} must be a str, not {_kind(password)}")
    if not password:
        raise ValueError(f"basic_auth: the password of {user!r} is empty")
    if not (_is_utf8(user) and _is_utf8(password)):
        raise ValueError(f"basic_auth: the user {user!r} or the password has surrogates: it cannot be sent in UTF-8")


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _kind(thing: object) -> str:
    return type(thing).__name__
