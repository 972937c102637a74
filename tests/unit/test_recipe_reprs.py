"""What a recipe shows of itself: one line that says what it is and where it stands, and no value of a key."""

import threading
from typing import Any

import pytest

import etcdobs.errors
from etcdobs import AsyncClient, Client, ClosedError, Delete, EtcdError, Get, Keys, Put, Txn
from etcdobs import recipes as recipes_of
from etcdobs.recipes.resolver import AsyncResolver, Resolver
from etcdobs.recipes.stm import first_attempt
from tests.clients import in_thread

KINDS = pytest.mark.parametrize(("kind", "name"), [(Client, ""), (AsyncClient, "Async")])


@KINDS
def test_recipes_that_are_not_open(kind: type[Any], name: str) -> None:
    client = kind("a:1", username="u", password="canary")

    def shown(recipe: str, *arguments: Any) -> str:
        return repr(getattr(recipes_of, name + recipe)(client, *arguments))

    assert repr(client.batched(max_ops=7)) == f"<{name}Batch max_ops=7 open>"
    for recipe in ("Barrier", "Queue", "PriorityQueue", "Naming"):
        assert shown(recipe, "n") == f"<{name}{recipe} b'n'>"
    for recipe in ("Ordering", "Kubernetes"):
        assert shown(recipe) == f"<{name}{recipe} of {client!r}>"
    assert shown("Cache", Keys.prefix("k")) == f"<{name}Cache of {Keys.prefix('k')}, not open, at revision 0>"
    assert shown("LeasingKV", "l/") == f"<{name}LeasingKV under b'l/', not open, 0 keys owned>"
    assert shown("Mirror", Keys.prefix("k")) == f"<{name}Mirror of {Keys.prefix('k')}, base at revision not yet known>"
    naming = getattr(recipes_of, f"{name}Naming")(client, "svc")
    watcher = f"<{name}NamingWatcher of b'svc', not open, at revision 0>"
    assert repr(naming.watch()) == watcher
    assert repr(naming.resolver()) == f"<{name}Resolver of {watcher}>"


@KINDS
def test_what_a_transaction_has_done(kind: type[Any], name: str) -> None:
    stm = getattr(recipes_of, f"{name}STM")(None, first_attempt("serializable"))
    assert repr(stm) == f"<{name}STM serializable, 0 keys read, 0 to be written>"


def test_every_error_says_what_it_means() -> None:
    kinds = [getattr(etcdobs.errors, name) for name in etcdobs.errors.__all__]
    assert [kind.__name__ for kind in kinds if isinstance(kind, type) and not kind.__doc__] == []


@pytest.mark.parametrize("kind", [Get, Put, Delete, Txn])
def test_every_operation_says_what_its_methods_do(kind: type[Any]) -> None:
    assert kind.in_txn.__doc__
    assert kind.decode.__doc__


def test_a_closed_batch_names_the_rpc() -> None:
    client = Client("a:1")
    batch = client.batched()
    batch.close()
    with pytest.raises(ClosedError, match=r"etcdserverpb\.KV/Txn: the batch is closed"):
        batch.get("k")
    client.close()
    with pytest.raises(ClosedError, match=r"etcdserverpb\.KV/Txn"):
        batch.get("k")


async def test_a_closed_async_batch_names_the_rpc() -> None:
    client = AsyncClient("a:1")
    batch = client.batched()
    await batch.close()
    with pytest.raises(ClosedError, match=r"etcdserverpb\.KV/Txn: the batch is closed"):
        await batch.get("k")


def test_leasing_that_is_closed_names_the_rpc() -> None:
    kv = recipes_of.LeasingKV(Client("a:1"), "l/")
    kv.close()
    for ask in (lambda: kv.get("k"), kv.__enter__):
        with pytest.raises(EtcdError) as failure:
            ask()
        assert failure.value.method == "etcdserverpb.Watch/Watch"


class Reading:
    """A watcher that reads all again, and does not come to an end before it may."""

    addresses = ("known",)

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()

    def get(self, timeout: float) -> None:
        self.begun.set()
        assert self.may_end.wait(10)
        raise TimeoutError


async def test_who_resolves_does_not_wait_for_another_who_reads_all_again() -> None:
    watcher: Any = Reading()
    resolver = Resolver(watcher)
    first = threading.Thread(target=resolver.addresses)
    first.start()
    try:
        assert watcher.begun.wait(5)
        assert resolver._lock.locked()
        second = threading.Thread(target=resolver.addresses, daemon=True)
        second.start()
        await in_thread(second.join, 2)
        assert not second.is_alive()
    finally:
        watcher.may_end.set()
        first.join()


async def test_who_resolves_does_not_await_another_who_reads_all_again() -> None:
    import asyncio

    read = asyncio.Event()

    class AsyncReading:
        addresses = ("known",)

        async def get(self, timeout: float) -> None:
            await read.wait()
            raise TimeoutError

    watcher: Any = AsyncReading()
    resolver = AsyncResolver(watcher)
    first = asyncio.create_task(resolver.addresses())
    await asyncio.sleep(0)
    assert await asyncio.wait_for(resolver.addresses(), 2) == ("known",)
    read.set()
    assert await first == ("known",)


def test_the_session_may_end_while_it_is_asked_for() -> None:
    from etcdobs.recipes._leased_keys import LeasedKeys

    class Lost:
        """Is not lost when it is compared with None, and forgotten right after."""

        def __call__(self) -> bool:
            return False

    keys = LeasedKeys(b"p", lambda: 0.0)
    import sys

    for moment in range(1, 40):
        keys.began(1, Lost())
        seen = 0

        def trace(frame: Any, event: str, _: Any) -> Any:
            nonlocal seen
            if frame.f_code.co_name != "is_alive":
                return None
            frame.f_trace_opcodes = True
            seen += event == "opcode"
            if seen == moment:  # noqa: B023 - it is called in this turn
                keys._lost = None
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            assert keys.is_alive in (True, False)
        finally:
            sys.settrace(before)
