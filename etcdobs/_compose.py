"""Decides how a client's arguments become the parts that its driver is made of: both clients are composed here."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from etcdobs._admission import admit
from etcdobs._call import checked_bool, checked_timeout
from etcdobs._discovery import discover
from etcdobs._drive.channel import LEAST_KEEPALIVE_TIME, ChannelSettings
from etcdobs._endpoints import Endpoints
from etcdobs._namespace import as_namespace
from etcdobs._steps import Session
from etcdobs._token import Credentials, Secret
from etcdobs.config import TLS, RetryPolicy, parse_endpoints, refuse_plaintext
from etcdobs.observe import ClientMetrics, Instruments

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider


class ProcessWide(Enum):
    """The type of `PROCESS_WIDE`, which a `metrics` that was left out is."""

    METRICS = "the process-wide metrics"

    def __repr__(self) -> str:
        return "<the process-wide one>"


PROCESS_WIDE: Final = ProcessWide.METRICS
"""Stands for the `ClientMetrics` that all clients of a process share."""

Metrics: TypeAlias = ClientMetrics | ProcessWide | None
"""Where calls are counted; None: nowhere; left out: in the one that all clients of a process share."""


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
    trace_keys: bool,
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
        tls,
        dial_timeout,
        keepalive_time,
        keepalive_timeout,
        max_send_bytes,
        max_receive_bytes,
        _checked_options(options),
    )
    if auto_sync_interval is not None:
        _check_seconds("auto_sync_interval", auto_sync_interval)
    recorder = _recorder(metrics)
    instruments = _instruments(recorder, tracer_provider, trace_keys)
    own = _listed("interceptors", interceptors, "gRPC interceptors")
    if discovery_srv is not None:
        endpoints = discover(
            discovery_srv, discovery_srv_name, insecure=insecure_discovery, timeout=settings.dial_timeout
        )
    parsed = parse_endpoints(endpoints)
    refuse_plaintext(parsed, tls)
    session = Session(
        endpoints=Endpoints(parsed),
        credentials=Credentials(username, password, token),
        retry=retry,
        timeout=timeout,
        dial_timeout=dial_timeout,
        require_leader=require_leader,
        admission=admit if reject_old_cluster else None,
    )
    return Parts(session, settings, instruments, own, recorder, as_namespace(namespace))


def described(kind: str, endpoints: tuple[str, ...], namespace: bytes, *, is_closed: bool) -> str:
    """How a client is shown: the call that makes such a one, or what has become of it."""
    confined = f", namespace={namespace!r}" if namespace else ""
    shown = f"{kind}({','.join(endpoints)!r}{confined})"
    return f"<{shown}, closed>" if is_closed else shown


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


def _listed(name: str, items: Any, wanted: str) -> tuple[Any, ...]:
    if isinstance(items, (str, bytes)) or not hasattr(items, "__iter__"):
        raise TypeError(f"{name} must be a sequence of {wanted}, not {type(items).__name__}")
    return tuple(items)


def _checked_options(options: Any) -> tuple[tuple[str, Any], ...]:
    pairs = _listed("options", options, "pairs like ('grpc.lb_policy_name', 'round_robin')")
    return tuple(map(_checked_option, pairs))


def _checked_option(pair: Any) -> tuple[str, Any]:
    try:
        name, value = (None, None) if isinstance(pair, str) else pair
    except (TypeError, ValueError):
        name = value = None
    if not isinstance(name, str):
        raise TypeError(
            f"options must be pairs like ('grpc.lb_policy_name', 'round_robin'), not {pair!r} (of a dict: items())"
        )
    if not isinstance(value, (int, str, bytes)):
        raise TypeError(f"options: {name} must be an int, a str or bytes, not {type(value).__name__}")
    return name, value


def _recorder(metrics: Any) -> ClientMetrics | None:
    if isinstance(metrics, ProcessWide):
        return ClientMetrics.default()
    if metrics is None or isinstance(metrics, ClientMetrics):
        return metrics
    raise TypeError(
        f"metrics must be a ClientMetrics or None, not {type(metrics).__name__};"
        " for a registry of your own: ClientMetrics(registry)"
    )


def _instruments(recorder: ClientMetrics | None, provider: Any, trace_keys: object) -> Instruments:
    if provider is not None and not callable(getattr(provider, "get_tracer", None)):
        raise TypeError(
            "tracer_provider must be an OpenTelemetry TracerProvider (it has get_tracer) or None,"
            f" not {type(provider).__name__}"
        )
    return Instruments(recorder, provider, trace_keys=checked_bool("trace_keys", trace_keys))


def _checked_size(name: str, size: object) -> int:
    if isinstance(size, bool) or not isinstance(size, int):
        raise TypeError(f"{name} must be bytes as an int, not {type(size).__name__}")
    if not 0 < size < 1 << 31:
        raise ValueError(f"{name} must be from 1 to 2**31 - 1 bytes, not {size}")
    return size


def _check_kind(name: str, value: object, kind: type) -> None:
    if value is not None and not isinstance(value, kind):
        raise TypeError(f"{name} must be a {kind.__name__} or None, not {type(value).__name__}")
