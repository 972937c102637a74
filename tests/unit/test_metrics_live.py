"""What is read off the living clients when the metrics are asked for, and how several of them add up."""

import gc
import logging
from collections.abc import Iterable

import pytest
from prometheus_client import CollectorRegistry

from etcdobs._drive.readings import Arrivals, endpoint_readings, lease_readings, watch_readings
from etcdobs._drive.sync_mailbox import Mailbox
from etcdobs._endpoints import Endpoints
from etcdobs._keepalive import Heart
from etcdobs._watch import Cursor
from etcdobs.config import Endpoint
from etcdobs.errors import ConnectionFailedError, UnavailableError
from etcdobs.keys import Keys
from etcdobs.observe import ClientMetrics
from etcdobs.observe.live import Reading
from etcdobs.types import Event, EventType, KeyValue, WatchResponse


class Source:
    def __init__(self, *readings: Reading) -> None:
        self._readings = readings

    def readings(self) -> Iterable[Reading]:
        return self._readings


class Broken:
    def readings(self) -> Iterable[Reading]:
        raise RuntimeError("gone")


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def test_several_clients_add_up_or_the_worst_shows(registry: CollectorRegistry) -> None:
    metrics = ClientMetrics(registry)
    sources = [
        Source(
            Reading("watch_buffer_events", size),
            Reading("watch_lag_seconds", size),
            Reading("lease_margin_seconds", size),
            Reading("endpoint_state", 1, ("a:1", state)),
        )
        for size, state in ((3, "up"), (5, "up"))
    ]
    for source in sources:
        metrics.follow(source)
    assert registry.get_sample_value("etcdobs_watch_buffer_events") == 8
    assert registry.get_sample_value("etcdobs_watch_lag_seconds") == 5
    assert registry.get_sample_value("etcdobs_lease_margin_seconds") == 3
    assert registry.get_sample_value("etcdobs_endpoint_state", {"endpoint": "a:1", "state": "up"}) == 2


def test_const_labels_keep_clients_apart(registry: CollectorRegistry) -> None:
    blue, green = (Source(Reading("watch_buffer_events", size)) for size in (1, 2))
    ClientMetrics(registry, const_labels={"cluster": "blue"}).follow(blue)
    ClientMetrics(registry, const_labels={"cluster": "green"}).follow(green)
    assert registry.get_sample_value("etcdobs_watch_buffer_events", {"cluster": "blue"}) == 1
    assert registry.get_sample_value("etcdobs_watch_buffer_events", {"cluster": "green"}) == 2


def test_nothing_is_kept_alive_to_be_shown(registry: CollectorRegistry) -> None:
    ClientMetrics(registry).follow(Source(Reading("watch_buffer_events", 1)))
    gc.collect()
    assert registry.get_sample_value("etcdobs_watch_buffer_events") is None


def test_one_that_fails_hides_no_other_and_says_so_once(
    registry: CollectorRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = Broken(), Source(Reading("watch_buffer_events", 1))
    metrics = ClientMetrics(registry)
    metrics.follow(broken)
    metrics.follow(sound)
    assert registry.get_sample_value("etcdobs_watch_buffer_events") == 1
    assert registry.get_sample_value("etcdobs_watch_buffer_events") == 1
    assert [(record.name, record.levelno) for record in caplog.records] == [("etcdobs.observe", logging.WARNING)]


def test_the_prefix_of_the_metrics_is_theirs_too(registry: CollectorRegistry) -> None:
    source = Source(Reading("watch_buffer_events", 1))
    ClientMetrics(registry, namespace="shop", subsystem="cart").follow(source)
    assert registry.get_sample_value("shop_cart_etcdobs_watch_buffer_events") == 1


def test_an_endpoint_is_in_one_state() -> None:
    one, two, three, four = known = tuple(Endpoint.parse(f"host:{port}") for port in (1, 2, 3, 4))
    endpoints = Endpoints(known)
    endpoints.succeeded(one, 1.0)
    endpoints.failed(two, 1.0)
    endpoints.silent(three, 1.0)
    states = {labels: value for _, value, labels in endpoint_readings(endpoints)}
    assert {labels for labels, value in states.items() if value} == {
        ("host:1", "up"),
        ("host:2", "failing"),
        ("host:3", "silent"),
        ("host:4", "unused"),
    }
    assert len(states) == 16
    assert endpoints.state(four) == "unused"


def batch(*revisions: int) -> WatchResponse:
    events = tuple(Event(EventType.PUT, KeyValue(b"k", b"", revision, revision, 1, 0), None) for revision in revisions)
    return WatchResponse(events, revisions[-1])


def test_the_lag_is_that_of_what_arrived_and_is_not_taken() -> None:
    arrivals = Arrivals()
    arrivals.add(batch(5), 4, 10.0)
    arrivals.add(WatchResponse((), 6), 4, 11.0)
    arrivals.add(batch(7, 8), 4, 12.0)
    assert [arrivals.oldest(taken) for taken in (4, 5, 7, 8)] == [10.0, 12.0, 12.0, None]
    arrivals.add(batch(9), 8, 13.0)
    assert arrivals.oldest(4) == 13.0


def mailbox(received: int, taken: int, *, parked: bool = False) -> Mailbox:
    made = Mailbox(Cursor(Keys(b"k"), start_revision=1), 16)
    made.cursor.next_revision, made.inbox.revision, made.parked = received + 1, taken, parked
    if received > taken:
        made.inbox.put(batch(*range(taken + 1, received + 1)))
        made.arrivals.add(batch(received), taken, 90.0)
    return made


def readings(*mailboxes: Mailbox) -> dict[str, float]:
    return {reading.row: reading.value for reading in watch_readings(mailboxes, 100.0)}


def test_who_has_taken_all_is_not_behind_those_who_received_more() -> None:
    assert readings(mailbox(5, 5), mailbox(9, 9)) == {
        "watch_buffer_events": 0,
        "watch_buffer_fill_ratio": 0,
        "watch_lag_revisions": 0,
        "watch_lag_seconds": 0,
    }


def test_who_is_not_served_any_more_is_behind_those_who_are() -> None:
    assert readings(mailbox(5, 3), mailbox(9, 9))["watch_lag_revisions"] == 2
    assert readings(mailbox(5, 3, parked=True), mailbox(9, 9)) == {
        "watch_buffer_events": 2,
        "watch_buffer_fill_ratio": 2 / 16,
        "watch_lag_revisions": 6,
        "watch_lag_seconds": 10.0,
    }


def test_the_margin_is_that_of_the_lease_that_is_lost_first() -> None:
    hearts = [Heart(1, ttl=60, expires_at=30.0), Heart(2, ttl=10, expires_at=20.0), Heart(3)]
    assert list(lease_readings(hearts, 15.0)) == [
        Reading("lease_margin_seconds", 5.0),
        Reading("lease_margin_ratio", 0.25),
    ]
    # One that is lost hides nothing of the others.
    lost = [Heart(4, ended=True), Heart(5, ttl=10, expires_at=15.0)]
    assert list(lease_readings([*hearts, *lost], 15.0)) == list(lease_readings(hearts, 15.0))
    assert list(lease_readings([Heart(3), *lost], 15.0)) == []


def test_a_watch_is_resumed_that_was_on_the_stream_that_broke() -> None:
    new, parked, served = (mailbox(1, 1, parked=parked) for parked in (False, True, False))
    for made in (parked, served):
        assert made.created() is None
    broken, refused = UnavailableError("gone"), ConnectionFailedError("refused")
    assert [made.broken(broken) for made in (new, parked, served)] == [False, False, True]
    assert not served.broken(refused)
    assert [made.created() for made in (new, parked, served)] == [None, None, "Unavailable"]
    assert served.created() is None
