"""A Ctrl-C leaves a batch usable, wherever it comes: it is raised at each place in turn where Python looks for one.

Nor does whoever leaves the batch wait in vain for one that went alone.
"""

import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import grpc
import pytest

from etcdobs import Client
from etcdobs._drive import sync_batch
from etcdobs._wire import etcdserverpb as pb
from etcdobs.recipes.batched import Batch
from tests.instant import InstantChannel

HEADER = pb.ResponseHeader(revision=3)
LIBRARY = Path(sync_batch.__file__).parents[1]
ROOMS = {sync_batch.__file__, *(str(LIBRARY / name) for name in ("_batch.py", "_batch_entry.py"))}


class Meanwhile:
    """What is done before a call is answered."""

    does: Callable[[], object] = staticmethod(lambda: None)


def answer(request: Any) -> Any:
    Meanwhile.does()
    if isinstance(request, pb.TxnRequest):
        return pb.TxnResponse(header=HEADER, responses=[pb.ResponseOp() for _ in request.success])
    return pb.PutResponse(header=HEADER) if isinstance(request, pb.PutRequest) else pb.RangeResponse()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc, "insecure_channel", lambda *_, **__: InstantChannel(answer))
    monkeypatch.setattr(Meanwhile, "does", staticmethod(lambda: None))


def interrupted(action: Callable[[], object], place: int) -> bool:
    """Do it with a Ctrl-C at that place; False where it has not as many.

    Python looks for one as it enters a function, and after each that is built in.
    """
    left = place

    def look(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal left
        if event in ("call", "c_return") and frame.f_code.co_filename in ROOMS:
            left -= 1
            if left == 0:
                sys.setprofile(None)
                raise KeyboardInterrupt

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        action()
    except KeyboardInterrupt:
        pass
    finally:
        sys.setprofile(before)
    return left <= 0


def is_usable(batch: Batch) -> bool:
    """Whether another thread still gets its answers."""

    def use() -> None:
        batch.put("k", "after")
        batch.get("k")
        done.append(True)

    done: list[bool] = []
    using = threading.Thread(target=use, daemon=True)
    using.start()
    using.join(10)
    return bool(done)


@pytest.mark.parametrize("ask", [lambda batch: batch.put("k", "v"), lambda batch: batch.get("k")])
def test_a_caller_that_goes_alone(ask: Callable[[Batch], object]) -> None:
    with Client(metrics=None) as client, client.batched() as batch:
        place = 1
        while interrupted(lambda: ask(batch), place):
            assert is_usable(batch), f"not after the place {place}"
            place += 1
    assert place > 10


def test_a_caller_that_others_wait_behind() -> None:
    place, waiting = 0, True
    while waiting:
        place += 1
        with Client(metrics=None) as client, client.batched() as batch:
            behind = [threading.Thread(target=batch.put, args=(key,), daemon=True) for key in ("k", "other")]

            def let_them_ask(behind: list[threading.Thread] = behind) -> None:
                Meanwhile.does = staticmethod(lambda: None)
                for thread in behind:
                    thread.start()
                    thread.join(0.02)

            Meanwhile.does = staticmethod(let_them_ask)
            waiting = interrupted(partial(batch.put, "k", "v"), place)
            for thread in behind:
                if thread.ident is not None:
                    thread.join(10)
                    assert not thread.is_alive(), f"in vain after the place {place}"
            assert is_usable(batch), f"not after the place {place}"


def test_leaving_it_while_others_wait_behind_one_that_goes_alone() -> None:
    for _ in range(15):  # whether the one who leaves is told in time was a matter of which thread is faster
        answered = threading.Event()
        Meanwhile.does = answered.wait
        with Client(metrics=None) as client:
            batch = client.batched()
            asked: list[Callable[[], object]] = [partial(ask, "k") for ask in (batch.put, batch.put, batch.get)]
            threads = [threading.Thread(target=ask, daemon=True) for ask in (*asked, batch.close)]
            for thread in threads:
                thread.start()
                thread.join(0.01)
            answered.set()
            for thread in threads:
                thread.join(5)
            assert not any(thread.is_alive() for thread in threads)
