"""Decides which counter a note of a flow moves: policy never calls telemetry, the drivers hand it on here."""

from etcdobs._flow import Note
from etcdobs.observe import ClientMetrics


def record(metrics: ClientMetrics, note: Note) -> None:
    """Count a note of a flow."""
    if note.event == "retried":
        metrics.retried(note.method, note.detail)
    elif note.event == "failed_over":
        metrics.failed_over(note.detail)
    else:
        metrics.token_renewed(note.detail)
