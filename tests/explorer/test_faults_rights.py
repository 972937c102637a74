"""Tokens that end, passwords that change, and a store that is full: what is said, and what ends it."""

from collections.abc import Iterator

import pytest

from etcdobs import Client, NoSpaceError
from etcdobs.testing import Etcd, etcd
from etcdobs_explorer.model.contexts import Context, Password, Source
from tests.explorer.faults import comes, goes
from tests.explorer.gateways import gateway_of
from tests.explorer.screens import NARROW, WIDE, explorer
from tests.explorer.test_frame import visiting
from tests.full_store import fill_blocking
from tests.waiting import QUICK


@pytest.fixture
def guarded() -> Iterator[Etcd]:
    flags = (*QUICK, "--auth-token-ttl=2", "--bcrypt-cost=4")
    with etcd(root_password="right", flags=flags) as server:
        yield server


def change_password(server: Etcd, before: str, after: str) -> None:
    with Client(server.endpoint, username="root", password=before) as client:
        client.auth.user_change_password("root", after)


def context_of(server: Etcd) -> Context:
    password = Password(Source.COMMAND, "echo right")
    return Context("prod", endpoints=(server.endpoint,), user="root", password=password)


class TestToken:
    async def test_one_that_ends_is_renewed_unseen(self, guarded: Etcd) -> None:
        with Client(guarded.endpoint, username="root", password="right") as client:
            client.put("one", "1")
            client.put("two", "2")
            async with visiting(context_of(guarded), size=WIDE) as shown:
                await shown.see("one", "live")
                await shown.pilot.pause(3.2)  # the token's two seconds, and the second that etcd reckons by
                await shown.go_to(b"two")
                await comes(shown, "as", "version 1", "live")
                client.put("three", "3")
                await comes(shown, "three")
                assert "authentication" not in shown.text

    async def test_a_password_that_was_changed_meanwhile(self, guarded: Etcd) -> None:
        async with visiting(context_of(guarded), size=NARROW) as shown:
            await shown.see("no keys", "live")
            change_password(guarded, "right", "other")
            await shown.press("r")
            await comes(shown, "user root at", "✗ authentication failed")
            await shown.press("escape")
            await comes(shown, "✗ authentication failed for", ":password", " stale ")
            await shown.press("colon", *"password", "enter")
            await shown.see("user root at")
            await shown.press(*"other", "enter")
            await goes(shown, "authentication failed")
            await comes(shown, "no keys", "live")
            assert " stale " not in shown.text

    async def test_one_that_is_put_right_on_the_server_needs_no_word(self, guarded: Etcd) -> None:
        async with visiting(context_of(guarded), size=NARROW) as shown:
            await shown.see("no keys", "live")
            change_password(guarded, "right", "other")
            await shown.press("r")
            await comes(shown, "user root at")
            await shown.press("escape")
            await comes(shown, "✗ authentication failed for")
            change_password(guarded, "other", "right")
            await goes(shown, "authentication failed")
            await comes(shown, "no keys", "live")


@pytest.fixture
def full() -> Iterator[Etcd]:
    with etcd(flags=(*QUICK, "--quota-backend-bytes=65536")) as server:
        with Client(server.endpoint) as client:
            client.put("k", "old")
            with pytest.raises(NoSpaceError):
                fill_blocking(client)
        yield server


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
async def test_a_store_that_is_full(full: Etcd, size: tuple[int, int]) -> None:
    async with gateway_of(full.endpoint) as gateway, explorer(gateway, size) as shown:
        await shown.go_to(b"k")
        await comes(shown, "✗ no space for", "old")
        await shown.press("e")
        await shown.see("Ctrl+S shows the plan")
        await shown.press("f7", "delete", *"new", "ctrl+s")
        await shown.see("Enter applies")
        await shown.press("enter")
        await comes(shown, "✗ failed", "database space exceeded", "not applied")
        await shown.press("enter", "3")
        await comes(shown, "1 alarm", " NOSPACE ")
        with Client(full.endpoint) as client:
            client.maintenance.disarm()
        await goes(shown, "no space for")
        await goes(shown, "NOSPACE")


async def test_an_alarm_that_is_raised_meanwhile_is_soon_at_its_member() -> None:
    with etcd(flags=(*QUICK, "--quota-backend-bytes=65536")) as server:
        async with gateway_of(server.endpoint) as gateway, explorer(gateway, WIDE) as shown:
            await shown.press("3")
            await shown.see("1 member")
            with Client(server.endpoint) as client, pytest.raises(NoSpaceError):
                fill_blocking(client)
            await comes(shown, "✗ no space for", "1 alarm", " NOSPACE ")
