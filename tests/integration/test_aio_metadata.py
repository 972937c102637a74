"""What a server is told beside an asyncio call, with and without an interceptor that writes into it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio

from etcdobs import AsyncClient
from etcdobs._wire import etcdserverpb as pb


class Told(grpc.GenericRpcHandler):
    """Answers every Range, and keeps what came with it."""

    def __init__(self) -> None:
        self.pairs: list[list[tuple[str, str | bytes]]] = []

    def service(self, handler_call_details: Any) -> Any:
        self.pairs.append([(key, value) for key, value in handler_call_details.invocation_metadata])

        async def answer(_request: bytes, _context: Any) -> bytes:
            return pb.RangeResponse().SerializeToString()

        handler: Callable[..., Any] = grpc.unary_unary_rpc_method_handler
        return handler(answer)


class Adding(grpc.aio.UnaryUnaryClientInterceptor):
    """Writes into the metadata that it is given, as instrumentations do."""

    async def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        metadata = client_call_details.metadata
        assert isinstance(metadata, grpc.aio.Metadata)
        assert metadata["client-api-version"]
        metadata.add("x-added", "1")
        return await continuation(client_call_details, request)


@asynccontextmanager
async def listening() -> AsyncGenerator[tuple[str, Told], None]:
    server, told = grpc.aio.server(), Told()
    server.add_generic_rpc_handlers((told,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}", told
    finally:
        await server.stop(None)


async def test_what_goes_with_a_call_arrives() -> None:
    async with listening() as (endpoint, told), AsyncClient(endpoint, require_leader=True, token="t") as client:
        await client.get("key")
        sent = dict(told.pairs[0])
        assert (sent["client-api-version"], sent["hasleader"], sent["token"]) == ("3.6.0", "true", "t")


async def test_what_an_interceptor_adds_goes_with_its_call_alone() -> None:
    async with listening() as (endpoint, told), AsyncClient(endpoint, interceptors=[Adding()]) as client:
        for _ in range(2):
            await client.get("key")
        added = [[value for key, value in pairs if key == "x-added"] for pairs in told.pairs]
        assert added == [["1"], ["1"]]
        assert all(dict(pairs)["client-api-version"] == "3.6.0" for pairs in told.pairs)
