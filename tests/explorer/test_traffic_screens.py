"""The traffic and the calls as they are seen and used; then against a real server."""

from dataclasses import replace

import pytest

from etcdobs import Client
from etcdobs.testing import Etcd
from etcdobs_explorer.model.calls import OPEN, CallRecord
from etcdobs_explorer.model.samples import CALL_SECONDS
from tests.explorer.fake import FakeGateway
from tests.explorer.gateways import gateway_of
from tests.explorer.hostile import HOSTILE
from tests.explorer.screens import NARROW, WIDE, explorer
from tests.explorer.test_traffic import at, stream, unary

GET = CallRecord(
    1,
    1_790_000_000.25,
    "etcdserverpb.KV",
    "Range",
    keys=b"/app/config",
    line="etcdctl get /app/config",
    seconds=0.0021,
    code="OK",
    bytes_out=15,
    bytes_in=2_048,
    messages_out=1,
    messages_in=1,
    revision=12_345,
    endpoint=b"127.0.0.1:2379",
    member=b"m1",
    member_id=0x8E9E05C52164694D,
    trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
)
FAILED = replace(GET, number=2, keys=b"/gone", code="Unavailable", details=b"connection refused", trace_id="t2")
AGAIN = replace(FAILED, number=3, code="OK", details=b"", attempt=1, endpoint=b"127.0.0.1:2381", member=b"m2")
SLOW = replace(GET, number=4, method="Txn", keys=b"/slow", seconds=0.25, line="etcdctl txn <<'EOF'\n\n\nEOF")
POLL = replace(GET, number=5, service="etcdserverpb.Maintenance", method="Status", keys=b"", is_poll=True)
WATCH = replace(GET, number=6, method="Watch", keys=b"/w/*", code=OPEN, seconds=None, is_stream=True)
CALLS = [GET, FAILED, AGAIN, SLOW, POLL, WATCH]


@pytest.fixture
def gateway() -> FakeGateway:
    gateway = FakeGateway({b"/k": b"v"})
    gateway.calls_held = list(CALLS)
    return gateway


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
class TestEverySize:
    async def test_traffic(self, gateway: FakeGateway, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
        endpoint = "127.0.0.1:2379"
        samples = [
            *unary("Range", 1_000, {"OK": 998, "Unavailable": 2}, {"0.01": 998, "+Inf": 998}),
            *stream("Watch", 3, 1, 40),
            *at("KV/Range", endpoint, "OK", 998, {"0.01": 998, "+Inf": 998}),
        ]
        monkeypatch.setattr(gateway, "samples", lambda: samples)
        async with explorer(gateway, size) as shown:
            await shown.press("5")
            await shown.see("KV/Range", "Watch/Watch", "1,000 calls in all", "2 errors", "streams 2", "retries 0", "m1")
            await shown.press("x")
            await shown.see("▾ KV/Range")
            assert sum("m1" in line for line in shown.lines) >= 2
            await shown.press("x")
            await shown.lose("▾")
            if size == WIDE:  # where there is room, where its latencies lie
                await shown.press("G", "up")
                await shown.see("Latencies  KV/Range", "Calls a second")
                await shown.press("down")
                await shown.see("a stream has no latency", "Messages a second")

    async def test_calls(self, gateway: FakeGateway, size: tuple[int, int]) -> None:
        async with explorer(gateway, size) as shown:
            await shown.press("6")
            await shown.see("/app/config", "/gone", "250 ms", "5 calls", "1 error", "open")
            assert ("m2" in shown.line("/gone")) is (size == WIDE)
            if size == WIDE:
                assert "12,345" in shown.line("/app/config")
                assert "etcdctl get /app/config" in shown.line("/app/config")


class TestTraffic:
    async def test_enter_opens_a_row_and_w_chooses_the_window(
        self, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        samples = [*unary("Put", 5, {"OK": 5}), *at("KV/Put", "a:1", "OK", 5, {"+Inf": 5})]
        monkeypatch.setattr(gateway, "samples", lambda: samples)
        async with explorer(gateway) as shown:
            await shown.press("5")
            await shown.see("▸ ● a:1")
            await shown.press("enter")
            await shown.see("▾ ● a:1", "    KV/Put")
            await shown.press("w")
            await shown.see("the last 60 seconds")
            assert shown.app.state.traffic.window == 60.0

    async def test_hostile_names_are_inert(self, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
        samples = at("KV/Put", "a:1", "OK", 5, {"+Inf": 5})
        monkeypatch.setattr(gateway, "samples", lambda: samples)
        for name in (HOSTILE["title"], HOSTILE["markup"], HOSTILE["bidi"]):
            monkeypatch.setattr(gateway, "names", lambda name=name: {"a:1": name})
            async with explorer(gateway) as shown:
                await shown.press("5")
                await shown.see("● ")
                assert not any(char in shown.text for char in "\x1b\x07\u202e")


class TestCalls:
    async def test_words_filter(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.press("6")
            await shown.see("/app/config")
            await shown.press("s")
            await shown.see("/slow", "1 of 5 calls")
            await shown.lose("/app/config")
            await shown.press("s", "e")
            await shown.see("/gone", "1 of 5 calls", "filter errors")
            await shown.press("e", "o")
            await shown.see("4 of 5 calls", "filter !poll")
            await shown.press("escape")
            await shown.see("  5 calls")
            await shown.press("slash", *"slow:300ms", "enter")
            await shown.see("nothing passes the filter")

    async def test_a_call_in_full(self, gateway: FakeGateway) -> None:
        async with explorer(gateway, WIDE) as shown:
            await shown.press("6")
            await shown.see("/app/config")
            await shown.press("g", "j", "enter")
            await shown.see("2 attempts", "connection refused", "127.0.0.1:2379", "127.0.0.1:2381", "2,048 bytes")
            await shown.press("escape")
            await shown.lose("2 attempts")

    @pytest.mark.parametrize("in_dialog", [False, True])
    async def test_y_copies_the_etcdctl_line(self, gateway: FakeGateway, in_dialog: bool) -> None:
        async with explorer(gateway) as shown:
            await shown.press("6")
            await shown.see("/app/config")
            await shown.press("g", *(["enter"] if in_dialog else []), "y")
            await shown.see("copied etcdctl get /app/config")
            assert shown.app.clipboard == "etcdctl get /app/config"

    async def test_it_follows_its_end_until_the_reader_moves_away(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.press("6")
            await shown.see("/w/*")
            gateway.calls_held = [replace(GET, number=100 + n, keys=b"/new/%d" % n) for n in range(50)]
            await shown.see("/new/49")
            await shown.press("up")
            gateway.calls_held = [replace(GET, number=200, keys=b"/later")]
            await shown.see("56 calls")
            assert "/later" not in shown.text
            await shown.press("f")
            await shown.see("/later")

    async def test_pause_counts_what_waits_and_clear_forgets(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.press("6")
            await shown.see("5 calls")
            await shown.press("p")
            gateway.calls_held = [replace(GET, number=100, keys=b"/later")]
            await shown.see("paused · 1 waiting")
            assert "/later" not in shown.text
            await shown.press("p")
            await shown.see("/later")
            await shown.press("c")
            await shown.lose("/later")
            await shown.see("/w/*")

    async def test_hostile_calls_are_inert(self) -> None:
        gateway = FakeGateway()
        gateway.calls_held = [
            replace(GET, number=n, keys=raw, member=raw[:50], details=raw, code="Unknown", trace_id=f"t{n}")
            for n, raw in enumerate(HOSTILE.values(), 1)
        ]
        async with explorer(gateway, WIDE) as shown:
            await shown.press("6")
            await shown.see(f"{len(HOSTILE)} calls")
            assert not any(char in shown.text for char in "\x1b\x07\u202e\x9b")
            for name in ("title", "markup", "long"):
                shown.app.screen.query_one("#table").cursor = list(HOSTILE).index(name)  # type: ignore[attr-defined]
                await shown.press("enter")
                await shown.see("1 attempt")
                assert not any(char in shown.text for char in "\x1b\x07\u202e\x9b")
                await shown.press("escape")


class TestServer:
    async def test_what_the_explorer_does_is_seen(self, fresh_etcd: Etcd) -> None:
        with Client(fresh_etcd.endpoint) as client:
            client.put("/app/k", "v")
        async with gateway_of(fresh_etcd.endpoint) as gateway, explorer(gateway, WIDE) as shown:
            await shown.see("app")
            await shown.press("6")
            await shown.see("Maintenance/Status", "Watch/Watch", "etcdctl watch", "etcdctl get", "open")
            watch = shown.line("etcdctl watch")
            assert f"127.0.0.1:{fresh_etcd.port}" in watch or "default" in watch
            calls = shown.app.state.calls
            await shown.until(lambda: any(row.first.is_poll for row in calls.rows), "a repeated call")
            polls = {row.first.method for row in calls.rows if row.first.is_poll}
            assert not polls & {"Range", "Watch"}
            await shown.press("5")
            await shown.see("KV/Range", "Maintenance/Status", "● default", "streams 1")
            names = {sample.name for sample in gateway.samples()}
            assert f"{CALL_SECONDS}_count" in names
