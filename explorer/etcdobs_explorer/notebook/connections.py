"""Decides which cluster a line goes to: a context of the configuration file, etcdctl's variables, or options; and holds
the clients."""

import atexit
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from etcdobs import TLS, Client
from etcdobs_explorer.model import contexts, passwords
from etcdobs_explorer.model.contexts import Context, Password, Source
from etcdobs_explorer.model.go_values import user_and_password

from .words import LineError

_FIELDS = (
    "cacert",
    "cert",
    "key",
    "insecure_transport",
    "insecure_skip_tls_verify",
    "dial_timeout",
    "command_timeout",
)


@dataclass(frozen=True, slots=True)
class Connection:
    """A cluster, and the client that speaks to it."""

    context: Context
    client: Client

    @property
    def title(self) -> str:
        """Where it leads, in a few words."""
        return self.context.title


class Connections:
    """The clients of one notebook: one for each context that was used, all closed together."""

    def __init__(self) -> None:
        self.current: Connection | None = None
        self._open: dict[Context, Connection] = {}
        atexit.register(self.close)

    def use(self, context: Context) -> Connection:
        """The connection of a context from now on."""
        self.current = self.to(context)
        return self.current

    def default(self) -> Connection:
        """The one in use; else that of the configuration file's current context or of etcdctl's variables."""
        return self.current or self.use(configured().context(configured().current))

    def to(self, context: Context) -> Connection:
        """A connection of a context; nothing is connected before its first call.

        Raises:
            LineError: the context makes no client.
        """
        if context not in self._open:
            self._open[context] = Connection(context, _client(context))
        return self._open[context]

    def chosen(self, options: Mapping[str, Any], given: frozenset[str]) -> Connection:
        """Where a line goes that may name a context, endpoints and so on itself."""
        if not given & _CHOOSING:
            return self.default()
        return self.to(asked(options, given, self.current))

    def close(self) -> None:
        """Close every client. May be called twice."""
        opened, self._open, self.current = self._open, {}, None
        for connection in opened.values():
            connection.client.close()

    def forget(self) -> None:
        """Close, and leave nothing to be done when the process ends."""
        self.close()
        atexit.unregister(self.close)


_CHOOSING = frozenset({"context", "endpoints", "user", "password", *(name.replace("_", "-") for name in _FIELDS[:5])})


def configured() -> contexts.Config:
    """The configuration file that the explorer reads too, and etcdctl's variables.

    Raises:
        LineError: a variable is malformed.
    """
    try:
        return contexts.load(contexts.config_path(os.environ), os.environ)
    except ValueError as error:
        raise LineError(str(error)) from None


def asked(options: Mapping[str, Any], given: frozenset[str], current: Connection | None) -> Context:
    """The context that options ask for: that of a name, else the one in use, with what else is given.

    Raises:
        LineError: there is no such context, or options exclude each other.
    """
    context = _named(options.get("context"), current)
    fields = {name: options[name.replace("_", "-")] for name in _FIELDS if name.replace("_", "-") in given}
    if "endpoints" in given:
        fields["endpoints"] = options["endpoints"]
    if "user" in given:
        user, password = user_and_password(options["user"], options.get("password"))
        fields |= {"user": user, "password": Password(Source.GIVEN, password) if password is not None else Password()}
    elif "password" in given:
        fields["password"] = Password(Source.GIVEN, options["password"])
    if ("cert" in given) != ("key" in given) and not (context.cert and context.key):
        raise LineError("--cert and --key are wanted together")
    return replace(context, **fields)


def _named(name: str | None, current: Connection | None) -> Context:
    if name is None and current is not None:
        return current.context
    config = configured()
    try:
        return config.context(name or config.current)
    except ValueError as error:
        raise LineError(str(error)) from None


def _client(context: Context) -> Client:
    try:
        return Client(
            context.endpoints,
            username=context.user,
            password=_password(context),
            tls=_tls(context),
            timeout=context.command_timeout,
            dial_timeout=context.dial_timeout,
        )
    except (TypeError, ValueError, OSError) as error:
        raise LineError(str(error)) from None


def _tls(context: Context) -> TLS | None:
    if not context.uses_tls:
        return None
    verify = not context.insecure_skip_tls_verify
    # As etcdctl: an http:// endpoint is plain, whatever else is set.
    return TLS(ca=context.cacert, cert=context.cert, key=context.key, verify=verify, allow_plaintext=True)


def _password(context: Context) -> str | None:
    if context.user is None:
        return None
    try:
        found = passwords.find(context.password, context.user)
    except passwords.PasswordError as error:
        raise LineError(str(error)) from None
    if found is None:
        raise LineError(f"the password of {context.user} is wanted: --user NAME:PASSWORD, or --password TEXT")
    return found
