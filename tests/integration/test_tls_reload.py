"""Certificates are replaced on disk under a running client: new calls use them, and nothing is lost on the way."""

import gc
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from etcdobs import TLS, AsyncClient, ConnectionFailedError, Keys
from etcdobs._drive import certificates as room
from etcdobs.testing import Certificates, Etcd, Relay, certificates, etcd, relay
from tests.conftest import OpenClient
from tests.waiting import QUICK, eventually, values


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are looked at more often than in earnest."""
    monkeypatch.setattr(room, "LOOK_EVERY", 0.05)


@pytest.fixture(scope="module")
def mutual_etcd() -> Iterator[Etcd]:
    with etcd(tls="mutual", flags=QUICK) as server:
        yield server


@pytest.fixture
def files(mutual_etcd: Etcd, tmp_path: Path) -> Certificates:
    """Copies of the server's certificates, for a test to replace."""
    own = mutual_etcd.certificates
    copied = (
        Path(shutil.copy(path, tmp_path))
        for path in (own.ca, own.server_cert, own.server_key, own.client_cert, own.client_key)
    )
    return Certificates(*copied)


def shown(files: Certificates, *, verify: bool = True) -> TLS:
    return TLS(ca=files.ca if verify else None, cert=files.client_cert, key=files.client_key, verify=verify)


def replace_own(files: Certificates) -> None:
    """Another certificate of the same authority, as an automaton renews it: in place, one file after the other."""
    files.client_cert.write_bytes(files.server_cert.read_bytes())
    files.client_key.write_bytes(files.server_key.read_bytes())


def connections(link: Relay) -> int:
    gc.collect()  # grpc.aio drops a stream's connection when the collector finds the call
    return link.connections


@pytest.mark.parametrize("verify", [True, False])
async def test_every_certificate_is_replaced_and_the_server_started_again(
    open_client: OpenClient, tmp_path: Path, verify: bool
) -> None:
    own = certificates(tmp_path)
    with etcd(tls="mutual", certificates=own, flags=QUICK) as server:
        async with open_client(server.endpoint, tls=shown(own, verify=verify)) as client, client.watch("k") as watcher:
            await client.put("k", "1")
            certificates(tmp_path)
            server.stop()
            server.start(wait=False)  # with another authority: it is the client that waits for it
            await client.put("k", "2")
            assert await values(watcher, 2) == ["1", "2"]


@pytest.mark.parametrize("verify", [True, False])
async def test_the_next_call_shows_the_new_certificate(
    open_client: OpenClient, mutual_etcd: Etcd, files: Certificates, verify: bool
) -> None:
    with relay(mutual_etcd.endpoint) as link:
        async with (
            open_client(link.endpoint, tls=shown(files, verify=verify), timeout=1) as client,
            client.watch("k"),  # holds the first connection until it has to move over
        ):
            replace_own(files)
            await eventually(lambda: called(client, link.connections == 2))
            await eventually(lambda: connections(link) == 1)
            await client.get("k")


async def called(client: AsyncClient, reached: bool) -> bool:
    await client.get("k")
    return reached


async def test_what_watches_and_renews_moves_over_and_loses_nothing(
    open_client: OpenClient, mutual_etcd: Etcd, files: Certificates, prefix: str
) -> None:
    with relay(mutual_etcd.endpoint) as link:
        async with (
            open_client(link.endpoint, tls=shown(files), timeout=0.5) as client,
            client.watch(Keys.prefix(prefix)) as watcher,
            client.lease.keep_alive(await client.lease.grant(60)) as heartbeat,
        ):
            replace_own(files)
            written, most = 0, 1
            while most < 2 or connections(link) > 1:
                await client.put(f"{prefix}{written}", str(written))
                written, most = written + 1, max(most, link.connections)
            await client.put(f"{prefix}last", str(written))
            assert await values(watcher, written + 1) == [str(number) for number in range(written + 1)]
            assert not heartbeat.lost


@pytest.mark.parametrize("broken", ["cut", "empty", "gone", "another's", "a wrong authority's"])
async def test_files_that_make_no_sense_are_left_alone(
    open_client: OpenClient, mutual_etcd: Etcd, files: Certificates, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "etcdobs")
    with relay(mutual_etcd.endpoint) as link:
        async with open_client(link.endpoint, tls=shown(files)) as client, client.watch("k"):
            spoil(files, broken)
            await eventually(lambda: called(client, "make no sense" in caplog.text))
            for _ in range(20):
                await client.get("k")
            assert link.connections == 1
            shutil.copy(mutual_etcd.certificates.ca, files.ca)
            replace_own(files)
            await eventually(lambda: called(client, link.connections > 1))
    (complaint,) = (record for record in caplog.records if "make no sense" in record.message)
    assert str(files.client_cert) in complaint.message
    assert complaint.name == "etcdobs.tls"
    assert "read again" in caplog.text


def spoil(files: Certificates, broken: str) -> None:
    pem = files.client_cert.read_bytes()
    if broken == "cut":
        files.client_cert.write_bytes(pem[: len(pem) // 2])
    elif broken == "empty":
        files.client_key.write_bytes(b"")
    elif broken == "gone":
        files.client_key.unlink()
    elif broken == "another's":
        files.client_cert.write_bytes(files.server_cert.read_bytes())
    else:
        files.ca.write_bytes(files.ca.read_bytes()[:-40])


async def test_files_that_were_only_touched_change_nothing(
    open_client: OpenClient, mutual_etcd: Etcd, files: Certificates
) -> None:
    with relay(mutual_etcd.endpoint) as link:
        async with open_client(link.endpoint, tls=shown(files)) as client:
            await client.get("k")
            files.client_cert.touch()
            for _ in range(100):
                await client.get("k")
            assert link.connections == 1


async def test_an_authority_that_was_wrong_at_first_is_put_right(
    open_client: OpenClient, mutual_etcd: Etcd, files: Certificates, tmp_path: Path
) -> None:
    files.ca.write_bytes(certificates(tmp_path / "strangers").ca.read_bytes())
    async with open_client(mutual_etcd.endpoint, tls=shown(files), dial_timeout=0.5) as client:
        with pytest.raises(ConnectionFailedError):
            await client.get("k")
        shutil.copy(mutual_etcd.certificates.ca, files.ca)
        await client.get("k")
