"""A value changed in the reader's own editor: what that leaves is planned, and its failures are told."""

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from etcdobs import Client
from etcdobs_explorer.gateway import EtcdGateway
from tests.explorer.screens import Shown, explorer
from tests.explorer.test_changes_screens import SIZE, at, value

Edited = Callable[[str, str], contextlib.AbstractAsyncContextManager[Shown]]


@pytest.fixture
def edited(gateway: EtcdGateway, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Edited:
    """`edited(value, script)`: an explorer that has opened that script as $EDITOR on the key `k`."""

    @contextlib.asynccontextmanager
    async def opened(value: str, script: str) -> AsyncIterator[Shown]:
        path = tmp_path / "editor"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.setenv("EDITOR", str(path))
        client.put("k", value)
        async with explorer(gateway, SIZE) as shown:
            monkeypatch.setattr(shown.app, "suspend", contextlib.nullcontext)
            await at(shown, b"k")
            await shown.press("E")
            yield shown

    return opened


async def test_what_the_editor_leaves_is_planned(edited: Edited, client: Client) -> None:
    async with edited("old", "echo new > $1") as shown:
        await shown.see("+ new", "Enter applies")
        await shown.press("enter")
        await shown.see("✓ done")
    assert value(client, "k") == b"new"


async def test_what_is_no_json_any_more_can_be_mended(edited: Edited, client: Client) -> None:
    async with edited('{"a": 1}', "printf '{\"a\": ' > $1") as shown:
        await shown.see("no JSON", "Ctrl+S")
        await shown.press("ctrl+end", *"2}", "ctrl+s")
        await shown.see("Enter applies")
    assert value(client, "k") == b'{"a": 1}'


async def test_an_editor_that_fails(edited: Edited, monkeypatch: pytest.MonkeyPatch) -> None:
    async with edited("old", "exit 3") as shown:
        await shown.see("ended with 3")
        monkeypatch.setenv("EDITOR", "/nowhere/ed")
        await shown.press("E")
        await shown.see("No such file")
