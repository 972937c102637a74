"""Waits for the prefixes that a user may read, where it may not read everything: as its roles say."""

from etcdobs import Client, EtcdError

_GLANCE = 2.0


def permitted(client: Client, user: str | None) -> list[bytes]:
    """The starts of the ranges that the user's roles let it read; none where nobody says."""
    if user is None:
        return []
    try:
        roles = client.auth.user_get(user, timeout=_GLANCE).roles
        granted = [each for role in roles for each in client.auth.role_get(role, timeout=_GLANCE).permissions]
    except EtcdError:
        return []
    return sorted({each.keys.start for each in granted if each.access != "write" and not each.keys.is_single})
