"""Users, roles and permissions: what each call does, and how each of its errors is told."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from etcdobs import (
    AsyncClient,
    AuthenticationFailedError,
    EtcdError,
    InvalidAuthMgmtError,
    Keys,
    Permission,
    PermissionDeniedError,
    PermissionNotGrantedError,
    Put,
    RoleAlreadyExistError,
    RoleNotFoundError,
    RoleNotGrantedError,
    RootRoleNotExistError,
    RootUserNotExistError,
    UnimplementedError,
    UserAlreadyExistError,
    UserNotFoundError,
)
from etcdobs.testing import Etcd, etcd
from tests.conftest import OpenClient
from tests.waiting import QUICK


@pytest.fixture
async def auth(client: AsyncClient, prefix: str) -> AsyncIterator[Any]:
    """The service of a server without authentication; what the test adds is taken away again."""
    yield client.auth
    for user in await client.auth.user_list():
        if user.startswith(prefix):
            await client.auth.user_delete(user)
    for role in await client.auth.role_list():
        if role.startswith(prefix):
            await client.auth.role_delete(role)


async def test_users(auth: Any, prefix: str) -> None:
    alice, bob = prefix + "alice", prefix + "bob"
    await auth.user_add(alice, "wonderland")
    await auth.user_add(bob, no_password=True)
    assert {alice, bob} <= set(await auth.user_list())
    user = await auth.user_get(alice)
    assert (user.name, user.roles) == (alice, ())
    await auth.user_change_password(alice, "looking-glass")
    await auth.user_delete(alice)
    assert alice not in await auth.user_list()
    await auth.user_add(alice, "again")


async def test_errors_about_users(auth: Any, prefix: str) -> None:
    await auth.user_add(prefix, "wonderland")
    await auth.role_add(prefix)
    with pytest.raises(UserAlreadyExistError) as caught:
        await auth.user_add(prefix, "wonderland")
    assert caught.value.method == "etcdserverpb.Auth/UserAdd"
    assert "wonderland" not in str(caught.value)
    for call in (
        auth.user_get(prefix + "none"),
        auth.user_delete(prefix + "none"),
        auth.user_change_password(prefix + "none", "x"),
        auth.user_grant_role(prefix + "none", prefix),
        auth.user_revoke_role(prefix + "none", prefix),
    ):
        with pytest.raises(UserNotFoundError):
            await call


async def test_roles(auth: Any, prefix: str) -> None:
    await auth.user_add(prefix, "wonderland")
    for role in ("a", "b"):
        await auth.role_add(prefix + role)
        await auth.user_grant_role(prefix, prefix + role)
    assert {prefix + "a", prefix + "b"} <= set(await auth.role_list())
    assert (await auth.user_get(prefix)).roles == (prefix + "a", prefix + "b")
    await auth.user_revoke_role(prefix, prefix + "a")
    assert (await auth.user_get(prefix)).roles == (prefix + "b",)
    await auth.role_delete(prefix + "b")
    assert (await auth.user_get(prefix)).roles == ()


async def test_errors_about_roles(auth: Any, prefix: str) -> None:
    await auth.user_add(prefix, "wonderland")
    await auth.role_add(prefix)
    with pytest.raises(RoleAlreadyExistError):
        await auth.role_add(prefix)
    with pytest.raises(RoleNotGrantedError):
        await auth.user_revoke_role(prefix, prefix)
    with pytest.raises(PermissionNotGrantedError):
        await auth.role_revoke_permission(prefix, "k")
    for call in (
        auth.role_get(prefix + "none"),
        auth.role_delete(prefix + "none"),
        auth.user_grant_role(prefix, prefix + "none"),
        auth.role_grant_permission(prefix + "none", "read", "k"),
        auth.role_revoke_permission(prefix + "none", "k"),
    ):
        with pytest.raises(RoleNotFoundError):
            await call


async def test_permissions(auth: Any, prefix: str) -> None:
    await auth.role_add(prefix)
    granted = {
        "read": Keys(b"/one"),
        "write": Keys.prefix("/all/"),
        "readwrite": Keys.between("/from", "/to"),
    }
    for access, keys in granted.items():
        await auth.role_grant_permission(prefix, access, keys)
    role = await auth.role_get(prefix)
    assert role.name == prefix
    assert sorted(role.permissions, key=lambda each: each.access) == [
        Permission("read", granted["read"]),
        Permission("readwrite", granted["readwrite"]),
        Permission("write", granted["write"]),
    ]
    await auth.role_grant_permission(prefix, "write", "/one")
    assert Permission("write", Keys(b"/one")) in (await auth.role_get(prefix)).permissions
    for keys in granted.values():
        await auth.role_revoke_permission(prefix, keys)
    assert (await auth.role_get(prefix)).permissions == ()


async def test_a_permission_for_everything(auth: Any, prefix: str) -> None:
    await auth.role_add(prefix)
    for keys in (Keys.all(), Keys.from_key("/m")):
        await auth.role_grant_permission(prefix, "read", keys)
        assert Permission("read", keys) in (await auth.role_get(prefix)).permissions


async def test_wrong_arguments(client: AsyncClient) -> None:
    auth: Any = client.auth
    for call in (
        auth.user_add("a"),
        auth.user_add("a", "x", no_password=True),
        auth.user_add("", "x"),
        auth.user_change_password("a", ""),
        auth.role_add(""),
        auth.role_grant_permission("r", "execute", "k"),
        auth.role_grant_permission("r", "read", ""),
    ):
        with pytest.raises(ValueError, match=r"must|needs|not provided"):
            await call
    with pytest.raises(TypeError):
        await auth.user_add(b"a", "x")


ROOT = {"username": "root", "password": "secret"}


async def test_enable_and_disable(open_client: OpenClient) -> None:
    with etcd(flags=[*QUICK, "--bcrypt-cost=4"]) as server:
        async with open_client(server.endpoint) as anyone, open_client(server.endpoint, **ROOT) as root:
            with pytest.raises(RootUserNotExistError):
                await anyone.auth.enable()
            await anyone.auth.user_add("root", "secret")
            with pytest.raises(RootRoleNotExistError):
                await anyone.auth.enable()
            await anyone.auth.user_grant_role("root", "root")
            await anyone.auth.enable()
            with pytest.raises(EtcdError):
                await anyone.put("k")
            with pytest.raises(InvalidAuthMgmtError):
                await root.auth.user_delete("root")
            with pytest.raises(InvalidAuthMgmtError):
                await root.auth.user_revoke_role("root", "root")
            await root.put("k")
            await root.auth.disable()
            await anyone.put("k")


async def test_status_follows(open_client: OpenClient, server_version: tuple[int, int, int]) -> None:
    with etcd(flags=[*QUICK, "--bcrypt-cost=4"]) as server:
        async with open_client(server.endpoint, **ROOT) as root:
            if server_version < (3, 5, 0):
                with pytest.raises(UnimplementedError, match="unknown method AuthStatus"):
                    await root.auth.status()
                return
            before = await root.auth.status()
            await root.auth.user_add("root", "secret")
            await root.auth.user_grant_role("root", "root")
            await root.auth.enable()
            during = await root.auth.status()
            await root.auth.disable()
            after = await root.auth.status()
            assert [status.enabled for status in (before, during, after)] == [False, True, False]
            assert before.auth_revision < during.auth_revision < after.auth_revision


async def test_a_token_is_not_to_be_had_where_auth_is_off(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint, **ROOT) as client:
        await client.put("k", "v")
        kv = await client.get("k")
        assert kv is not None
        assert kv.text == "v"


@pytest.fixture(scope="module")
def guarded() -> Any:
    with etcd(root_password="secret", flags=[*QUICK, "--bcrypt-cost=4"]) as server:
        yield server


async def test_what_permissions_permit(open_client: OpenClient, guarded: Etcd, prefix: str) -> None:
    user = {"username": prefix, "password": "wonderland"}
    async with open_client(guarded.endpoint, **ROOT) as root, open_client(guarded.endpoint, **user) as client:
        await root.auth.user_add(prefix, "wonderland")
        await root.auth.role_add(prefix)
        await root.auth.user_grant_role(prefix, prefix)
        await root.auth.role_grant_permission(prefix, "read", prefix + "one")
        await root.auth.role_grant_permission(prefix, "write", Keys.prefix(prefix + "w/"))
        await root.auth.role_grant_permission(prefix, "readwrite", Keys.between(prefix + "b", prefix + "d"))
        await client.get(prefix + "one")
        await client.put(prefix + "w/k")
        await client.delete(Keys.prefix(prefix + "w/"))
        await client.put(prefix + "c")
        assert await client.count(Keys.between(prefix + "b", prefix + "d")) == 1
        for call in (
            client.get(prefix + "one/more"),
            client.put(prefix + "one"),
            client.get(prefix + "w/k"),
            client.put(prefix + "w/k", prev_kv=True),
            client.put(prefix + "d"),
            client.range(Keys.prefix(prefix)),
            client.txn().then(Put(prefix + "c"), Put(prefix + "e")).commit(),
            client.auth.user_list(),
            client.auth.user_get("root"),
            client.auth.user_change_password("root", "mine"),
            client.auth.disable(),
        ):
            with pytest.raises(PermissionDeniedError):
                await call
        assert (await client.auth.user_get(prefix)).roles == (prefix,)
        await root.auth.role_revoke_permission(prefix, prefix + "one")
        with pytest.raises(PermissionDeniedError):
            await client.get(prefix + "one")
        await root.auth.user_revoke_role(prefix, prefix)
        with pytest.raises(PermissionDeniedError):
            await client.put(prefix + "c")


async def test_a_user_without_a_password_cannot_log_in_with_one(
    open_client: OpenClient, guarded: Etcd, prefix: str
) -> None:
    async with open_client(guarded.endpoint, **ROOT) as root:
        await root.auth.user_add(prefix, no_password=True)
    async with open_client(guarded.endpoint, username=prefix, password="guess") as client:
        # etcd has no code of its own for this one.
        with pytest.raises(EtcdError, match="password was given for no password user"):
            await client.get("k")


async def test_a_password_that_is_changed_holds_from_then_on(
    open_client: OpenClient, guarded: Etcd, prefix: str
) -> None:
    async with open_client(guarded.endpoint, **ROOT) as root:
        await root.auth.user_add(prefix, "old")
        await root.auth.user_change_password(prefix, "new")
        await root.auth.role_add(prefix)
        await root.auth.role_grant_permission(prefix, "read", prefix)
        await root.auth.user_grant_role(prefix, prefix)
    async with open_client(guarded.endpoint, username=prefix, password="old") as client:
        with pytest.raises(AuthenticationFailedError):
            await client.get(prefix)
    async with open_client(guarded.endpoint, username=prefix, password="new") as client:
        assert await client.get(prefix) is None
