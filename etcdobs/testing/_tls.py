"""Decides what a test's certificates hold: a CA, a server certificate for the loopback, a client certificate."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etcdobs.testing._authority import Authority


@dataclass(frozen=True)
class Certificates:
    """The paths of PEM files that belong together."""

    ca: Path
    server_cert: Path
    server_key: Path
    client_cert: Path
    client_key: Path


def certificates(directory: Path | str, *, client_name: str = "root", days: float = 30) -> Certificates:
    """Writes a new CA and what it signed into `directory` (made if need be).

    Args:
        directory: receives ca.pem, server.pem, server-key.pem, client.pem and client-key.pem.
        client_name: the common name of the client certificate, which etcd takes for the user's name.
        days: how long from now the certificates are valid; negative makes expired ones.

    Raises:
        ModuleNotFoundError: the cryptography package is absent; the message says how to install it.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificates(
        folder / "ca.pem",
        folder / "server.pem",
        folder / "server-key.pem",
        folder / "client.pem",
        folder / "client-key.pem",
    )
    authority = _authority(days)
    authority.write(made.ca)
    # No common name: etcd's gateway dials the server with the server's certificate and refuses one that names a user.
    authority.issue(made.server_cert, made.server_key, "")
    authority.issue(made.client_cert, made.client_key, client_name)
    return made


def _authority(days: float) -> "Authority":
    try:
        from etcdobs.testing._authority import Authority  # noqa: PLC0415 - only TLS needs cryptography
    except ModuleNotFoundError as missing:
        message = "certificates for tests need the cryptography package: pip install cryptography"
        raise ModuleNotFoundError(message, name=missing.name) from missing
    return Authority(days)
