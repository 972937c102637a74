"""Endpoints from SRV records, asked of a name server on the loopback."""

import socket
import sys
import threading
from collections.abc import Iterator

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from etcdobs import Client
from etcdobs.testing import Etcd
from tests.conftest import OpenClient

Zone = dict[str, list[str]]


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zone]:
    """The records of the only name server there is: `_service._tcp.domain` to "priority weight port target"."""
    records: Zone = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(server, records), daemon=True)
        thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
        monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
        yield records
        server.sendto(b"", server.getsockname())
        thread.join()


def _serve(server: socket.socket, records: Zone) -> None:
    while True:
        data, sender = server.recvfrom(4096)
        if not data:
            return
        query = dns.message.from_wire(data)
        reply = dns.message.make_response(query)
        (question,) = query.question
        held = records.get(question.name.to_text().rstrip("."))
        if held:
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "SRV", *held))
        else:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        server.sendto(reply.to_wire(), sender)


def test_endpoints_with_tls_come_first_and_by_priority(zone: Zone) -> None:
    zone["_etcd-client-ssl._tcp.example.com"] = ["2 0 2379 b.example.com.", "1 0 2379 a.example.com."]
    zone["_etcd-client._tcp.example.com"] = ["0 0 2380 c.example.com."]
    with Client(discovery_srv="example.com") as client:
        assert client.endpoints == (
            "https://a.example.com:2379",
            "https://b.example.com:2379",
            "http://c.example.com:2380",
        )
    with Client(discovery_srv="example.com", insecure_discovery=False) as client:
        assert len(client.endpoints) == 2


def test_one_cluster_of_several(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    zone["_etcd-client-blue._tcp.example.com"] = ["0 0 1 blue.example.com."]
    zone["_etcd-client._tcp.example.com"] = ["0 0 1 other.example.com."]
    with Client(discovery_srv="example.com", discovery_srv_name="blue") as client:
        assert client.endpoints == ("http://blue.example.com:1",)
    monkeypatch.setenv("ETCDCTL_DISCOVERY_SRV", "example.com")
    monkeypatch.setenv("ETCDCTL_DISCOVERY_SRV_NAME", "blue")
    with Client.from_env() as client:
        assert client.endpoints == ("http://blue.example.com:1",)


async def test_the_cluster_is_reached(open_client: OpenClient, zone: Zone, etcd_server: Etcd, prefix: str) -> None:
    zone["_etcd-client._tcp.example.com"] = [f"0 0 {etcd_server.port} localhost."]
    async with open_client(discovery_srv="example.com") as client:
        await client.put(prefix, "v")
        assert await client.count(prefix) == 1


def test_a_domain_without_records_is_named(zone: Zone) -> None:
    zone["_etcd-client._tcp.gone.example.com"] = ["0 0 0 ."]
    for domain in ("example.com", "gone.example.com"):
        with pytest.raises(ValueError, match=f"discovery_srv: {domain} names no endpoints"):
            Client(discovery_srv=domain)


@pytest.mark.parametrize(("domain", "error"), [("", ValueError), (".", ValueError), (5, TypeError)])
def test_what_is_no_domain(domain: str, error: type[Exception]) -> None:
    with pytest.raises(error, match="discovery_srv"):
        Client(discovery_srv=domain)


def test_without_dnspython_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dns", None)
    monkeypatch.setitem(sys.modules, "dns.exception", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'etcdobs\[srv\]'"):
        Client(discovery_srv="example.com")
