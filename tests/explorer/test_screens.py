"""What the reader sees and does, on a small screen and on a large one; the cluster is in memory."""

import asyncio

import pytest

from etcdobs_explorer.model.records import EventRecord, FailureKind
from etcdobs_explorer.tui.resources import RESOURCES
from etcdobs_explorer.tui.verbs import VERBS
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import NARROW, WIDE, explorer

PAIRS = {
    b"/config/db": b'{"host": "db.internal", "port": 5432}',
    b"/config/flags": b"debug: true\nlevel: 3\n",
    b"/services/api": b"leaf",
    b"/services/api/1": b"10.0.0.1",
    b"/services/api/2": b"10.0.0.2",
    b"/services/web": b"",
    b"plain": b"no separator",
}


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway(PAIRS)


@pytest.mark.parametrize(("size", "theme"), [(NARROW, "dark"), (WIDE, "light")], ids=["80x24", "160x48"])
class TestEverySize:
    async def test_keys_and_value(self, gateway: FakeGateway, size: tuple[int, int], theme: str) -> None:
        async with explorer(gateway, size, theme=theme) as shown:
            await shown.see("config/", "services/", "plain", "live")
            await shown.go_to(b"config")
            await shown.press("enter")
            await shown.go_to(b"db")
            await shown.see('"host": "db.internal"', "JSON", "mod 1,234", "version 3", "694d7a1b2c3d4e01")

    async def test_header_and_status(self, gateway: FakeGateway, size: tuple[int, int], theme: str) -> None:
        async with explorer(gateway, size, theme=theme, read_only=True) as shown:
            await shown.see("test-cluster", "revision 12,345", " RO ")
            assert all(part in shown.line("leader") for part in ("127.0.0.1:2379", "m1", "20 MiB"))

    async def test_leases(self, gateway: FakeGateway, size: tuple[int, int], theme: str) -> None:
        async with explorer(gateway, size, theme=theme) as shown:
            await shown.press("2")
            await shown.see("694d7a1b2c3d4e01", "/services/api/10.0.0.1:8080", "━", "no keys", "3 leases")

    async def test_members(self, gateway: FakeGateway, size: tuple[int, int], theme: str) -> None:
        async with explorer(gateway, size, theme=theme) as shown:
            await shown.press("3")
            await shown.see("m1", "8e9e05c52164694d", "leader", "follower", "20 MiB", "down", "1 down")
            await shown.press("G")
            await shown.see("failed to connect: connection refused")

    async def test_watch(self, gateway: FakeGateway, size: tuple[int, int], theme: str) -> None:
        async with explorer(gateway, size, theme=theme) as shown:
            await shown.see("live")
            await shown.press("4")
            gateway.put(b"/config/db", b"changed")
            gateway.delete(b"plain")
            await shown.see("PUT", "/config/db", "changed", "DELETE", "plain", "12,347")

    async def test_calls(self, gateway: FakeGateway, size: tuple[int, int], theme: str) -> None:
        async with explorer(gateway, size, theme=theme) as shown:
            await shown.see("live")
            await shown.press("5")
            await shown.see("KV/Range", "Unavailable 2", "10 calls", "2 errors")

    async def test_help(self, gateway: FakeGateway, size: tuple[int, int], theme: str) -> None:
        async with explorer(gateway, size, theme=theme) as shown:
            await shown.press("question_mark")
            await shown.see("Moving", "Esc closes")
            await shown.press("escape")
            await shown.lose("Esc closes")


class TestKeys:
    async def test_the_first_paint_does_not_wait_for_the_server(self, gateway: FakeGateway) -> None:
        answered = asyncio.Event()
        status = gateway.status

        async def slow() -> object:
            await answered.wait()
            return await status()

        gateway.status = slow  # type: ignore[assignment,method-assign]
        async with explorer(gateway) as shown:
            await shown.see("connecting to test-cluster")
            answered.set()
            await shown.see("config/")

    async def test_changes_on_the_server_appear_and_the_place_is_kept(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.go_to(b"services")
            gateway.put(b"/aaa", b"x")
            gateway.put(b"/zzz", b"x")
            await shown.see("aaa", "zzz")
            assert shown.app.screen.query_one("#keys").current.name == b"services"  # type: ignore[attr-defined]
            gateway.delete(b"/aaa")
            await shown.lose("aaa")

    async def test_the_line_on_the_screen_is_kept_in_a_long_list(self) -> None:
        gateway = FakeGateway({b"k%04d" % number: b"" for number in range(0, 1000, 2)})
        async with explorer(gateway) as shown:
            await shown.go_to(b"k0500")
            before = [index for index, line in enumerate(shown.lines) if "k0500" in line]
            gateway.put(b"k0001", b"x")
            await shown.until(lambda: len(shown.app.state.tree.rows) == 501)
            await shown.until(lambda: [i for i, line in enumerate(shown.lines) if "k0500" in line] == before)

    async def test_the_shown_value_follows_the_server(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.go_to(b"plain")
            await shown.see("no separator")
            gateway.put(b"plain", b"another value")
            await shown.see("another value")

    async def test_key_and_directory_of_one_name_have_a_row_each(self, gateway: FakeGateway) -> None:
        async with explorer(gateway, WIDE) as shown:
            await shown.go_to(b"services")
            await shown.press("right")
            await shown.see("  api ", "api/")
            await shown.press("down")
            await shown.see("leaf")

    async def test_left_goes_up_and_closes(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.go_to(b"config")
            await shown.press("l", "l")
            await shown.see("flags")
            await shown.press("h", "h")
            await shown.until(lambda: not shown.has_row(b"flags"))

    async def test_a_directory_is_loaded_up_to_a_cap_and_on_enter_further(self) -> None:
        gateway = FakeGateway({b"k%05d" % number: b"" for number in range(5_010)})
        async with explorer(gateway) as shown:
            await shown.until(lambda: len(shown.app.state.tree.rows) == 5_001)
            await shown.press("G")
            await shown.see("5,000 shown of 5,010 keys below")
            await shown.press("enter")
            await shown.until(lambda: len(shown.app.state.tree.rows) == 5_010)

    async def test_the_filter_works_while_it_is_typed_and_escape_takes_it_away(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.see("config/")
            await shown.press("slash", *"serv")
            await shown.until(lambda: not shown.has_row(b"config"))
            await shown.press("enter")
            await shown.see("services/", "filter serv")
            await shown.press("escape")
            await shown.see("config/")

    async def test_another_root(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.see("config/")
            await shown.press("colon", *"keys /services/", "enter")
            await shown.see("  web")
            await shown.lose("config/")

    async def test_enter_goes_to_the_value_and_escape_back(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.go_to(b"plain")
            await shown.press("enter")
            assert shown.app.focused is not None
            assert shown.app.focused.id == "value"
            await shown.press("escape")
            assert shown.app.focused.id == "keys"

    async def test_zoom_gives_the_value_the_screen(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.go_to(b"plain")
            await shown.press("tab", "z")
            await shown.lose("config/")
            await shown.press("escape")
            await shown.see("config/")

    async def test_copy_goes_to_the_clipboard(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.go_to(b"plain")
            await shown.see("no separator")
            await shown.press("y")
            assert shown.app.clipboard == "plain"
            await shown.press("Y")
            assert shown.app.clipboard == "no separator"


class TestWatch:
    async def test_a_pause_counts_what_waits(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.see("live")
            await shown.press("4", "p")
            gateway.put(b"/new", b"x")
            gateway.put(b"/new", b"y")
            await shown.see("paused · 2 waiting")
            assert "/new" not in shown.text
            await shown.press("p")
            await shown.see("/new")

    async def test_the_newest_stays_in_sight_until_the_reader_moves(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.see("live")
            await shown.press("4")
            for number in range(40):
                gateway.put(b"/k%02d" % number, b"x")
            await shown.see("/k39")
            await shown.press("k")
            gateway.put(b"/k40", b"x")
            await shown.see("41 events")
            assert "/k40" not in shown.text
            await shown.press("f")
            await shown.see("/k40")

    async def test_a_flood_is_bounded_and_what_is_dropped_is_counted(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.see("live")
            await shown.press("4")
            gateway.tell(EventRecord(False, False, b"/k", b"v", 1, n) for n in range(25_000))
            await shown.see("25,000 events", "15,000 dropped")

    async def test_the_filter(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.see("live")
            await shown.press("4", "slash", *"web", "enter")
            gateway.put(b"/services/web", b"x")
            gateway.put(b"/services/api", b"x")
            await shown.see("/services/web")
            assert "/services/api" not in shown.text


class TestFailures:
    async def test_without_a_first_answer_the_explorer_waits_for_the_cluster(self, gateway: FakeGateway) -> None:
        gateway.fail("status", "children", "watch", "members")
        async with explorer(gateway) as shown:
            await shown.see("connection lost for", "connection refused", " stale ")
            gateway.mend()
            await shown.press("r")
            await shown.see("config/")
            await shown.lose("connection lost")

    async def test_a_lost_connection_is_said_views_go_stale_and_recover(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.see("config/")
            gateway.fail("status", "members", reason=b"connection \x1b[31mrefused")
            await shown.press("r")
            await shown.see("connection lost", "connection \\x1b[31mrefused", " stale ", "config/")
            gateway.pairs[b"/while-away"] = b"x"
            gateway.mend()
            await shown.press("r")
            await shown.lose("connection lost")
            await shown.see("while-away")
            assert " stale " not in shown.text

    async def test_what_is_not_permitted_is_said_in_its_panel_alone(self, gateway: FakeGateway) -> None:
        reason = b"etcdserver: permission denied"
        gateway.fail("children", "watch", "lease_ids", kind=FailureKind.DENIED, reason=reason)
        async with explorer(gateway) as shown:
            await shown.see("etcdserver: permission denied", "not live")
            await shown.press("2")
            await shown.see("✗ etcdserver: permission denied")
            await shown.press("3")
            await shown.see("m1")
            await shown.press("4")
            await shown.see("✗ etcdserver: permission denied")

    async def test_a_refused_directory_is_read_again_on_enter(self, gateway: FakeGateway) -> None:
        gateway.fail("children")
        async with explorer(gateway) as shown:
            await shown.see("✗ connection refused")
            gateway.mend()
            await shown.press("enter")
            await shown.see("config/")

    async def test_a_key_that_goes_while_it_is_looked_at(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.go_to(b"plain")
            await shown.see("no separator")
            gateway.delete(b"plain")
            await shown.lose("no separator")


class TestCommands:
    @pytest.mark.parametrize(("typed", "seen"), [("members", "ROLE"), ("l", "REMAINING"), ("events", "REVISION")])
    async def test_views_by_name_and_alias(self, gateway: FakeGateway, typed: str, seen: str) -> None:
        async with explorer(gateway) as shown:
            await shown.press("colon", *typed, "enter")
            await shown.see(seen)
            await shown.press("minus")
            await shown.see("config/")

    async def test_tab_completes(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.see("config/")
            await shown.press("colon", *"mem")
            await shown.see("members")
            await shown.press("tab", "enter")
            await shown.see("ROLE")

    async def test_an_unknown_command_says_so(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.press("colon", *"[/x]", "enter")
            await shown.see("no command '[/x]' here")

    async def test_a_theme_by_name(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.press("colon", *"theme light", "enter")
            await shown.until(lambda: shown.app.theme == "etcdobs-light")

    @pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
    async def test_leaving(self, gateway: FakeGateway, key: str) -> None:
        async with explorer(gateway) as shown:
            await shown.see("config/")
            await shown.press(key)
            await shown.until(lambda: not shown.app.is_running)
            assert shown.app.return_value is None

    async def test_the_palette_knows_the_verbs(self, gateway: FakeGateway) -> None:
        async with explorer(gateway, WIDE) as shown:
            await shown.see("config/")
            await shown.press("ctrl+p", *"members")
            await shown.see("members: role")

    def test_no_key_means_two_things_in_one_view(self) -> None:
        for view in (resource.name for resource in RESOURCES):
            keys = [verb.key for verb in VERBS if verb.key and verb.holds_in(view)]
            names = [name for verb in VERBS if verb.holds_in(view) for name in (verb.name, *verb.aliases)]
            assert len(keys) == len(set(keys))
            assert len(names) == len(set(names))
