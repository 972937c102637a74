"""What the traffic view makes of the client's metrics: rates, errors and quantiles of the last seconds only."""

import pytest

from etcdobs_explorer.model.histogram import counts, difference, quantile
from etcdobs_explorer.model.records import Sample
from etcdobs_explorer.model.samples import CALL_SECONDS
from etcdobs_explorer.model.traffic import Traffic, TrafficRow
from etcdobs_explorer.tui.widgets.chart import chart

INF = float("inf")


def unary(method: str, started: int, codes: dict[str, int], buckets: dict[str, float] | None = None) -> list[Sample]:
    """What the library counts of a unary method."""
    labels = {"grpc_service": "etcdserverpb.KV", "grpc_method": method, "grpc_type": "unary"}
    return [
        Sample("grpc_client_started_total", labels, started),
        *(Sample("grpc_client_handled_total", labels | {"grpc_code": c}, n) for c, n in codes.items()),
        *(Sample("grpc_client_handling_seconds_bucket", labels | {"le": le}, n) for le, n in (buckets or {}).items()),
    ]


def stream(method: str, started: int, handled: int, received: int) -> list[Sample]:
    """What the library counts of a stream."""
    labels = {"grpc_service": "etcdserverpb.Watch", "grpc_method": method, "grpc_type": "bidi_stream"}
    return [
        Sample("grpc_client_started_total", labels, started),
        Sample("grpc_client_handled_total", labels | {"grpc_code": "OK"}, handled),
        Sample("grpc_client_msg_received_total", labels, received),
        Sample("grpc_client_handling_seconds_bucket", labels | {"le": "+Inf"}, handled),
    ]


def at(method: str, endpoint: str, code: str, count: int, buckets: dict[str, float]) -> list[Sample]:
    """What the explorer counts of a method at an endpoint."""
    labels = {"method": method, "endpoint": endpoint, "code": code}
    return [
        *(Sample(f"{CALL_SECONDS}_bucket", labels | {"le": le}, number) for le, number in buckets.items()),
        Sample(f"{CALL_SECONDS}_count", labels, count),
    ]


def row(traffic: Traffic, method: str, endpoint: str = "") -> TrafficRow:
    return next(row for row in traffic.rows if (row.method, row.endpoint) == (method, endpoint))


class TestHistogram:
    def test_a_quantile_lies_within_its_bucket(self) -> None:
        assert quantile(0.5, {0.1: 10, 0.2: 20, INF: 20}) == pytest.approx(0.1)
        assert quantile(0.75, {0.1: 10, 0.2: 20, INF: 20}) == pytest.approx(0.15)
        assert quantile(0.99, {0.1: 0, INF: 5}) == 0.1
        assert quantile(0.5, {0.1: 0, 0.2: 10, INF: 10}) == pytest.approx(0.15)
        assert quantile(0.5, {}) is None
        assert quantile(0.5, {0.1: 0.0, INF: 0.0}) is None

    def test_only_what_came_between_counts(self) -> None:
        slow_start = {0.1: 0.0, 1.0: 5.0, INF: 5.0}
        assert quantile(0.99, difference({0.1: 4.0, 1.0: 9.0, INF: 9.0}, slow_start)) == pytest.approx(0.099)
        assert difference(slow_start, slow_start) == {}


class TestWindow:
    def test_rates_errors_and_quantiles_are_of_the_window(self) -> None:
        traffic = Traffic()
        traffic.sampled(unary("Range", 100, {"OK": 90, "Unavailable": 10}, {"0.1": 0, "1": 100, "+Inf": 100}), 100.0)
        first = row(traffic, "KV/Range")
        assert (first.rate, first.errors, first.total, first.failed) == (0.0, 0, 100, 10)
        assert first.p50 is None
        traffic.sampled(unary("Range", 120, {"OK": 109, "Unavailable": 11}, {"0.1": 20, "1": 120, "+Inf": 120}), 110.0)
        now = row(traffic, "KV/Range")
        assert (now.rate, now.errors, now.failed) == (2.0, 1, 11)
        assert now.p50 == pytest.approx(0.05)
        assert now.p99 is not None
        assert now.p99 < 0.1

    def test_what_is_older_than_the_window_counts_no_more(self) -> None:
        traffic = Traffic()
        traffic.window = 10.0
        for second in range(41):
            calls = min(second, 20)
            traffic.sampled(unary("Range", calls, {"OK": calls}), float(second))
        assert row(traffic, "KV/Range").rate == 0.0
        traffic.window = 60.0
        traffic.sampled(unary("Range", 20, {"OK": 20}), 41.0)
        assert row(traffic, "KV/Range").rate == pytest.approx(20 / 41)

    def test_sparklines_have_one_value_a_reading_and_stay_bounded(self) -> None:
        traffic = Traffic()
        for second in range(200):
            traffic.sampled(unary("Range", second * 3, {"OK": second * 3}), float(second))
        assert list(traffic.all.rates) == [3.0] * 60

    def test_the_window_is_chosen_in_turn(self) -> None:
        traffic = Traffic()
        assert [traffic.next_window() for _ in range(3)] == [60.0, 10.0, 30.0]


class TestRows:
    SAMPLES = (
        *unary("Range", 5, {"OK": 4, "Unavailable": 1}),
        *unary("Put", 2, {"OK": 2}),
        *stream("Watch", 3, 1, 40),
        *at("KV/Range", "a:1", "OK", 3, {"0.1": 3, "+Inf": 3}),
        *at("KV/Range", "b:2", "OK", 1, {"0.1": 1, "+Inf": 1}),
        *at("KV/Range", "b:2", "Unavailable", 1, {"0.1": 1, "+Inf": 1}),
        *at("KV/Put", "a:1", "OK", 2, {"0.1": 2, "+Inf": 2}),
    )

    def test_members_come_first_then_methods_and_each_opens_into_the_other(self) -> None:
        traffic = Traffic()
        traffic.sampled(self.SAMPLES, 1.0, {"a:1": b"m1"})
        assert [r.method or r.endpoint for r in traffic.rows] == ["a:1", "b:2", "KV/Range", "KV/Put", "Watch/Watch"]
        assert row(traffic, "", "a:1").member == b"m1"
        assert (row(traffic, "", "b:2").total, row(traffic, "", "b:2").failed) == (2, 1)
        traffic.toggle(row(traffic, "KV/Range"))
        assert [(r.method, r.endpoint) for r in traffic.rows if r.depth] == [("KV/Range", "a:1"), ("KV/Range", "b:2")]
        traffic.toggle_all()
        assert not any(r.depth for r in traffic.rows)
        traffic.toggle_all()
        assert sum(r.depth > 0 for r in traffic.rows) == 6
        assert len({r.identity for r in traffic.rows}) == len(traffic.rows)

    def test_a_stream_counts_messages_and_has_no_latency(self) -> None:
        traffic = Traffic()
        traffic.sampled(self.SAMPLES, 1.0)
        others = [sample for sample in self.SAMPLES if sample.labels.get("grpc_method") != "Watch"]
        traffic.sampled([*others, *stream("Watch", 3, 1, 60)], 11.0)
        watch = row(traffic, "Watch/Watch")
        assert (watch.is_stream, watch.open, watch.rate, watch.p50) == (True, 2, 2.0, None)
        assert traffic.all.total == 7  # streams apart

    def test_a_filter_keeps_methods_endpoints_and_members(self) -> None:
        traffic = Traffic()
        traffic.sampled(self.SAMPLES, 1.0, {"b:2": b"second"})
        traffic.set_filter("put")
        assert [r.method for r in traffic.rows] == ["KV/Put"]
        traffic.set_filter("second")
        assert [r.endpoint for r in traffic.rows] == ["b:2"]


class TestPulse:
    def test_what_the_client_does_of_itself(self) -> None:
        labels = {"grpc_service": "s", "grpc_method": "m"}
        first = [
            Sample("etcdobs_retries_total", labels | {"reason": "NoLeader"}, 1),
            Sample("etcdobs_failovers_total", {"reason": "ConnectionFailed"}, 2),
            *stream("Watch", 3, 1, 0),
        ]
        second = [
            Sample("etcdobs_retries_total", labels | {"reason": "NoLeader"}, 4),
            Sample("etcdobs_failovers_total", {"reason": "ConnectionFailed"}, 2),
            Sample("etcdobs_watch_lag_revisions", {}, 7),
            Sample("etcdobs_watch_lag_seconds", {}, 0.5),
            Sample("etcdobs_endpoint_state", {"endpoint": "a:1", "state": "up"}, 0),
            Sample("etcdobs_endpoint_state", {"endpoint": "a:1", "state": "silent"}, 1),
        ]
        traffic = Traffic()
        traffic.sampled(first, 1.0)
        assert (traffic.pulse.retries, traffic.recent.retries, traffic.pulse.streams) == ({"NoLeader": 1}, {}, 2)
        traffic.sampled(second, 2.0)
        assert (traffic.recent.retries, traffic.recent.failovers) == ({"NoLeader": 3}, {})
        assert (traffic.recent.lag_revisions, traffic.recent.lag_seconds) == (7, 0.5)
        assert traffic.recent.states == {"a:1": "silent"}

    def test_before_the_first_reading_there_is_nothing(self) -> None:
        traffic = Traffic()
        assert (traffic.rows, traffic.recent.retries, traffic.all.rate, traffic.seconds) == ([], {}, 0.0, 0.0)


class TestBars:
    def test_values_by_bucket(self) -> None:
        assert counts({0.1: 3, 0.2: 3, INF: 5}) == [(0.1, 3), (0.2, 0), (INF, 2)]
        assert counts({}) == []

    def test_a_chart_is_as_wide_and_high_as_asked(self) -> None:
        lines, top = chart([0.0, 2.0, 4.0, float("nan")], 6, 2)
        assert [str(text) for text, _ in lines] == ["    █ ", "   ██ "]
        assert top == 4.0
        assert chart([], 3, 1) == ([("   ", "accent")], 0.0)
