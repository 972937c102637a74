"""What fails in the background for a reason that no rule foresees is told to whoever waits for it."""

import pytest

from etcdobs import Client, InternalError
from etcdobs.testing import Etcd, etcd
from tests.conftest import OpenClient
from tests.waiting import QUICK


class Password:
    """A password that can be asked for once only."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        if self.asked > 1:
            raise LookupError("the vault is sealed")
        return "secret"


async def test_a_watch_says_that_its_password_could_not_be_had(
    open_client: OpenClient, caplog: pytest.LogCaptureFixture
) -> None:
    with etcd(root_password="secret", flags=[*QUICK, "--bcrypt-cost=4", "--auth-token-ttl=1"]) as server:
        opened = open_client(server.endpoint, username="root", password=Password())
        async with opened as client, client.watch("/k") as watcher:
            _restart(server)
            with pytest.raises(InternalError, match="the vault is sealed"):
                await watcher.get(timeout=20)
    assert "a background stream failed" in caplog.text


def _restart(server: Etcd) -> None:
    """The stream that is opened again needs another token: a changed password ends those that etcd 3.4 would keep."""
    with Client(server.endpoint, username="root", password="secret") as root:
        root.auth.user_change_password("root", "another")
    server.kill()
    server.start()
