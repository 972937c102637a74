"""Decides with which client and where `live()` follows a watch."""

from typing import Any

from IPython.core.getipython import get_ipython

from etcdobs import Client, Keys
from etcdobs_explorer.notebook.commands.watch import cell_id
from etcdobs_explorer.notebook.extension import loaded
from etcdobs_explorer.notebook.limits import Limits

from .background import Live, checked_client
from .screens import Show, screen

_KEPT = 10_000


def live_keys(
    keys: str | bytes | Keys,
    client: Client | None,
    *,
    seconds: float | None,
    most: int | None,
    start_revision: int,
    show: Show,
) -> Live:
    """A watch that is followed from now on."""
    for name, bound in (("seconds", seconds), ("max_events", most)):
        if bound is not None and bound <= 0:
            raise ValueError(f"{name} must be above 0, or None, not {bound!r}")
    extension = loaded()
    watcher = _client(client).watch(keys, start_revision=start_revision)
    options: dict[str, Any] = {"keep": _KEPT, "seconds": seconds, "most": most, "start": start_revision}
    limits = extension.magic.limits if extension else Limits()
    place = screen(show, in_background=True)
    what = keys.start if isinstance(keys, Keys) else keys.encode() if isinstance(keys, str) else keys
    return Live(watcher.__enter__(), what, limits, screen=place, cell=cell_id(get_ipython()), **options).start()


def _client(client: Client | None) -> Client:
    if client is not None:
        return checked_client(client)
    extension = loaded()
    if extension is None:
        raise ValueError("live() needs a client: live(keys, client=Client(...)), or %load_ext etcdobs first")
    return extension.magic.connections.default().client
