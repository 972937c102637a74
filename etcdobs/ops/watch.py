"""The Watch service: a method's arguments become what a watcher asks for. Nothing is asked yet."""

from dataclasses import dataclass
from typing import Any

from etcdobs._call import CLIENT_DEFAULT, Timeout, checked_bool, checked_int, checked_timeout
from etcdobs.keys import Keys, as_keys


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What a watcher asks for.

    Attributes:
        keys: which keys.
        asked: the arguments of its cursor.
        buffer: events held for a user who is slow to take them.
        timeout: seconds until the server must have the watch.
    """

    keys: Keys
    asked: dict[str, Any]
    buffer: int
    timeout: Timeout


def watch(
    keys: str | bytes | Keys,
    *,
    start_revision: int = 0,
    prev_kv: bool = False,
    put: bool = True,
    delete: bool = True,
    progress_notify: bool = False,
    fragment: bool = True,
    buffer: int = 10_000,
    timeout: Timeout = CLIENT_DEFAULT,
) -> WatchOptions:
    """The changes of one key or a range, each once and in order, for as long as the watcher is open.

    Args:
        keys: one key, or a `Keys` such as `Keys.prefix("/app/")`.
        start_revision: the first revision wanted; 0: what comes after the watcher is entered.
        prev_kv: also deliver the key as it was before.
        put, delete: which changes are wanted.
        progress_notify: also deliver where the server is, from time to time (see `responses`).
        fragment: let the server cut large batches for the way; they arrive whole all the same. To cut one takes etcd
            time by the square of its events, and all watches of the client wait for it: where transactions of hundreds
            of keys are watched, such as `load` writes, say False.
        buffer: events held for a user who is slow to take them. When it is full the server is told to stop, and the
            watch resumes where it was once half of it is taken: nothing is lost, memory is bounded.
        timeout: seconds until the server must have the watch; left out: the client's; None: no deadline.

    Raises:
        TypeError, ValueError: an argument is wrong.
    """
    if not (checked_bool("put", put) or checked_bool("delete", delete)):
        raise ValueError("put=False and delete=False leave nothing to watch")
    asked = {
        "start_revision": checked_int("start_revision", start_revision),
        "prev_kv": checked_bool("prev_kv", prev_kv),
        "put": put,
        "delete": checked_bool("delete", delete),
        "progress_notify": checked_bool("progress_notify", progress_notify),
        "fragment": checked_bool("fragment", fragment),
    }
    return WatchOptions(as_keys(keys), asked, checked_int("buffer", buffer, least=1), checked_timeout(timeout))
