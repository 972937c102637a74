"""Waits for procedures by blocking: carries out their calls, and waits for keys to come and go."""

from collections.abc import Callable
from typing import Any, TypeVar

from etcdobs._call import Call
from etcdobs._drive.sync import Driver
from etcdobs._drive.sync_watch import Watcher, Watches
from etcdobs._procedure import Procedure, Step, UntilPut, Wait
from etcdobs._watch import Cursor
from etcdobs.errors import CompactedError, DeadlineExceededError, EtcdError
from etcdobs.keys import Keys

T = TypeVar("T")

Patience = Callable[[], float | None]
"""How many seconds to wait before asking again; None: as long as it takes. It raises when the wait is over."""


def endless() -> float | None:
    """The patience of who waits as long as it takes."""
    return None


class Procedures:
    """Carries out procedures on the calls and the watches of one client."""

    def __init__(self, driver: Driver, watches: Watches) -> None:
        self.driver: Driver = driver
        self._watches = watches

    def perform(self, procedure: Procedure[T], patience: Patience = endless) -> T:
        """Carry out `procedure`; whatever `patience` raises ends a wait, and the procedure."""
        answer: Any = None
        failure: EtcdError | None = None
        while True:
            try:
                step = procedure.send(answer) if failure is None else procedure.throw(failure)
            except StopIteration as stop:
                result: T = stop.value
                return result
            answer = failure = None
            try:
                answer = self._do(step, patience)
            except EtcdError as error:
                failure = error

    def _do(self, step: Step, patience: Patience) -> Any:
        if isinstance(step, Call):
            return self.driver.call(step)
        return self._until(step, patience)

    def _until(self, step: Wait, patience: Patience) -> None:
        put = isinstance(step, UntilPut)
        keys = step.keys if isinstance(step, UntilPut) else Keys(step.key)
        cursor = Cursor(keys, start_revision=step.revision + 1, put=put, delete=not put)
        watcher = Watcher(self._watches, cursor, 16, self.driver.session.timeout)
        try:
            with watcher:
                while not _arrived(watcher, patience()):
                    pass
        except CompactedError:
            # Whatever happened is forgotten: whoever waits looks again.
            return


def _arrived(watcher: Watcher, seconds: float | None) -> bool:
    try:
        watcher.get(timeout=seconds)
    except DeadlineExceededError:
        raise
    except TimeoutError:
        return False
    return True
