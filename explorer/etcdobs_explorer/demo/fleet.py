"""Decides who lives in the demo: the applications, their instances, and the nodes that run them."""

from typing import NamedTuple


class Application(NamedTuple):
    """A service of a small shop; `former` are the versions that ran before."""

    name: str
    version: str
    port: int
    team: str
    replicas: int
    former: tuple[str, ...]


class Node(NamedTuple):
    """A machine; what runs on it is registered on one lease of `ttl` seconds."""

    name: str
    address: str
    zone: str
    ttl: int


class Instance(NamedTuple):
    """One running copy of an application, named as its pod is."""

    application: Application
    node: Node
    name: str
    address: str

    @property
    def key(self) -> str:
        """Where it is registered."""
        return f"/services/{self.application.name}/{self.name}"


APPLICATIONS = (
    Application("catalog", "4.2.0", 8080, "storefront", 3, ("4.0.5", "4.1.0")),
    Application("checkout", "2.14.1", 8080, "storefront", 3, ("2.13.0", "2.14.0")),
    Application("mailer", "1.8.3", 2525, "messaging", 1, ("1.8.2",)),
    Application("payments", "7.0.2", 8443, "payments", 2, ("6.9.0", "7.0.0", "7.0.1")),
    Application("search", "3.5.0", 9200, "discovery", 2, ()),
)
NODES = (
    Node("worker-1", "10.0.1.11", "eu-1a", 15),
    Node("worker-2", "10.0.1.12", "eu-1a", 20),
    Node("worker-3", "10.0.2.11", "eu-1b", 30),
    Node("worker-4", "10.0.3.11", "eu-1c", 45),
)
_REPLICA_SETS = {"catalog": "6c9d5b7f84", "checkout": "7d9f8c6b5c", "mailer": "5b8f7d6c9"} | {
    "payments": "84d7c5f9b6",
    "search": "59f6b8d7c4",
}
_SUFFIXES = ("x2x4q", "9kzvt", "mw7hd", "b5ctl", "4rjgn", "zq8sx", "2ndpw", "v6fkm", "hl9bt", "7gxqc", "s4mzr")


def _instances() -> tuple[Instance, ...]:
    wanted = [application for application in APPLICATIONS for _ in range(application.replicas)]
    return tuple(
        Instance(
            application,
            NODES[at % len(NODES)],
            f"{application.name}-{_REPLICA_SETS[application.name]}-{suffix}",
            f"10.42.{at % len(NODES)}.{17 + at}",
        )
        for at, (application, suffix) in enumerate(zip(wanted, _SUFFIXES, strict=True))
    )


INSTANCES = _instances()
CANARY = Instance(APPLICATIONS[4]._replace(version="3.6.0-rc.1"), NODES[3], "search-canary", "10.42.3.99")
