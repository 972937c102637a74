"""Metrics and traces of gRPC clients: one recorder and one tracer, bound to stubs or in interceptors of any channel."""

from etcdobs.observe.aio_interceptors import aio_client_interceptors
from etcdobs.observe.binding import Instruments
from etcdobs.observe.interceptors import client_interceptors
from etcdobs.observe.metrics import DEFAULT_BUCKETS, ClientMetrics
from etcdobs.observe.serve import MetricsAddressError, MetricsServer, serve_metrics

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
