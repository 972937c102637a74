"""Decides which endpoints a domain's SRV records name, as etcdctl looks them up; waits for the DNS."""

from collections.abc import Iterator
from typing import Any

_SERVICES = (("etcd-client-ssl", "https"), ("etcd-client", "http"))


def discover(domain: str, name: str = "", *, insecure: bool = True, timeout: float = 5.0) -> tuple[str, ...]:
    """The endpoints of `_etcd-client-ssl._tcp.DOMAIN`, which speak TLS, then of `_etcd-client._tcp.DOMAIN`.

    Args:
        domain: where the records are.
        name: of one cluster of several in the domain: `_etcd-client-ssl-NAME._tcp` and `_etcd-client-NAME._tcp`.
        insecure: also those without TLS.
        timeout: seconds for each look-up.

    Raises:
        TypeError, ValueError: the domain is none; or it has no such records, or they cannot be looked up.
        ModuleNotFoundError: dnspython is not installed.
    """
    if not isinstance(domain, str) or not isinstance(name, str):
        raise TypeError(f"discovery_srv and discovery_srv_name must be str, not {domain!r} and {name!r}")
    if not domain.strip("."):
        raise ValueError("discovery_srv: a domain is wanted, like 'example.com'")
    suffix = f"-{name}" if name else ""
    records = {
        f"_{service}{suffix}._tcp.{domain}": scheme for service, scheme in _SERVICES if insecure or scheme == "https"
    }
    found: list[str] = []
    failures: list[str] = []
    for record, scheme in records.items():
        try:
            found += _urls(record, scheme, timeout)
        except LookupError as error:
            failures.append(str(error))
    if not found:
        raise ValueError(f"discovery_srv: {domain} names no endpoints: {'; '.join(failures)}")
    return tuple(found)


def _urls(record: str, scheme: str, timeout: float) -> Iterator[str]:
    for answer in sorted(_look_up(record, timeout), key=lambda srv: (srv.priority, -srv.weight)):
        host = answer.target.to_text(omit_final_dot=True)
        # A target that is the root says that the service is decidedly not there (RFC 2782).
        if host not in ("", "."):
            yield f"{scheme}://{host}:{answer.port}"


def _look_up(record: str, timeout: float) -> list[Any]:
    try:
        import dns.exception  # noqa: PLC0415 - an extra of its own
        import dns.resolver  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            "discovery by SRV records needs dnspython: pip install 'etcdobs[srv]'", name=missing.name
        ) from None
    try:
        return list(dns.resolver.resolve(record, "SRV", lifetime=timeout))
    except dns.exception.DNSException as error:
        raise LookupError(f"{record}: {error}") from error
