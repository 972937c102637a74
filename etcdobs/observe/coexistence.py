"""Decides that a call which this library traces is traced by it alone, whatever instruments gRPC as a whole."""

import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

__all__ = ["traced_once"]

_INSTRUMENTATION = "opentelemetry.instrumentation.grpc"


def traced_once(multicallable: Callable[..., Any]) -> Callable[..., Any]:
    """`multicallable`, with OpenTelemetry's own instrumentation of gRPC told to leave its calls alone, where loaded.

    That would make a second span of each call, and send its own context in place of ours.
    """
    return partial(_suppressed, multicallable) if _INSTRUMENTATION in sys.modules else multicallable


def _suppressed(multicallable: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    # No dependency: it is there where the instrumentation is, which imports it.
    utils: Any = import_module("opentelemetry.instrumentation.utils")
    # A task that gRPC begins for an asyncio call keeps this context.
    with utils.suppress_instrumentation():
        return multicallable(*args, **kwargs)
