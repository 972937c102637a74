"""Decides whether a recipe was given the kind of client that it is made for: the other kind would answer coroutines."""

from typing import TYPE_CHECKING

from etcdobs._drive.aio_procedure import Procedures as AsyncProcedures
from etcdobs._drive.sync_procedure import Procedures

if TYPE_CHECKING:
    from etcdobs.aio import AsyncClient
    from etcdobs.client import Client


def blocking(client: "Client") -> "Client":
    """`client`; raises TypeError where it is no `Client`."""
    _check(client, Procedures, "a Client")
    return client


def asynchronous(client: "AsyncClient") -> "AsyncClient":
    """`client`; raises TypeError where it is no `AsyncClient`."""
    _check(client, AsyncProcedures, "an AsyncClient")
    return client


def _check(client: object, procedures: type, wanted: str) -> None:
    if not isinstance(getattr(client, "_procedures", None), procedures):
        raise TypeError(f"client must be {wanted}, not {type(client).__name__}")
