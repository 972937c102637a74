"""Decides which commands there are: one file for those that belong together."""

from etcdobs_explorer.notebook.grammar import Grammar, Option
from etcdobs_explorer.notebook.kinds import DURATION, FLAG, TEXT, Kind, choice
from etcdobs_explorer.notebook.words import Word

from . import access, cluster, connect, explain, keys, leases, metrics, past, tree, txn, watch


def _endpoints(word: Word, what: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in TEXT.read(word, what).split(",") if part.strip())


SHARED = (
    Option("context", "a context of the configuration file", TEXT),
    Option("endpoints", "members to ask", Kind("HOST:PORT,...", _endpoints)),
    Option("user", "NAME or NAME:PASSWORD", TEXT),
    Option("password", "the user's password", TEXT),
    Option("cacert", "certificates to trust, PEM", TEXT),
    Option("cert", "client certificate, PEM", TEXT),
    Option("key", "key of the client certificate, PEM", TEXT),
    Option("insecure-transport", "no TLS where no certificate is given", FLAG, default=True),
    Option("insecure-skip-tls-verify", "accept any certificate of the server", FLAG),
    Option("dial-timeout", "how long to wait for a connection", DURATION),
    Option("command-timeout", "how long to wait for an answer", DURATION),
    Option("write-out", "table, or json as etcdctl prints it", choice("FORM", ("table", "json")), "w"),
)

GRAMMAR = Grammar(
    (
        *connect.COMMANDS,
        *keys.COMMANDS,
        *txn.COMMANDS,
        *watch.COMMANDS,
        *tree.COMMANDS,
        *past.COMMANDS,
        *leases.COMMANDS,
        *cluster.COMMANDS,
        *access.COMMANDS,
        *metrics.COMMANDS,
        *explain.COMMANDS,
    ),
    SHARED,
)
