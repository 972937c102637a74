"""Waits for users, roles and authentication."""

from collections.abc import Callable
from typing import Any

from etcdobs import Role, User
from etcdobs_explorer.model.go_values import user_and_password
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.notebook.blocks import Note, Tone, Toned
from etcdobs_explorer.notebook.grammar import Argument, Command, Option
from etcdobs_explorer.notebook.kinds import text as text_of
from etcdobs_explorer.notebook.operations import keys_of
from etcdobs_explorer.notebook.results import cluster
from etcdobs_explorer.notebook.results.result import Result
from etcdobs_explorer.notebook.run import Run
from etcdobs_explorer.notebook.words import LineError, Word

USER = Argument("USER", completes="user")
ROLE = Argument("ROLE", completes="role")
PASSWORD = Option("new-user-password", "the password of the new user", text_of("TEXT"))
_ACCESS = ("read", "write", "readwrite")


class Done(Result):
    """Something that was done, in a line."""

    def __init__(self, words: str, limits: Any) -> None:
        self.words = words
        self.limits = limits

    def blocks(self) -> Any:
        """The line."""
        return (Note((Toned(self.words, Tone.GOOD),)),)


def _name(run: Run, at: int = 0) -> str:
    return inert(run.asked.text(at)).plain


def user_get(run: Run) -> User:
    """A user with its roles."""
    return run.client.auth.user_get(_name(run), timeout=run.seconds)


def role_get(run: Run) -> Role:
    """A role with what it permits."""
    return run.client.auth.role_get(_name(run), timeout=run.seconds)


def user_add(run: Run) -> Done:
    """A new user; NAME:PASSWORD, or --new-user-password."""
    given = run.asked["new-user-password"]
    name, password = user_and_password(_name(run), given)
    if not run.asked["no-password"] and not password:
        raise LineError("user add needs a password: NAME:PASSWORD, --new-user-password TEXT, or --no-password")
    run.client.auth.user_add(name or "", password, no_password=run.asked["no-password"], timeout=run.seconds)
    return Done(f"user {name} added", run.limits)


def _told(words: str, call: Callable[[Run], Any]) -> Callable[[Run], Done]:
    def act(run: Run) -> Done:
        call(run)
        return Done(words.format(*(inert(word.text, 60).plain for word in run.asked.arguments)), run.limits)

    return act


def grant_permission(run: Run) -> Done:
    """A role may read, write, or both, a range of keys."""
    access: Any = _name(run, 1).lower()
    if access not in _ACCESS:
        raise LineError(f"read, write or readwrite is wanted, not {access!r}")
    run.client.auth.role_grant_permission(_name(run), access, _range(run, 2), timeout=run.seconds)
    return Done(f"role {_name(run)} may {access}", run.limits)


def revoke_permission(run: Run) -> Done:
    """A role may no longer."""
    run.client.auth.role_revoke_permission(_name(run), _range(run, 1), timeout=run.seconds)
    return Done(f"role {_name(run)} may no longer", run.limits)


def _range(run: Run, start: int) -> Any:
    words: tuple[Word, ...] = run.asked.arguments[start:]
    asked = type(run.asked)(run.asked.command, words, run.asked.options, run.asked.given)
    return keys_of(asked)


def _users(run: Run) -> cluster.Rows:
    return cluster.names(run.client.auth.user_list(timeout=run.seconds), run.limits, "user")


def _roles(run: Run) -> cluster.Rows:
    return cluster.names(run.client.auth.role_list(timeout=run.seconds), run.limits, "role")


def _status(run: Run) -> Done:
    found = run.client.auth.status(timeout=run.seconds)
    state = "on" if found.enabled else "off"
    return Done(f"authentication is {state}, revision {found.auth_revision}", run.limits)


_KEYS = (Option("prefix", "every key that begins with KEY"), Option("from-key", "KEY and every key after it"))
_RANGE = (Argument("KEY", completes="key"), Argument("RANGE_END", optional=True))
COMMANDS = (
    Command(("user", "list"), "all users", _users),
    Command(
        ("user", "get"),
        "a user with its roles",
        user_get,
        (USER,),
    ),
    Command(
        ("user", "add"),
        "a new user",
        user_add,
        (Argument("NAME[:PASSWORD]"),),
        (PASSWORD, Option("no-password", "it comes with a certificate")),
        writes=True,
    ),
    Command(
        ("user", "delete"),
        "remove a user",
        _told("user {} deleted", lambda run: run.client.auth.user_delete(_name(run), timeout=run.seconds)),
        (USER,),
        writes=True,
    ),
    Command(
        ("user", "grant-role"),
        "give a user a role",
        _told(
            "user {} has role {}",
            lambda run: run.client.auth.user_grant_role(_name(run), _name(run, 1), timeout=run.seconds),
        ),
        (USER, ROLE),
        writes=True,
    ),
    Command(
        ("user", "revoke-role"),
        "take a role from a user",
        _told(
            "user {} no longer has role {}",
            lambda run: run.client.auth.user_revoke_role(_name(run), _name(run, 1), timeout=run.seconds),
        ),
        (USER, ROLE),
        writes=True,
    ),
    Command(("role", "list"), "all roles", _roles),
    Command(
        ("role", "get"),
        "a role with what it permits",
        role_get,
        (ROLE,),
    ),
    Command(
        ("role", "add"),
        "a new role",
        _told("role {} added", lambda run: run.client.auth.role_add(_name(run), timeout=run.seconds)),
        (Argument("NAME"),),
        writes=True,
    ),
    Command(
        ("role", "delete"),
        "remove a role",
        _told("role {} deleted", lambda run: run.client.auth.role_delete(_name(run), timeout=run.seconds)),
        (ROLE,),
        writes=True,
    ),
    Command(
        ("role", "grant-permission"),
        "let a role read, write or readwrite keys",
        grant_permission,
        (ROLE, Argument("ACCESS"), *_RANGE),
        _KEYS,
        writes=True,
    ),
    Command(
        ("role", "revoke-permission"),
        "take a permission from a role",
        revoke_permission,
        (ROLE, *_RANGE),
        _KEYS,
        writes=True,
    ),
    Command(("auth", "status"), "whether authentication is on", _status),
)
