"""A compaction while the past is looked at: it says where the floor is, and nothing that is read now suffers."""

import pytest

from etcdobs import Client
from etcdobs_explorer.gateway import EtcdGateway
from etcdobs_explorer.gateway import history as gateway_history
from etcdobs_explorer.model import changes
from etcdobs_explorer.model.changes import EntryFailed, WatchFailed
from etcdobs_explorer.model.records import FailureKind
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.trouble import Trouble
from tests.explorer.faults import comes
from tests.explorer.screens import NARROW, WIDE, Shown, explorer


async def travel(shown: Shown, revision: int) -> None:
    shown.app.action_verb_key("colon")
    await shown.pilot.pause()
    shown.app.screen.query_one("Prompt Input").value = f"at {revision}"  # type: ignore[attr-defined]
    await shown.press("enter")
    await shown.see(f"as of revision {revision}")


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
async def test_while_the_tree_is_as_of_a_revision(gateway: EtcdGateway, client: Client, size: tuple[int, int]) -> None:
    client.put("a/x", "then")
    client.put("b/x", "then")
    client.put("k", "then")
    then = client.put("last", "then").revision
    client.put("a/y", "now")
    floor = client.put("k", "now").revision
    async with explorer(gateway, size) as shown:
        await shown.see("live", "last")
        await travel(shown, then)
        client.compact(floor)
        await shown.go_to(b"k")
        await comes(shown, f"revision {then} was compacted: the oldest that can be read is {floor}")
        await shown.go_to(b"a")
        await shown.press("enter")
        await comes(shown, f"✗ revision {then} was compacted")
        await shown.press("r")
        await comes(shown, f"✗ revision {then} was compacted")
        assert "✗ compacted for" not in shown.text
        await shown.press("T")
        await comes(shown, "live")
        await shown.go_to(b"k")
        await comes(shown, "now", "version 2")
        await shown.lose("was compacted")


async def test_while_a_history_is_open(gateway: EtcdGateway, client: Client) -> None:
    revisions = [client.put("k", f"value {number}").revision for number in range(6)]
    async with explorer(gateway, WIDE) as shown:
        await shown.go_to(b"k")
        await shown.press("H")
        await shown.see("6 revisions", "complete", "+ value 5")
        client.compact(revisions[4])
        await shown.press("j", "j", "j")
        await comes(shown, "2 revisions", f"compacted up to {revisions[4]}", "4 older versions gone")
        assert "✗ compacted for" not in shown.text


async def test_while_a_large_history_is_walked_back_through(
    gateway: EtcdGateway, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_history, "_LARGEST", 1)
    monkeypatch.setattr("etcdobs_explorer.feeds.history.PAGE", 2)
    revisions = [client.put("k", f"value {number}").revision for number in range(6)]
    async with explorer(gateway, WIDE) as shown:
        await shown.go_to(b"k")
        await shown.press("H")
        await shown.see("2 revisions", "Enter loads older ones")
        client.compact(revisions[4])
        await shown.press("G", "enter")
        await comes(shown, "2 revisions", f"compacted up to {revisions[4]}", "4 older versions gone")


def test_a_read_of_the_past_says_nothing_of_the_watch() -> None:
    state, reason = State("here"), b"etcdserver: mvcc: required revision has been compacted"
    changes.note(EntryFailed(b"k", reason), state, 1.0)
    assert Trouble.COMPACTED not in state.connection.troubles
    changes.note(WatchFailed(FailureKind.OTHER, reason, history_start=7), state, 1.0)
    assert Trouble.COMPACTED in state.connection.troubles
