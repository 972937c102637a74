"""Waits, by awaiting, for calls and recipes that are confined to a prefix: on the channels of the whole client."""

from typing import TYPE_CHECKING, Any, TypeVar

from etcdobs._call import Call
from etcdobs._drive.aio import Driver
from etcdobs._drive.aio_procedure import Patience, Procedures, endless
from etcdobs._drive.aio_watch import Watches
from etcdobs._namespace import confine, confined
from etcdobs._procedure import Procedure

T = TypeVar("T")


# What is not defined here is done by the whole client's driver itself, and never on a view of it.
if TYPE_CHECKING:
    _Base = Driver
else:
    _Base = object


class ConfinedDriver(_Base):
    """A driver whose calls are confined to `namespace`; all else is the whole client's."""

    __slots__ = ("_namespace", "_whole")

    def __init__(self, whole: Driver, namespace: bytes) -> None:
        self._whole = whole
        self._namespace = namespace

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    async def call(self, call: Call[T]) -> T:
        return await self._whole.call(confine(call, self._namespace))

    async def close(self) -> None:
        """Nothing: the whole client is closed by whoever made it."""


class ConfinedProcedures(Procedures):
    """Carries out procedures in `namespace`."""

    def __init__(self, driver: Driver, watches: Watches, namespace: bytes) -> None:
        super().__init__(driver, watches)
        self._namespace = namespace

    async def perform(self, procedure: Procedure[T], patience: Patience = endless) -> T:
        return await super().perform(confined(procedure, self._namespace), patience)


def view(whole: Driver, watches: Watches, namespace: bytes) -> tuple[Driver, Procedures]:
    """What a client of `namespace` calls and performs with; an empty namespace is the whole."""
    if not namespace:
        return whole, Procedures(whole, watches)
    return ConfinedDriver(whole, namespace), ConfinedProcedures(whole, watches, namespace)
