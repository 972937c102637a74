"""The grammar: etcdctl's words and flags in any order, and one clear line for what is wrong."""

import pytest

from etcdobs_explorer.notebook.commands import GRAMMAR
from etcdobs_explorer.notebook.grammar import HelpWanted, Invocation
from etcdobs_explorer.notebook.help import overview, told
from etcdobs_explorer.notebook.words import LineError, split


def asked(line: str, **names: object) -> Invocation:
    found = GRAMMAR.parse(split(line, names))
    assert isinstance(found, Invocation)
    return found


def test_options_stand_anywhere() -> None:
    for line in (
        "get /a --prefix --limit 5",
        "get --limit=5 --prefix /a",
        "--limit 5 get /a",
        "get --prefix /a --limit=5",
    ):
        if line.startswith("--limit"):
            with pytest.raises(LineError, match="no option --limit"):
                asked(line)
            continue
        found = asked(line)
        assert (found.command.name, found.text(0), found["limit"], found["prefix"]) == ("get", b"/a", 5, True)


def test_the_options_of_all_commands_may_come_first() -> None:
    found = asked("--endpoints a:1,b:2 --command-timeout 1m30s lease list")
    assert (found.command.name, found["endpoints"], found["command-timeout"]) == ("lease list", ("a:1", "b:2"), 90.0)


def test_defaults_are_there_and_known_as_not_given() -> None:
    found = asked("get /a")
    assert (found["limit"], found["prefix"], found["consistency"], found.given) == (0, False, "l", frozenset())


def test_two_dashes_end_the_options() -> None:
    assert asked("get -- --prefix").text(0) == b"--prefix"
    assert asked("put '--k' -5").arguments[1].text == b"-5"


def test_what_a_name_stands_for_is_never_an_option() -> None:
    found = asked("get {key}", key="--prefix")
    assert (found.text(0), found["prefix"]) == (b"--prefix", False)


def test_ids_are_hex_as_typed_and_numbers_as_numbers() -> None:
    assert asked("put /k v --lease 10")["lease"] == 0x10
    assert asked("put /k v --lease {id}", id=10)["lease"] == 10
    assert asked("put /k v --lease={id}", id=10)["lease"] == 10


def test_options_that_may_come_twice() -> None:
    assert asked("diff --rev 100 --rev -5 /config")["rev"] == [100, -5]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("gte /a", "did you mean get?"),
        ("zzz", "there is no command 'zzz': one of connect"),
        ("lease", "lease needs one of: list, grant"),
        ("lease lst", "lease has no command 'lst'; did you mean list?"),
        ("get", "get needs KEY: %etcd get KEY"),
        ("put /a b c", "does not take 'c'; quote what holds blanks"),
        ("get /a --prefx", "no option --prefx; did you mean --prefix?"),
        ("get /a --limit", "--limit needs a value"),
        ("get /a --limit many", "--limit: a whole number from 0 is wanted, not 'many'"),
        ("get /a --limit 99999999999999999999", "--limit: a whole number"),
        ("get /a --order up", "one of ASCEND, DESCEND is wanted"),
        ("get /a --prefix=perhaps", "--prefix: true or false"),
        ("watch /a --for soon", "--for: a duration like"),
        ("watch /a --for 0s", "--for: a duration above zero"),
        ("put /k v --lease xyz", "an id in hex is wanted"),
        ("get /a --rev x", "--rev: a whole number"),
        ("get '\x1b[31m' x y", "does not take 'y'"),
        ("\x1b]2;x\x07", r"there is no command '\\\\x1b\]2;x\\\\x07'"),
    ],
)
def test_what_is_wrong_is_one_clear_line(line: str, message: str) -> None:
    with pytest.raises(LineError, match=message) as refused:
        asked(line)
    assert "\n" not in str(refused.value)
    assert "\x1b" not in str(refused.value)


def test_help_is_asked_for_in_every_way() -> None:
    for line in ("", "--help", "-h", "help"):
        assert GRAMMAR.parse(split(line, {})) == HelpWanted(())
    assert GRAMMAR.parse(split("get --help", {})) == HelpWanted(("get",))
    assert GRAMMAR.parse(split("help lease", {})) == HelpWanted(("lease",))


def test_help_tells_every_command_and_every_option() -> None:
    text = overview(GRAMMAR)
    for command in GRAMMAR.commands.values():
        assert command.name in text
        own = told(GRAMMAR, command.path)
        assert command.usage in own
        assert all(f"--{option.name}" in own for option in command.options)
    assert "lease grant" in told(GRAMMAR, ("lease",))
    assert max(map(len, text.split("\n"))) <= 120


def test_every_example_is_understood() -> None:
    for command in GRAMMAR.commands.values():
        for example in command.examples:
            line = example.split("\n")[0]
            typed = line[line.index("etcd ") + 5 :].removeprefix("explain ")
            assert asked(typed, lease=1).command.name
