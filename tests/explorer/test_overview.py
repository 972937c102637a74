"""The overview below the keys: where there is room, what it shows, and that it is only to be looked at."""

import pytest

from etcdobs_explorer.model.records import LeaseRecord
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import NARROW, WIDE, Shown, explorer

LEASE, MEMBER = "/services/api/10.0.0.1:8080", "● m1"


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway({b"/config/db": b'{"port": 5432}', b"plain": b"text"})


def below(shown: Shown) -> str:
    """The screen from the overview's first title on."""
    at = next((index for index, line in enumerate(shown.lines) if line.startswith(" 2 Leases ")), len(shown.lines))
    return "\n".join(shown.lines[at:])


@pytest.mark.parametrize("size", [(110, 34), (120, 40), WIDE], ids=str)
async def test_a_large_screen_shows_leases_members_and_events_below_the_keys(
    gateway: FakeGateway, size: tuple[int, int]
) -> None:
    async with explorer(gateway, size) as shown:
        await shown.see("3 leases · 1 within 10s", "━", "51m", MEMBER, "leader", "20 MiB", "0.4 ms", "1 down", "live")
        gateway.put(b"/config/db", b"changed")
        await shown.until(lambda: all(part in below(shown) for part in ("1 event ·", "PUT", "/config/db", "changed")))
        assert len(below(shown).splitlines()) < size[1] / 2


@pytest.mark.parametrize("size", [NARROW, (109, 48), (160, 33)], ids=str)
async def test_a_smaller_screen_is_left_to_keys_and_value(gateway: FakeGateway, size: tuple[int, int]) -> None:
    async with explorer(gateway, size) as shown:
        await shown.see("config/", "plain", "live")
        assert below(shown) == ""
        await shown.press("o")
        await shown.see("the overview needs 110 columns")
        await shown.until(lambda: "children" in gateway.asked)
        assert "lease_ids" not in gateway.asked, "what nobody sees is not read"


async def test_it_comes_and_goes_with_the_size(gateway: FakeGateway) -> None:
    async with explorer(gateway, NARROW) as shown:
        await shown.see("live")
        for number in range(30):
            gateway.put(b"/k%02d" % number, b"x")
        await shown.pilot.resize_terminal(*WIDE)
        await shown.see(LEASE, MEMBER, "30 events")
        await shown.until(lambda: "/k29" in below(shown))
        await shown.pilot.resize_terminal(*NARROW)
        await shown.lose(MEMBER)
        await shown.see("config/", "31 keys below")


async def test_a_key_a_command_and_the_palette_turn_it_off_and_on(gateway: FakeGateway) -> None:
    async with explorer(gateway, WIDE) as shown:
        await shown.see(LEASE)
        await shown.press("o")
        await shown.lose(LEASE)
        await shown.press("colon", *"overview", "enter")
        await shown.see(LEASE)
        await shown.press("question_mark")
        await shown.see(":overview")


async def test_the_newest_event_stays_in_sight(gateway: FakeGateway) -> None:
    async with explorer(gateway, WIDE) as shown:
        await shown.see(LEASE, "live")
        for number in range(40):
            gateway.put(b"/k%02d" % number, b"x")
            if number % 10 == 9:
                await shown.until(lambda last=number: f"/k{last:02d}" in below(shown))  # type: ignore[misc]


async def test_the_first_leases_stay_in_sight_when_others_come_before_them(gateway: FakeGateway) -> None:
    async with explorer(gateway, WIDE) as shown:
        await shown.see(LEASE)
        gateway.leases_held = [LeaseRecord(1, 60, 50, 1, b"/the-first"), *gateway.leases_held]
        await shown.press("r")
        await shown.see("/the-first", LEASE)


async def test_tab_goes_from_the_keys_to_the_value_and_back(gateway: FakeGateway) -> None:
    async with explorer(gateway, WIDE) as shown:
        await shown.see(LEASE)
        focused = []
        for _ in range(3):
            assert shown.app.focused is not None
            focused.append(shown.app.focused.id)
            await shown.press("tab")
        assert focused == ["keys", "value", "keys"]


async def test_zoom_takes_its_room_too(gateway: FakeGateway) -> None:
    async with explorer(gateway, WIDE) as shown:
        await shown.see(LEASE)
        await shown.press("z")
        await shown.lose(LEASE)
        await shown.press("escape")
        await shown.see(LEASE)


@pytest.mark.parametrize(("name", "seen"), [("leases", "GRANTED"), ("members", "VERSION"), ("watch", "REVISION")])
async def test_a_click_on_a_pane_opens_its_view(gateway: FakeGateway, name: str, seen: str) -> None:
    async with explorer(gateway, WIDE) as shown:
        await shown.see(LEASE, MEMBER)
        await shown.pilot.click(f"#brief-{name} BriefTable", offset=(2, 0))
        await shown.see(seen)


async def test_what_is_not_permitted_is_said_in_its_pane(gateway: FakeGateway) -> None:
    gateway.fail("lease_ids", reason=b"etcdserver: permission denied")
    async with explorer(gateway, WIDE) as shown:
        await shown.see("✗ etcdserver: permission denied", MEMBER, "plain")


async def test_the_address_of_the_metrics_is_shown_with_the_calls_and_in_the_help(gateway: FakeGateway) -> None:
    url = "http://[::1]:9464/metrics"
    async with explorer(gateway, WIDE, metrics_url=url) as shown:
        await shown.press("5")
        await shown.see(f" Traffic  {url} ", "10 calls")
        await shown.press("1", "question_mark", "G")
        await shown.see("Metrics of this explorer's own calls", f"  {url}")


async def test_metrics_that_are_not_served_have_no_address(gateway: FakeGateway) -> None:
    async with explorer(gateway, WIDE) as shown:
        await shown.press("question_mark")
        await shown.see("Esc closes")
        assert "Metrics" not in shown.text
