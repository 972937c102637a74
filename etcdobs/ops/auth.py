"""The Auth service: a method's arguments become a `Call` of one of its RPCs."""

from collections.abc import Callable
from typing import Any, Literal, TypeAlias, TypeVar

from etcdobs._call import CLIENT_DEFAULT, Call, Timeout, checked_timeout
from etcdobs._wire import authpb, rpc
from etcdobs._wire import etcdserverpb as pb
from etcdobs.keys import Keys, as_keys
from etcdobs.types import AuthStatus, Permission, Role, User

T = TypeVar("T")

Access: TypeAlias = Literal["read", "write", "readwrite"]
_ACCESS: dict[str, "authpb.Permission.Type"] = {
    "read": authpb.Permission.READ,
    "write": authpb.Permission.WRITE,
    "readwrite": authpb.Permission.READWRITE,
}
_ACCESS_NAMES: dict[int, Access] = {0: "read", 1: "write", 2: "readwrite"}


def _command(method: str, request: Any, timeout: Timeout) -> Call[None]:
    return Call(rpc(f"etcdserverpb.Auth/{method}"), request, lambda _reply: None, checked_timeout(timeout))


def _question(method: str, request: Any, decode: Callable[[Any], T], timeout: Timeout) -> Call[T]:
    return Call(rpc(f"etcdserverpb.Auth/{method}"), request, decode, checked_timeout(timeout))


def _name(what: str, name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"{what} must be a str, not {type(name).__name__}")
    if not name:
        raise ValueError(f"{what} must not be empty")
    return name


def enable(*, timeout: Timeout = CLIENT_DEFAULT) -> Call[None]:
    """Turns authentication on: from now on every call needs a user with the right to it.

    Raises:
        RootUserNotExistError, RootRoleNotExistError: there must be a user `root` with the role `root` first.
    """
    return _command("AuthEnable", pb.AuthEnableRequest(), timeout)


def disable(*, timeout: Timeout = CLIENT_DEFAULT) -> Call[None]:
    """Turns authentication off; every client may do anything."""
    return _command("AuthDisable", pb.AuthDisableRequest(), timeout)


def status(*, timeout: Timeout = CLIENT_DEFAULT) -> Call[AuthStatus]:
    """Whether authentication is on, and the revision of users and roles (etcd 3.5 and later).

    Raises:
        UnimplementedError: the server is older.
    """
    return _question(
        "AuthStatus",
        pb.AuthStatusRequest(),
        lambda reply: AuthStatus(bool(reply.enabled), int(reply.authRevision)),
        timeout,
    )


def user_add(
    name: str, password: str | None = None, no_password: bool = False, *, timeout: Timeout = CLIENT_DEFAULT
) -> Call[None]:
    """Adds a user, with a password or without one (a user who is known by a certificate's common name).

    Raises:
        ValueError: neither a password nor `no_password`, or both.
        UserAlreadyExistError: there is one of this name.
    """
    _name("the user's name", name)
    if (password is None) is not no_password:
        raise ValueError("a user needs a password, or no_password=True: the one or the other")
    options = authpb.UserAddOptions(no_password=no_password)
    return _command("UserAdd", pb.AuthUserAddRequest(name=name, password=password, options=options), timeout)


def user_get(name: str, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[User]:
    """A user with the roles it has.

    Raises:
        UserNotFoundError: there is none of this name.
    """
    return _question(
        "UserGet",
        pb.AuthUserGetRequest(name=_name("the user's name", name)),
        lambda reply: User(name, tuple(reply.roles)),
        timeout,
    )


def user_list(*, timeout: Timeout = CLIENT_DEFAULT) -> Call[list[str]]:
    """The names of all users."""
    return _question("UserList", pb.AuthUserListRequest(), lambda reply: list(reply.users), timeout)


def user_delete(name: str, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[None]:
    """Deletes a user.

    Raises:
        UserNotFoundError: there is none of this name.
        InvalidAuthMgmtError: it is root, and authentication is on.
    """
    return _command("UserDelete", pb.AuthUserDeleteRequest(name=_name("the user's name", name)), timeout)


def user_change_password(name: str, password: str, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[None]:
    """Gives a user another password.

    Raises:
        UserNotFoundError: there is none of this name.
    """
    request = pb.AuthUserChangePasswordRequest(
        name=_name("the user's name", name), password=_name("the password", password)
    )
    return _command("UserChangePassword", request, timeout)


def user_grant_role(name: str, role: str, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[None]:
    """Gives a user a role.

    Raises:
        UserNotFoundError, RoleNotFoundError: there is none of this name.
    """
    request = pb.AuthUserGrantRoleRequest(user=_name("the user's name", name), role=_name("the role's name", role))
    return _command("UserGrantRole", request, timeout)


def user_revoke_role(name: str, role: str, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[None]:
    """Takes a role from a user.

    Raises:
        UserNotFoundError: there is none of this name.
        RoleNotGrantedError: it does not have the role.
    """
    request = pb.AuthUserRevokeRoleRequest(name=_name("the user's name", name), role=_name("the role's name", role))
    return _command("UserRevokeRole", request, timeout)


def role_add(name: str, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[None]:
    """Adds a role that may do nothing yet.

    Raises:
        RoleAlreadyExistError: there is one of this name.
    """
    return _command("RoleAdd", pb.AuthRoleAddRequest(name=_name("the role's name", name)), timeout)


def role_get(name: str, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[Role]:
    """A role with what it permits.

    Raises:
        RoleNotFoundError: there is none of this name.
    """
    return _question(
        "RoleGet",
        pb.AuthRoleGetRequest(role=_name("the role's name", name)),
        lambda reply: Role(name, tuple(map(_permission, reply.perm))),
        timeout,
    )


def _permission(permission: "authpb.Permission") -> Permission:
    return Permission(_ACCESS_NAMES[permission.permType], Keys(permission.key, permission.range_end))


def role_list(*, timeout: Timeout = CLIENT_DEFAULT) -> Call[list[str]]:
    """The names of all roles."""
    return _question("RoleList", pb.AuthRoleListRequest(), lambda reply: list(reply.roles), timeout)


def role_delete(name: str, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[None]:
    """Deletes a role; whoever had it loses it.

    Raises:
        RoleNotFoundError: there is none of this name.
    """
    return _command("RoleDelete", pb.AuthRoleDeleteRequest(role=_name("the role's name", name)), timeout)


def role_grant_permission(
    role: str, access: Access, keys: str | bytes | Keys, *, timeout: Timeout = CLIENT_DEFAULT
) -> Call[None]:
    """Lets a role "read", "write" or "readwrite" one key or a range.

    Raises:
        ValueError: the access is none of the three.
        RoleNotFoundError: there is no such role.
    """
    if access not in _ACCESS:
        raise ValueError(f"access must be one of {', '.join(_ACCESS)}, not {access!r}")
    wanted = as_keys(keys)
    permission = authpb.Permission(permType=_ACCESS[access], key=wanted.start, range_end=wanted.end)
    request = pb.AuthRoleGrantPermissionRequest(name=_name("the role's name", role), perm=permission)
    return _command("RoleGrantPermission", request, timeout)


def role_revoke_permission(role: str, keys: str | bytes | Keys, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[None]:
    """Takes a permission from a role, for exactly the keys that it was granted for.

    Raises:
        RoleNotFoundError: there is no such role.
        PermissionNotGrantedError: the role has no permission for exactly these keys.
    """
    wanted = as_keys(keys)
    request = pb.AuthRoleRevokePermissionRequest(
        role=_name("the role's name", role), key=wanted.start, range_end=wanted.end
    )
    return _command("RoleRevokePermission", request, timeout)
