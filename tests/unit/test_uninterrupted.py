"""What is done in a thread of its own, so that no interrupt breaks it off."""

import threading

import pytest

from etcdobs._drive.uninterrupted import CLOSING, apart, interruptible, join, within


def test_each_is_done_and_the_first_error_is_told() -> None:
    done: list[str] = []

    def fail() -> None:
        done.append("failed")
        raise ValueError("this one")

    with pytest.raises(ValueError, match="this one"):
        within(CLOSING, [fail, lambda: done.append("the next")])
    assert done == ["failed", "the next"]


def test_what_takes_too_long_goes_on_by_itself() -> None:
    go_on, ended = threading.Event(), threading.Event()
    assert not within(0.01, [go_on.wait, ended.set])
    go_on.set()
    assert ended.wait(5)


def dummies() -> set[str]:
    """Threads that `threading` has met and did not start."""
    return {thread.name for thread in threading.enumerate() if isinstance(thread, threading._DummyThread)}


def test_what_is_done_apart_leaves_no_thread_behind() -> None:
    before = dummies()
    ended, acted = threading.Event(), threading.Event()
    other = threading.Thread(target=ended.wait)
    other.start()
    assert within(CLOSING, [ended.set, lambda: join(other)])

    def act() -> None:
        threading.current_thread()
        acted.set()

    apart(act)
    assert acted.wait(5)
    assert dummies() <= before


def test_an_interrupt_that_took_the_lock_of_a_condition_is_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it comes between two steps of `wait`: the lock is given back, and not yet promised to be taken again."""
    lock = threading.RLock()
    condition = threading.Condition(lock)

    def interrupted() -> None:
        lock.release()
        raise KeyboardInterrupt

    monkeypatch.setattr(condition, "_release_save", interrupted)
    with pytest.raises(KeyboardInterrupt), interruptible(), lock:
        condition.wait(5)
    with pytest.raises(RuntimeError, match="mine"), interruptible():
        raise RuntimeError("mine")
