"""What a server is told of the client that calls it."""

from collections.abc import Iterator
from concurrent import futures

import grpc
import pytest

import etcdobs
from etcdobs.errors import UnimplementedError
from tests.conftest import OpenClient


class Listener(grpc.GenericRpcHandler):
    """Knows no method, and remembers the headers of whoever asks for one."""

    def __init__(self) -> None:
        self.headers: dict[str, str | bytes] = {}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> None:
        self.headers = dict(handler_call_details.invocation_metadata)


@pytest.fixture
def listener() -> Iterator[tuple[Listener, str]]:
    listening = Listener()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1), handlers=[listening])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield listening, f"127.0.0.1:{port}"
    server.stop(grace=None).wait()


async def test_the_library_names_itself_and_its_version(
    open_client: OpenClient, listener: tuple[Listener, str]
) -> None:
    listening, endpoint = listener
    async with open_client(endpoint) as client:
        with pytest.raises(UnimplementedError):
            await client.get("k")
    own, transport, *_ = str(listening.headers["user-agent"]).split()
    assert own == f"etcdobs/{etcdobs.__version__}"
    assert transport.startswith("grpc-python")
    assert listening.headers["client-api-version"]
