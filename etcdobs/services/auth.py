"""Users, roles and permissions, as both clients offer them."""

from etcdobs._bind import aio, sync
from etcdobs._drive import aio as _aio
from etcdobs._drive import sync as _sync
from etcdobs.ops import auth
from etcdobs.services._service import Service

__all__ = ["AsyncAuthClient", "AuthClient"]


class AuthClient(Service):
    """Users, roles and permissions: `client.auth`."""

    def __init__(self, driver: _sync.Driver) -> None:
        self._driver = driver

    @sync(auth.enable)
    def enable(self) -> None: ...

    @sync(auth.disable)
    def disable(self) -> None: ...

    @sync(auth.status)
    def status(self) -> None: ...

    @sync(auth.user_add)
    def user_add(self) -> None: ...

    @sync(auth.user_get)
    def user_get(self) -> None: ...

    @sync(auth.user_list)
    def user_list(self) -> None: ...

    @sync(auth.user_delete)
    def user_delete(self) -> None: ...

    @sync(auth.user_change_password)
    def user_change_password(self) -> None: ...

    @sync(auth.user_grant_role)
    def user_grant_role(self) -> None: ...

    @sync(auth.user_revoke_role)
    def user_revoke_role(self) -> None: ...

    @sync(auth.role_add)
    def role_add(self) -> None: ...

    @sync(auth.role_get)
    def role_get(self) -> None: ...

    @sync(auth.role_list)
    def role_list(self) -> None: ...

    @sync(auth.role_delete)
    def role_delete(self) -> None: ...

    @sync(auth.role_grant_permission)
    def role_grant_permission(self) -> None: ...

    @sync(auth.role_revoke_permission)
    def role_revoke_permission(self) -> None: ...


class AsyncAuthClient(Service):
    """Users, roles and permissions: `client.auth`."""

    def __init__(self, driver: _aio.Driver) -> None:
        self._driver = driver

    @aio(auth.enable)
    def enable(self) -> None: ...

    @aio(auth.disable)
    def disable(self) -> None: ...

    @aio(auth.status)
    def status(self) -> None: ...

    @aio(auth.user_add)
    def user_add(self) -> None: ...

    @aio(auth.user_get)
    def user_get(self) -> None: ...

    @aio(auth.user_list)
    def user_list(self) -> None: ...

    @aio(auth.user_delete)
    def user_delete(self) -> None: ...

    @aio(auth.user_change_password)
    def user_change_password(self) -> None: ...

    @aio(auth.user_grant_role)
    def user_grant_role(self) -> None: ...

    @aio(auth.user_revoke_role)
    def user_revoke_role(self) -> None: ...

    @aio(auth.role_add)
    def role_add(self) -> None: ...

    @aio(auth.role_get)
    def role_get(self) -> None: ...

    @aio(auth.role_list)
    def role_list(self) -> None: ...

    @aio(auth.role_delete)
    def role_delete(self) -> None: ...

    @aio(auth.role_grant_permission)
    def role_grant_permission(self) -> None: ...

    @aio(auth.role_revoke_permission)
    def role_revoke_permission(self) -> None: ...
