"""A recipe refuses the other kind of client, and what is none, before anything is sent."""

from collections.abc import Callable
from typing import Any

import pytest

from etcdobs import AsyncClient, Client, Keys, recipes

RECIPES: dict[str, Callable[[Any, Any], object]] = {
    "Barrier": lambda kind, client: kind(client, "name"),
    "Cache": lambda kind, client: kind(client, Keys.prefix("/a/")),
    "DoubleBarrier": lambda kind, client: kind(client, "name", 2),
    "Kubernetes": lambda kind, client: kind(client),
    "LeasingKV": lambda kind, client: kind(client, "/leases/"),
    "Mirror": lambda kind, client: kind(client, Keys.prefix("/a/")),
    "Naming": lambda kind, client: kind(client, "service"),
    "Ordering": lambda kind, client: kind(client),
    "PriorityQueue": lambda kind, client: kind(client, "name"),
    "Queue": lambda kind, client: kind(client, "name"),
    "RWLock": lambda kind, client: kind(client, "name"),
}


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("wrong", [None, "localhost:2379", object()], ids=["None", "str", "object"])
def test_it_is_made_for_a_client(name: str, wrong: object) -> None:
    with pytest.raises(TypeError, match=f"client must be a Client, not {type(wrong).__name__}"):
        RECIPES[name](getattr(recipes, name), wrong)
    with pytest.raises(TypeError, match=f"client must be an AsyncClient, not {type(wrong).__name__}"):
        RECIPES[name](getattr(recipes, f"Async{name}"), wrong)


@pytest.mark.parametrize("name", RECIPES)
async def test_it_is_made_for_its_own_kind(name: str) -> None:
    with Client() as blocking:
        async with AsyncClient() as asynchronous:
            RECIPES[name](getattr(recipes, name), blocking)
            RECIPES[name](getattr(recipes, f"Async{name}"), asynchronous)
            with pytest.raises(TypeError, match="client must be a Client, not AsyncClient"):
                RECIPES[name](getattr(recipes, name), asynchronous)
            with pytest.raises(TypeError, match="client must be an AsyncClient, not Client"):
                RECIPES[name](getattr(recipes, f"Async{name}"), blocking)


def test_a_mirror_copies_to_a_client() -> None:
    with Client() as client, pytest.raises(TypeError, match="client must be a Client, not str"):
        recipes.Mirror(client, Keys.prefix("/a/")).copy_to("localhost:2379")  # type: ignore[arg-type]
