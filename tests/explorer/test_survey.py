"""What is told of a directory under the cursor: what is in it, the largest first, and which keys changed last."""

import pytest

from etcdobs import Client
from etcdobs_explorer.gateway import EtcdGateway
from etcdobs_explorer.model.directory import Directory, Loading
from etcdobs_explorer.model.records import ChildRecord, EventRecord, FailureKind, KeyRevision, Sampled
from etcdobs_explorer.model.survey import Survey, contents, survey
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import WIDE, explorer


def sampled(*keys: bytes, count: int = 0) -> Survey:
    held = tuple(KeyRevision(key, 10 + at) for at, key in enumerate(keys))
    return survey(b"/d/", b"/", Sampled(count or len(keys), held))


class TestModel:
    def test_all_of_a_small_directory_is_known(self) -> None:
        found = sampled(b"/d/", b"/d/a/1", b"/d/a/2", b"/d/k")
        assert found.children == (
            ChildRecord(b"/d/", False),
            ChildRecord(b"/d/a/", True, 2),
            ChildRecord(b"/d/k", False),
        )
        assert (found.newest, found.oldest) == (KeyRevision(b"/d/k", 13), KeyRevision(b"/d/", 10))
        assert (found.is_whole, found.cut) == (True, b"")

    def test_of_a_large_one_it_is_said_what_was_not_counted_to_its_end(self) -> None:
        found = sampled(b"/d/a/1", b"/d/b/1", b"/d/b/2", count=9)
        assert (found.is_whole, found.cut) == (False, b"/d/b/")
        assert found.newest is found.oldest is None
        held = contents(Directory(b"/d/"), found, 5)
        assert held.shown[0] == ChildRecord(b"/d/b/", True, 2)
        assert not held.is_all

    def test_an_empty_one_has_nothing(self) -> None:
        assert contents(Directory(b"/d/"), sampled(), 5).shown == ()

    def test_events_tell_what_changed_last(self) -> None:
        found = sampled(b"/d/a", b"/d/b").heard(
            [
                EventRecord(False, False, b"/d/a", b"", 0, 50),
                EventRecord(True, False, b"/d/b", b"", 0, 51),
                EventRecord(False, True, b"/elsewhere", b"", 0, 52),
            ]
        )
        assert (found.newest, found.is_outdated) == (KeyRevision(b"/d/a", 50), True)
        assert not sampled(b"/d/a").heard([EventRecord(False, False, b"/d/a", b"", 0, 50)]).is_outdated

    def test_what_the_tree_holds_goes_before_the_survey_and_the_rest_is_counted(self) -> None:
        directory = Directory(b"/d/", loading=Loading.DONE)
        children = [ChildRecord(b"/d/%d/" % n, True, n) for n in range(8)]
        children += [ChildRecord(b"/d/k%d" % n, False) for n in (1, 2)]
        directory.received(children, fresh=True)
        held = contents(directory, sampled(b"/d/old"), 3)
        assert [child.below for child in held.shown] == [7, 6, 5]
        assert (held.directories, held.keys, held.is_all) == (5, 2, True)

    def test_of_very_many_the_first_are_shown_and_all_are_counted(self) -> None:
        directory = Directory(b"/d/", loading=Loading.DONE)
        directory.received([ChildRecord(b"/d/%04d" % n, False) for n in range(5_000)], fresh=True)
        held = contents(directory, None, 3)
        assert [child.key for child in held.shown] == [b"/d/0000", b"/d/0001", b"/d/0002"]
        assert held.others == 4_997


class TestGateway:
    async def test_one_request_counts_and_samples(self, gateway: EtcdGateway, client: Client) -> None:
        for number in range(3):
            client.put(f"survey/{number}", "")
        changed = client.put("survey/1", "again").header.revision
        found = await gateway.sample(b"survey/")
        assert found.count == 3
        assert [each.key for each in found.keys] == [b"survey/0", b"survey/1", b"survey/2"]
        assert found.keys[1].mod_revision == changed


PAIRS = {b"big/%02d" % n: b"" for n in range(20)} | {b"small/deep/x": b"", b"small/y": b""}


class TestScreen:
    async def test_a_directory_shows_what_is_in_it_and_leads_there(self) -> None:
        async with explorer(FakeGateway(PAIRS), WIDE) as shown:
            await shown.go_to(b"small")
            await shown.see(
                "Directory", "2 keys below", "1 directory and 1 key right in it", "last change", "w watch it"
            )
            assert "━" in shown.line("deep/  ")
            await shown.press("tab", *["j"] * 5, "enter")
            await shown.until(lambda: shown.app.state.selection.key == b"small/deep/")

    async def test_it_follows_the_server_without_being_opened(self) -> None:
        gateway = FakeGateway(PAIRS)
        async with explorer(gateway, WIDE) as shown:
            await shown.go_to(b"small")
            await shown.see("w watch it", "live")
            gateway.put(b"small/born", b"")
            await shown.see("born", "3 keys below")

    async def test_what_does_not_fit_is_counted(self) -> None:
        pairs = {b"d/%03d" % n: b"" for n in range(100)} | {b"e/x": b""}
        async with explorer(FakeGateway(pairs), WIDE) as shown:
            await shown.go_to(b"d")
            await shown.see("100 keys right in it", "… 76 keys more")

    async def test_nothing_is_offered_that_would_be_refused(self) -> None:
        async with explorer(FakeGateway(PAIRS), WIDE, read_only=True) as shown:
            await shown.go_to(b"small")
            await shown.see("w watch it")
            assert "delete all of it" not in shown.text

    @pytest.mark.parametrize("kind", [FailureKind.DENIED, FailureKind.UNREACHABLE])
    async def test_a_directory_that_cannot_be_read_says_why(self, kind: FailureKind) -> None:
        gateway = FakeGateway(PAIRS)
        gateway.fail("sample", kind=kind, reason=b"no such luck")
        async with explorer(gateway, WIDE) as shown:
            await shown.go_to(b"small")
            await shown.see("no such luck")
