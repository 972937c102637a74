"""Credentials are checked when given, asked for when needed, and never shown."""

from typing import Any

import pytest

from etcdobs._token import Credentials

CANARY = "canary-7f3a"


def user(password: Any = CANARY) -> Credentials:
    return Credentials("root", password, None)


def test_no_credentials_are_none() -> None:
    nobody = Credentials(None, None, None)
    assert nobody.token is None
    assert nobody.asked
    assert not nobody.can_renew
    assert nobody.buy() is None


def test_a_fixed_token_is_held_and_cannot_be_renewed() -> None:
    fixed = Credentials(None, None, CANARY)
    assert fixed.token == CANARY
    assert fixed.asked
    assert not fixed.can_renew


def test_a_user_has_a_token_to_buy() -> None:
    root = user()
    assert root.token is None
    assert not root.asked
    assert root.can_renew
    purchase = root.buy()
    assert purchase is not None
    assert (purchase.request.name, purchase.request.password) == ("root", CANARY)
    assert purchase.rpc.path == "/etcdserverpb.Auth/Authenticate"
    assert purchase.repeatable
    assert purchase.decode(purchase.rpc.response(token="bought")) == "bought"


def test_a_password_that_is_a_callable_is_asked_every_time() -> None:
    passwords = iter(["first", "second"])
    root = user(lambda: next(passwords))
    bought = [root.buy(), root.buy()]
    assert [purchase.request.password for purchase in bought if purchase] == ["first", "second"]


def test_a_token_that_is_a_callable_is_asked_and_not_bought() -> None:
    tokens = iter(["first", "second"])
    given = Credentials(None, None, lambda: next(tokens))
    assert not given.asked
    assert given.can_renew
    assert given.buy() is None
    assert [given.ask(), given.ask()] == ["first", "second"]


def test_holding_and_dropping() -> None:
    root = user()
    root.hold("t")
    assert (root.token, root.asked) == ("t", True)
    root.drop()
    assert (root.token, root.asked) == (None, False)


@pytest.mark.parametrize(
    ("username", "password", "token", "words"),
    [
        ("root", "p", "t", "username and token exclude each other"),
        ("root", None, "t", "username and token exclude each other"),
        (None, "p", None, "a password was given without a username"),
        (None, "p", "t", "a password was given without a username"),
        ("root", None, None, "a username was given without a password: 'root'"),
        ("", "p", None, "username is empty"),
        (None, None, "", "token is empty"),
    ],
)
def test_what_does_not_go_together_is_refused(username: Any, password: Any, token: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Credentials(username, password, token)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((3, "p", None), "username must be a str, not int"),
        (("root", b"p", None), "password must be a str, not bytes"),
        ((None, None, b"t"), "token must be a str, not bytes"),
    ],
)
def test_a_wrong_type_is_named(arguments: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        Credentials(*arguments)


@pytest.mark.parametrize("token", [f"{CANARY}\n", f"{CANARY}\x7f", f"{CANARY}é", ""])
def test_a_token_that_no_header_carries_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ValueError, match="token is empty, or holds") as given:
        Credentials(None, None, token)
    with pytest.raises(ValueError, match="token is empty, or holds") as asked:
        Credentials(None, None, lambda: token).ask()
    assert CANARY not in str(given.value) + str(asked.value)


def test_callables_that_give_no_str_are_named() -> None:
    wrong: Any = lambda: 3  # noqa: E731
    with pytest.raises(TypeError, match="password must be a str, not int"):
        user(wrong).buy()
    with pytest.raises(TypeError, match="token must be a str, not int"):
        Credentials(None, None, wrong).ask()


def test_neither_password_nor_token_is_ever_shown() -> None:
    root = user()
    root.hold(CANARY)
    for credentials in (root, user(lambda: CANARY), Credentials(None, None, CANARY)):
        assert CANARY not in repr(credentials)
        assert CANARY not in str(credentials)
    assert CANARY not in repr(root.buy())
    assert CANARY not in str(root.buy())


async def coroutine() -> str:
    return "canary"


def test_a_coroutine_function_is_refused_at_once() -> None:
    for arguments in (("alice", coroutine, None), (None, None, coroutine)):
        with pytest.raises(TypeError, match="not a coroutine function"):
            Credentials(*arguments)


def test_a_callable_that_returns_a_coroutine_is_told() -> None:
    late: Any = lambda: coroutine()  # noqa: E731, PLW0108 - as its users write it
    with pytest.raises(TypeError, match="token: its callable must return a str"):
        Credentials(None, None, late).ask()
    with pytest.raises(TypeError, match="password: its callable must return a str"):
        Credentials("alice", late, None).buy()


def test_a_token_is_sent_as_it_is_and_not_shown() -> None:
    held = Credentials(None, None, "canary")
    assert held.token == "canary"
    assert "canary" not in repr((held, held.token))
    held.hold("other")
    assert f"{held.token}" == "other"
    assert "other" not in repr([held.token])
