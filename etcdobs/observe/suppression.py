"""Decides whether spans are wanted where a call is made, as OpenTelemetry's `suppress_instrumentation` says."""

from typing import Final

from opentelemetry import context

__all__ = ["is_suppressed"]

_PLAIN: Final = "suppress_instrumentation"
_KEY: Final[str] = getattr(context, "_SUPPRESS_INSTRUMENTATION_KEY", _PLAIN)


def is_suppressed(current: context.Context) -> bool:
    """Whether that context asks for none; instrumentations set either key, or both."""
    return bool(current.get(_KEY) or current.get(_PLAIN))
