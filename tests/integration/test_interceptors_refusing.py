"""A user's interceptor may refuse a call by an error of this library's: the rules of retries hold for it as well."""

from typing import Any

import grpc
import grpc.aio
import pytest

from etcdobs import AsyncClient, Client, UnavailableError
from etcdobs.testing import Etcd


class Refusing(grpc.UnaryUnaryClientInterceptor):
    """Refuses each second call."""

    def __init__(self) -> None:
        self.calls = 0

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        self.calls += 1
        if self.calls % 2 == 0:
            raise UnavailableError("refused here")
        return continuation(client_call_details, request)


class RefusingAio(grpc.aio.UnaryUnaryClientInterceptor):
    """The same of asyncio's calls."""

    def __init__(self) -> None:
        self.calls = 0

    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        self.calls += 1
        if self.calls % 2 == 0:
            raise UnavailableError("refused here")
        return await continuation(client_call_details, request)


def test_a_read_is_sent_again_and_a_write_says_that_its_outcome_is_not_known(etcd_server: Etcd, prefix: str) -> None:
    refusing = Refusing()
    with Client(etcd_server.endpoint, interceptors=[refusing]) as client:
        client.put(prefix, "first")
        with pytest.raises(UnavailableError, match="refused here") as raised:
            client.put(prefix, "second")
        assert raised.value.outcome_unknown
        assert raised.value.method == "etcdserverpb.KV/Put"
        for _ in range(3):
            found = client.get(prefix)
            assert found is not None
            assert found.value == b"first"
    assert refusing.calls == 2 + 5


async def test_so_does_an_awaited_one(etcd_server: Etcd, prefix: str) -> None:
    refusing = RefusingAio()
    async with AsyncClient(etcd_server.endpoint, interceptors=[refusing]) as client:
        await client.put(prefix, "first")
        with pytest.raises(UnavailableError, match="refused here") as raised:
            await client.put(prefix, "second")
        assert raised.value.outcome_unknown
        assert raised.value.method == "etcdserverpb.KV/Put"
        for _ in range(3):
            found = await client.get(prefix)
            assert found is not None
            assert found.value == b"first"
    assert refusing.calls == 2 + 5
