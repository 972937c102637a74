"""Metrics and traces of gRPC clients: one recorder and one tracer, bound to stubs or in interceptors of any channel."""

from typing import TYPE_CHECKING

__all__ = [
    "DEFAULT_BUCKETS",
    "ClientMetrics",
    "Instruments",
    "MetricsAddressError",
    "MetricsServer",
    "aio_client_interceptors",
    "client_interceptors",
    "serve_metrics",
]

if TYPE_CHECKING:
    from etcdobs.observe.aio_interceptors import aio_client_interceptors
    from etcdobs.observe.binding import Instruments
    from etcdobs.observe.interceptors import client_interceptors
    from etcdobs.observe.metrics import DEFAULT_BUCKETS, ClientMetrics
    from etcdobs.observe.serve import MetricsAddressError, MetricsServer, serve_metrics
else:
    from etcdobs._lazy import homes, lazily

    _HOMES = homes(
        {
            "etcdobs.observe.aio_interceptors": "aio_client_interceptors",
            "etcdobs.observe.binding": "Instruments",
            "etcdobs.observe.interceptors": "client_interceptors",
            "etcdobs.observe.metrics": "DEFAULT_BUCKETS ClientMetrics",
            "etcdobs.observe.serve": "MetricsAddressError MetricsServer serve_metrics",
        }
    )
    __getattr__, __dir__ = lazily(__name__, _HOMES)
