"""Decides what is added to an error of etcd's, so that the line says what would be right."""

from etcdobs import CompactedError, EtcdError, FutureRevisionError, PermissionDeniedError

from .run import Run


def said(error: EtcdError, run: Run) -> str:
    """The error in etcd's words, and what helps: the revision of now, where history starts, who was refused."""
    return "; ".join(filter(None, (str(error), _hint(error, run))))


def _hint(error: EtcdError, run: Run) -> str:
    match error:
        case CompactedError() if error.compact_revision:
            return f"history starts at revision {error.compact_revision}"
        case CompactedError():
            return "a later --rev is wanted: %etcd history KEY shows what is left"
        case FutureRevisionError():
            return _now(run)
        case PermissionDeniedError() if user := run.connection.context.user:
            return f"as {user}"
        case _:
            return ""


def _now(run: Run) -> str:
    try:
        # A key that anybody may ask for.
        now = run.client.range(b"\0", count_only=True, timeout=run.seconds).revision
        return f"the cluster is at revision {now}"
    except EtcdError:
        return ""
