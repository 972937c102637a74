"""`%load_ext etcdobs`: etcd in a notebook, with the words of etcdctl.

    %etcd connect --endpoints localhost:2379
    %etcd get /config --prefix --limit 20

`live(keys)` follows a watch while other cells run, `client_metrics_frame()` is this kernel's own calls as a data frame.
"""

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from etcdobs import Client, Keys

    from .following.background import Live

__all__ = ["client_metrics_frame", "live", "load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext etcdobs_explorer.notebook`: the `%etcd` magics, and displays of the library's values."""
    from .extension import load  # noqa: PLC0415 - needs IPython

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext`: all of it goes, its clients and watches too."""
    from .extension import unload  # noqa: PLC0415 - needs IPython

    unload(shell)


def live(
    keys: "str | bytes | Keys",
    *,
    client: "Client | None" = None,
    seconds: float | None = 600.0,
    max_events: int | None = None,
    start_revision: int = 0,
    show: Literal["auto", "widget", "updates", "lines", "none"] = "auto",
) -> "Live":
    """Follow the changes of some keys in this cell's output, while other cells run.

    It stops with `stop()`, with its button, when its cell is run again, when the page is closed (where it is a widget),
    with the kernel, and after `seconds` or `max_events`; the last state stays in the notebook.

    Args:
        keys: one key, or a `Keys` such as `Keys.prefix("/jobs/")`.
        client: a blocking client; left out: that of the magics.
        seconds, max_events: how long; None: no bound.
        start_revision: the first revision wanted; 0: from now on.
        show: "widget" needs anywidget; "updates" is HTML that is drawn anew, four times a second at most.
    """
    from .following.begin import live_keys  # noqa: PLC0415 - needs IPython

    return live_keys(keys, client, seconds=seconds, most=max_events, start_revision=start_revision, show=show)


def client_metrics_frame(by: Literal["method", "member"] = "method") -> Any:
    """This process's own calls as a data frame: pandas's where it is installed, else polars's.

    Args:
        by: "method": service, method, type, calls, running, errors, rate (calls a second since the reading before) and
            p50, p95, p99 in seconds; "member": endpoint, calls, mean, p50, p95, p99, of what was answered well.

    Raises:
        ModuleNotFoundError: neither is installed.
    """
    from .own_calls import frame  # noqa: PLC0415 - needs the library's metrics

    return frame(by)
