"""A watch that is refused disturbs no other: not on servers either whose refusal silences the one that has id 0."""

from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from etcdobs import Keys, PermissionDeniedError
from etcdobs.testing import Etcd, etcd
from tests.conftest import OpenClient
from tests.served import watchers_on
from tests.waiting import QUICK, eventually, values

PASSWORD = "pw"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Etcd]:
    """One whose user `reader` may read below /free/ alone."""
    with etcd(root_password=PASSWORD, flags=QUICK) as server:
        server.etcdctl("user", "add", f"reader:{PASSWORD}")
        server.etcdctl("role", "add", "reading")
        server.etcdctl("role", "grant-permission", "reading", "--prefix=true", "read", "/free/")
        server.etcdctl("user", "grant-role", "reader", "reading")
        yield server


async def test_a_refusal_ends_its_own_watcher_and_the_others_go_on(
    open_client: OpenClient, guarded: Etcd, prefix: str
) -> None:
    async with AsyncExitStack() as stack:
        root = await stack.enter_async_context(open_client(guarded.endpoint, username="root", password=PASSWORD))
        client = await stack.enter_async_context(open_client(guarded.endpoint, username="reader", password=PASSWORD))
        watchers = [
            await stack.enter_async_context(client.watch(f"/free{prefix}{number}", start_revision=1))
            for number in range(5)
        ]
        for turn in range(3):
            with pytest.raises(PermissionDeniedError) as caught:
                await client.watch(Keys.prefix("/forbidden/"), start_revision=1).__aenter__()
            assert caught.value.method == "etcdserverpb.Watch/Watch"
            for number in range(5):
                await root.put(f"/free{prefix}{number}", str(turn))
            for watcher in watchers:
                assert await values(watcher, 1) == [str(turn)]
    await eventually(lambda: watchers_on(guarded) == 0)
