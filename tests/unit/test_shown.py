"""How a client and its values show themselves in a notebook or a log, and what a wrong argument is told."""

from typing import Any

import pytest

from etcdobs import AsyncClient, Client, Compare, Get, Keys


def test_a_client_shows_the_call_that_makes_it() -> None:
    client = Client("a:2379,b:2379", metrics=None)
    assert repr(client) == "Client('a:2379,b:2379')"
    assert repr(client.namespaced("/app/")) == "Client('a:2379,b:2379', namespace=b'/app/')"
    client.close()
    assert repr(client) == "<Client('a:2379,b:2379'), closed>"
    assert repr(client.namespaced("/app/")) == "<Client('a:2379,b:2379', namespace=b'/app/'), closed>"


async def test_an_asyncio_client_shows_itself_likewise() -> None:
    client = AsyncClient("a:2379", namespace="/app/", metrics=None)
    assert repr(client) == "AsyncClient('a:2379', namespace=b'/app/')"
    await client.close()
    assert repr(client) == "<AsyncClient('a:2379', namespace=b'/app/'), closed>"


def test_half_a_compare_says_what_is_missing() -> None:
    assert "to be compared" in repr(Compare.version("key"))
    assert "version" in repr(Compare.version("key"))


@pytest.mark.parametrize("endpoints", [b"a:2379", bytearray(b"a:2379")])
def test_endpoints_are_text(endpoints: Any) -> None:
    with pytest.raises(TypeError, match=f"a str or a sequence of str, not {type(endpoints).__name__}"):
        Client(endpoints)


@pytest.mark.parametrize("part", ["then", "otherwise"])
def test_what_is_no_operation_is_refused_where_it_is_given(part: str) -> None:
    wrong: Any = "key"
    with Client("a:2379", metrics=None) as client, pytest.raises(TypeError, match=f"{part} takes Operation values"):
        getattr(client.txn(), part)(Get("key"), wrong)


def test_what_is_no_compare_is_refused_where_it_is_given() -> None:
    wrong: Any = Keys.prefix("key")
    with (
        Client("a:2379", metrics=None) as client,
        pytest.raises(TypeError, match="when takes Compare values, not Keys"),
    ):
        client.txn().when(wrong)
