"""What every screen owes the reader: heads above columns, a reason where nothing is, no word cut off in the help."""

import pytest

from etcdobs_explorer.model import units
from etcdobs_explorer.tui.columns import meter
from etcdobs_explorer.tui.verbs import VERBS
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import NARROW, WIDE, explorer

POD = (
    b'{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "prod", "creationTimestamp": "%s"}}'
)
OBJECTS = {b"/registry/pods/web": POD % b"2020-01-01T00:00:00Z", b"/other/key": b"v"}


class TestObjects:
    async def test_columns_have_a_head_that_stands_above_them(self) -> None:
        async with explorer(FakeGateway(OBJECTS), WIDE) as shown:
            await shown.go_to(b"registry")
            assert "NAMESPACE" not in shown.text
            await shown.press("right", "down", "right")
            await shown.see("KIND", "Pod")
            head, row = shown.line("KIND"), shown.line(" Pod ")
            assert head.index("KIND") == row.index("Pod")
            assert head.index("AGE") + len("AGE") == row.index("d ", row.index("Pod") + 4) + 1
            await shown.press("left", "left")
            await shown.lose("KIND")

    def test_an_age_fits_its_column(self) -> None:
        ages = [units.duration(days * 86_400 + 3_599) for days in (0, 1, 99, 100, 4_000)]
        assert ages == ["59m59s", "1d00h", "99d00h", "100d", "4,000d"]


class TestMeter:
    @pytest.mark.parametrize(
        ("part", "drawn"), [(0.0, "    "), (0.001, "╸   "), (0.5, "━━  "), (0.6, "━━╸ "), (1.0, "━━━━"), (7.0, "━━━━")]
    )
    def test_it_is_as_long_as_its_share(self, part: float, drawn: str) -> None:
        assert meter(part, 4) == drawn


class TestNothing:
    @pytest.mark.parametrize("view", ["2", "3", "5"])
    async def test_a_filter_that_nothing_passes_is_named_as_the_reason(self, view: str) -> None:
        async with explorer(FakeGateway(OBJECTS)) as shown:
            await shown.press(view, "slash", *"zzz", "enter")
            await shown.see("nothing passes the filter")

    async def test_without_a_key_there_is_no_difference_to_be_shown(self) -> None:
        async with explorer(FakeGateway(OBJECTS)) as shown:
            await shown.press("7")
            await shown.see("H on a key shows its history")
            await shown.lose("Difference")


class TestHelp:
    @pytest.mark.parametrize("size", [NARROW, WIDE])
    async def test_every_word_of_it_can_be_read(self, size: tuple[int, int]) -> None:
        async with explorer(FakeGateway(OBJECTS), size) as shown:
            await shown.press("question_mark")
            await shown.see("help: keys")
            seen = ""
            for _ in range(8):
                page = [line.split("│")[1] for line in shown.lines if line.count("│") > 1]
                assert not any("…" in line for line in page)
                seen += " ".join(" ".join(page).split()) + " "
                await shown.press("pagedown")
            for verb in VERBS:
                if verb.holds_in("keys"):
                    assert verb.help.split()[-1] in seen, verb.name


class TestKeyBar:
    async def test_what_changes_keys_is_named_where_it_is_narrow(self) -> None:
        async with explorer(FakeGateway(OBJECTS), NARROW) as shown:
            await shown.see("n new", "e edit", "? help", "q quit")
            assert "…" not in shown.lines[-1]
