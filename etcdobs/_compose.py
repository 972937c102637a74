"""Decides how a client's arguments become the parts that its driver is made of: both clients are composed here."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from etcdobs._admission import admit
from etcdobs._call import checked_timeout
from etcdobs._discovery import discover
from etcdobs._drive.channel import LEAST_KEEPALIVE_TIME, ChannelSettings
from etcdobs._endpoints import Endpoints
from etcdobs._flow import Session
from etcdobs._namespace import as_namespace
from etcdobs._token import Credentials, Secret
from etcdobs.config import TLS, RetryPolicy, parse_endpoints
from etcdobs.observe import ClientMetrics, Instruments

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider


class _ProcessWide(Enum):
    METRICS = "the process-wide metrics"

    def __repr__(self) -> str:
        return "<the process-wide one>"


PROCESS_WIDE: Final = _ProcessWide.METRICS
"""Stands for the `ClientMetrics` that all clients of a process share."""

Metrics = ClientMetrics | None | _ProcessWide


@dataclass(frozen=True, slots=True)
class Parts:
    """What a driver is made of."""

    session: Session
    settings: ChannelSettings
    instruments: Instruments
    interceptors: tuple[Any, ...]
    metrics: ClientMetrics | None
    namespace: bytes


def compose(
    endpoints: str | Iterable[str],
    *,
    discovery_srv: str | None,
    discovery_srv_name: str,
    insecure_discovery: bool,
    auto_sync_interval: float | None,
    reject_old_cluster: bool,
    namespace: str | bytes,
    username: str | None,
    password: Secret | None,
    token: Secret | None,
    tls: TLS | None,
    timeout: float | None,
    dial_timeout: float,
    keepalive_time: float,
    keepalive_timeout: float,
    require_leader: bool,
    retry: RetryPolicy | None,
    max_send_bytes: int,
    max_receive_bytes: int,
    metrics: Metrics,
    tracer_provider: "TracerProvider | None",
    interceptors: Iterable[Any],
    options: Iterable[tuple[str, Any]],
) -> Parts:
    """The parts of a client, checked; nothing is connected.

    Raises:
        TypeError, ValueError: an argument is wrong; the message names it.
    """
    checked_timeout(timeout)
    _check_kind("retry", retry, RetryPolicy)
    settings = _settings(
        tls, dial_timeout, keepalive_time, keepalive_timeout, max_send_bytes, max_receive_bytes, tuple(options)
    )
    if auto_sync_interval is not None:
        _check_seconds("auto_sync_interval", auto_sync_interval)
    if discovery_srv is not None:
        endpoints = discover(
            discovery_srv, discovery_srv_name, insecure=insecure_discovery, timeout=settings.dial_timeout
        )
    session = Session(
        endpoints=Endpoints(parse_endpoints(endpoints)),
        credentials=Credentials(username, password, token),
        retry=retry,
        timeout=timeout,
        dial_timeout=dial_timeout,
        require_leader=require_leader,
        admission=admit if reject_old_cluster else None,
    )
    recorder = ClientMetrics.default() if isinstance(metrics, _ProcessWide) else metrics
    _check_kind("metrics", recorder, ClientMetrics)
    instruments = Instruments(recorder, tracer_provider)
    return Parts(session, settings, instruments, tuple(interceptors), recorder, as_namespace(namespace))


def _settings(
    tls: TLS | None,
    dial_timeout: float,
    keepalive_time: float,
    keepalive_timeout: float,
    max_send_bytes: int,
    max_receive_bytes: int,
    options: tuple[tuple[str, Any], ...],
) -> ChannelSettings:
    _check_kind("tls", tls, TLS)
    _check_seconds("dial_timeout", dial_timeout)
    _check_seconds("keepalive_time", keepalive_time, least=LEAST_KEEPALIVE_TIME)
    _check_seconds("keepalive_timeout", keepalive_timeout)
    return ChannelSettings(
        tls=tls,
        dial_timeout=dial_timeout,
        keepalive_time=keepalive_time,
        keepalive_timeout=keepalive_timeout,
        max_send_bytes=_checked_size("max_send_bytes", max_send_bytes),
        max_receive_bytes=_checked_size("max_receive_bytes", max_receive_bytes),
        options=options,
    )


def _check_seconds(name: str, seconds: object, least: float = 0.0) -> None:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"{name} must be seconds, not {type(seconds).__name__}")
    if not seconds > 0 or not math.isfinite(seconds):
        raise ValueError(f"{name} must be above 0 seconds and finite, not {seconds!r}")
    if seconds < least:
        raise ValueError(f"{name} must be at least {least:g} seconds, not {seconds:g}: etcd closes the connection")


def _checked_size(name: str, size: object) -> int:
    if isinstance(size, bool) or not isinstance(size, int):
        raise TypeError(f"{name} must be bytes as an int, not {type(size).__name__}")
    if not 0 < size < 1 << 31:
        raise ValueError(f"{name} must be from 1 to 2**31 - 1 bytes, not {size}")
    return size


def _check_kind(name: str, value: object, kind: type) -> None:
    if value is not None and not isinstance(value, kind):
        raise TypeError(f"{name} must be a {kind.__name__} or None, not {type(value).__name__}")
