"""What only newer servers have, and the clear word that older ones get: each test states the rule for its version."""

from collections.abc import Iterator

import pytest

from etcdobs import (
    AsyncClient,
    Client,
    EtcdError,
    InvalidDowngradeTargetVersionError,
    Keys,
    PermissionDeniedError,
    UnimplementedError,
    UserEmptyError,
)
from etcdobs.testing import Etcd, EtcdStartError, etcd
from tests.conftest import OpenClient
from tests.servers import obtain, probes, table
from tests.waiting import QUICK, eventually

Version = tuple[int, int, int]
FLAGS = [*QUICK, "--bcrypt-cost=4"]
# From here on a server asks for a token wherever it only asked for a name before.
GUARDED = ((3, 4, 42), (3, 5, 28), (3, 6, 9))


def since(version: Version, *first: Version) -> bool:
    """Whether a change that several lines got is in this version: `first` names the first one of each line."""
    of_line = {each[:2]: each for each in first}
    return version >= of_line.get(version[:2], max(first))


@pytest.fixture(scope="module")
def guarded_etcd() -> Iterator[Etcd]:
    """With authentication on, and a user who has no role."""
    with etcd(root_password="root", flags=FLAGS) as server:
        with Client(server.endpoint, username="root", password="root") as root:
            root.auth.user_add("user", "user")
            root.lease.grant(600, id=1)
        yield server


async def test_whether_authentication_is_on(client: AsyncClient, server_version: Version) -> None:
    if server_version >= (3, 5, 0):
        assert (await client.auth.status()).enabled is False
    else:
        with pytest.raises(UnimplementedError, match="unknown method AuthStatus") as caught:
            await client.auth.status()
        assert not caught.value.outcome_unknown


async def test_whether_authentication_is_on_without_a_token(
    open_client: OpenClient, guarded_etcd: Etcd, server_version: Version
) -> None:
    async with open_client(guarded_etcd.endpoint) as client:
        if server_version >= (3, 7, 0):
            assert (await client.auth.status()).enabled is True
        else:
            refusal = UserEmptyError if server_version >= (3, 5, 0) else UnimplementedError
            with pytest.raises(refusal, match=r"etcdserverpb\.Auth/AuthStatus"):
                await client.auth.status()


async def test_what_status_tells(client: AsyncClient, server_version: Version) -> None:
    async def storage_version() -> str | None:
        return (await client.maintenance.status()).storage_version

    if server_version >= (3, 6, 0):
        assert await eventually(storage_version) == "{}.{}.0".format(*server_version)
        assert (await client.maintenance.status()).db_size_quota == 2 * 1024**3
    else:
        status = await client.maintenance.status()
        assert (status.storage_version, status.db_size_quota) == (None, None)


async def test_up_to_which_revision_a_hash_goes(
    client: AsyncClient, etcd_server: Etcd, server_version: Version, prefix: str
) -> None:
    revision = (await client.put(prefix)).revision
    answer = await client.maintenance.hash_kv(etcd_server.endpoint, revision)
    assert answer.hash_revision == (revision if server_version >= (3, 6, 0) else None)


async def test_a_downgrade(client: AsyncClient, server_version: Version) -> None:
    major, minor, _ = server_version
    if server_version < (3, 5, 0):
        with pytest.raises(UnimplementedError, match="unknown method Downgrade"):
            await client.maintenance.downgrade("validate", f"{major}.{minor - 1}")
        return
    assert (await client.maintenance.downgrade("validate", f"{major}.{minor - 1}")).startswith(f"{major}.{minor}")
    with pytest.raises(InvalidDowngradeTargetVersionError):
        await client.maintenance.downgrade("validate", f"{major}.{minor - 2}")


async def test_a_scan_reads_everything_with_or_without_a_stream_of_the_servers(
    client: AsyncClient, etcd_server: Etcd, server_version: Version, prefix: str
) -> None:
    keys = [f"{prefix}{number:03}".encode() for number in range(200)]
    for key in keys:
        await client.put(key)
    assert [kv.key async for kv in client.scan(Keys.prefix(prefix), page_size=30)] == keys
    with Client(etcd_server.endpoint) as blocking:
        assert probes.range_stream(etcd_server, blocking) is (server_version >= (3, 7, 0))


async def test_what_needs_a_token(open_client: OpenClient, guarded_etcd: Etcd, server_version: Version) -> None:
    async with open_client(guarded_etcd.endpoint) as client:
        for ask in (
            client.cluster.members,
            client.maintenance.status,
            client.maintenance.alarms,
            client.lease.list,
            lambda: client.lease.keep_alive_once(1),
        ):
            if since(server_version, *GUARDED):
                with pytest.raises(UserEmptyError):
                    await ask()
            else:
                await ask()


async def test_what_a_user_without_a_role_may_do(
    open_client: OpenClient, guarded_etcd: Etcd, server_version: Version
) -> None:
    async with open_client(guarded_etcd.endpoint, username="user", password="user") as client:
        assert len(await client.cluster.members()) == 1
        assert (await client.maintenance.status()).leader
        assert await client.maintenance.alarms() == []
        assert await client.lease.list() == [1]
        assert await client.lease.keep_alive_once(1) == 600
        with pytest.raises(PermissionDeniedError):
            await client.get("k")
        with pytest.raises(EtcdError, match="permission denied"):
            await client.maintenance.hash_kv(guarded_etcd.endpoint)
        if since(server_version, *GUARDED):
            with pytest.raises(PermissionDeniedError):
                await client.compact(1)


def test_a_flag_is_named_as_the_server_names_it(server_version: Version) -> None:
    if server_version >= (3, 5, 0):
        with etcd(flags=[*QUICK, "--enable-distributed-tracing"]) as server:
            assert server.is_healthy()
    else:
        with (
            pytest.raises(EtcdStartError, match="flag provided but not defined"),
            etcd(flags=["--enable-distributed-tracing"]),
        ):
            pass


def test_the_page_says_what_this_server_does(server_version: Version) -> None:
    said = table.written("{}.{}.{}".format(*server_version))
    found = probes.column()
    assert {row: found[row] for row in said} == said


@pytest.mark.parametrize("line", obtain.GO_LINES)
def test_the_page_has_the_version_that_is_built(line: str) -> None:
    assert table.written(obtain.go_version(line)).keys() == {*probes.FEATURES, *probes.privilege_rows()}
