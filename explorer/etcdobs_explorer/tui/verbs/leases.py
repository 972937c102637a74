"""Decides what can be done with leases."""

from .verb import Verb

VERBS = (
    Verb("keys-of", "the keys of the lease; Enter does it too", lambda view, _: view.show_keys(), scope="leases"),
    Verb(
        "grant",
        "a new lease of so many seconds",
        lambda view, seconds: view.grant(seconds),
        "n",
        ("new",),
        "leases",
        "new",
        "[SECONDS]",
        writes=True,
    ),
    Verb(
        "revoke",
        "end the lease and delete its keys, after showing them",
        lambda view, _: view.revoke(),
        "d",
        scope="leases",
        hint="revoke",
        writes=True,
    ),
    Verb(
        "keep-alive",
        "keep the lease alive while the explorer runs, or no more",
        lambda view, _: view.keep_alive(),
        "K",
        ("keep",),
        "leases",
        "keep alive",
        writes=True,
    ),
    Verb("sort", "by id, by what remains, by keys", lambda view, _: view.sort(), "s", scope="leases", hint="sort"),
)
