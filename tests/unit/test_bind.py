"""A builder becomes a method of both clients: its signature and docstring are written once."""

import inspect
from typing import Any

import pytest

from etcdobs import AsyncClient, Client
from etcdobs._bind import aio, sync
from etcdobs._call import Call
from etcdobs.ops import kv


class Blocking:
    def __init__(self) -> None:
        self.calls: list[Call[Any]] = []

    def call(self, call: Call[Any]) -> Any:
        self.calls.append(call)
        return "blocked"


class Awaiting(Blocking):
    async def call(self, call: Call[Any]) -> Any:
        return f"awaited after it {super().call(call)}"


class BlockingService:
    def __init__(self) -> None:
        self._driver = Blocking()

    @sync(kv.put)
    def put(self) -> None: ...


class AwaitingService:
    def __init__(self) -> None:
        self._driver = Awaiting()

    @aio(kv.put)
    def put(self) -> None: ...


def test_a_blocking_method_sends_what_its_builder_makes() -> None:
    service = BlockingService()
    answer: Any = service.put("k", "v", lease=7)
    assert answer == "blocked"
    (call,) = service._driver.calls
    assert call.request == kv.put("k", "v", lease=7).request


async def test_an_awaited_method_sends_what_its_builder_makes() -> None:
    service = AwaitingService()
    answer: Any = await service.put("k", "v")
    assert answer == "awaited after it blocked"
    (call,) = service._driver.calls
    assert call.request == kv.put("k", "v").request


async def test_what_the_builder_refuses_is_never_sent() -> None:
    blocking, awaiting = BlockingService(), AwaitingService()
    with pytest.raises(TypeError):
        blocking.put(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        await awaiting.put("k", nonsense=1)  # type: ignore[call-arg]
    assert blocking._driver.calls == awaiting._driver.calls == []


@pytest.mark.parametrize("method", [BlockingService.put, AwaitingService.put])
def test_a_method_has_the_name_of_its_stub_and_the_rest_of_its_builder(method: Any) -> None:
    assert method.__name__ == "put"
    assert method.__qualname__.endswith("Service.put")
    assert method.__module__ == __name__
    assert method.__doc__ == kv.put.__doc__
    signature, builder = inspect.signature(method), inspect.signature(kv.put)
    assert list(signature.parameters) == ["self", *builder.parameters]
    for name, parameter in builder.parameters.items():
        assert signature.parameters[name] == parameter
    assert signature.return_annotation.__name__ == "PutResponse"


def test_only_the_awaited_method_is_a_coroutine_function() -> None:
    assert not inspect.iscoroutinefunction(BlockingService.put)
    assert inspect.iscoroutinefunction(AwaitingService.put)


@pytest.mark.parametrize("name", ["get", "range", "count", "put", "delete", "compact", "do"])
def test_both_clients_have_the_same_methods(name: str) -> None:
    blocking, awaiting = getattr(Client, name), getattr(AsyncClient, name)
    assert inspect.signature(blocking).parameters == inspect.signature(awaiting).parameters
    assert blocking.__doc__ == awaiting.__doc__ == getattr(kv, name).__doc__
    assert (blocking.__qualname__, awaiting.__qualname__) == (f"Client.{name}", f"AsyncClient.{name}")
