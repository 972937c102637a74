"""Waits, in the main thread, for what a Ctrl-C must not break off half way: it is done in a thread of its own.

Python raises KeyboardInterrupt in the main thread, between any two steps: also in `threading.Condition.__enter__`,
right after it took its lock, which then nobody ever gives back. gRPC does all that concerns the streams of a channel
under such locks, and has one thread for all of them: one lock lost, and no stream of the channel ever ends, nor its
`close`. Nothing here is built on `threading` for that reason: locks of `_thread` are taken in one step.
"""

import _thread
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress

# Seconds that closing a client may take once the network has nothing to do with it.
CLOSING = 1.0


class Latch:
    """As `threading.Event`, that is never cleared: setting it again is of use where a Ctrl-C met the first time."""

    def __init__(self) -> None:
        self._is_set = False
        self._held = _thread.allocate_lock()
        self._held.acquire()

    def is_set(self) -> bool:
        """Whether it is."""
        return self._is_set

    def set(self) -> None:
        """Wake all who wait, and let nobody wait any more."""
        self._is_set = True
        with suppress(RuntimeError):  # it was given back already
            self._held.release()

    def wait(self, timeout: float | None = None) -> bool:
        """True as soon as it is set; False when `timeout` seconds pass first."""
        seconds = -1 if timeout is None else min(max(0.0, timeout), threading.TIMEOUT_MAX)
        if not self._is_set and self._held.acquire(timeout=seconds):
            with suppress(RuntimeError):
                self._held.release()
        return self._is_set


@contextmanager
def interruptible() -> Generator[None, None, None]:
    """The block takes a lock and waits on a condition of it: a Ctrl-C leaves it as the KeyboardInterrupt that it is.

    `threading.Condition.wait` may be left without the lock, which then can't be given back: a RuntimeError would hide
    the interrupt from whoever waits for one.
    """
    try:
        yield
    except RuntimeError as error:
        unhide(error)
        raise


def unhide(error: RuntimeError) -> None:
    """Raise the KeyboardInterrupt that `error` hides, if it does."""
    if isinstance(error.__context__, KeyboardInterrupt):
        raise error.__context__ from None


def join(thread: threading.Thread) -> None:
    """Wait for its end, as long as closing may take; one whose start was interrupted has none."""
    with suppress(RuntimeError):  # it never began, or it is this one
        thread.join(timeout=CLOSING)


def apart(action: Callable[[], object]) -> None:
    """Do it, without waiting for it where the caller may be interrupted."""
    if _thread.get_ident() == threading.main_thread().ident:
        _thread.start_new_thread(_in_a_thread_with_a_name, (action,))
    else:
        action()


def within(seconds: float, actions: Iterable[Callable[[], object]]) -> bool:
    """Do these, one after another; False when they are not done in time, and go on by themselves.

    Each is done, whatever the others raise; the first error is raised here once all are done.
    """
    done = _thread.allocate_lock()
    done.acquire()
    errors: list[Exception] = []

    def act() -> None:
        for action in actions:
            try:
                action()
            except Exception as error:  # noqa: BLE001 - it is the caller's
                errors.append(error)
        done.release()

    _thread.start_new_thread(_in_a_thread_with_a_name, (act,))
    in_time = done.acquire(timeout=seconds)
    if in_time and errors:
        raise errors[0]
    return in_time


def _in_a_thread_with_a_name(action: Callable[[], object]) -> None:
    # What asks `threading` who it is, as `Thread.join` does, stays in its list for good when `threading` does not
    # know it. A thread of its own is started here, where no interrupt can break off the start.
    threading.Thread(target=action, name="etcdobs-closing", daemon=True).start()
