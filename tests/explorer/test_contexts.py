"""The file of contexts: what it may say, what is said about what it may not, and that it never prevents a start."""

from pathlib import Path

import pytest

from etcdobs_explorer.model.contexts import ENV, Config, Context, Password, Source, config_path, load, of_environment

PROD = """\
current = "prod"

[contexts.dev]
endpoints = ["127.0.0.1:2379"]

[contexts.prod]
endpoints = ["https://e1:2379", "https://e2:2379"]
cacert = "~/ca.pem"
user = "viewer"
password_command = "pass etcd/prod"
dial_timeout = "500ms"
separator = "\\u0000"
read_only = true
protected = ["/registry", "/vault"]
colour = "red"
roots = ["/team-a/"]

[ui]
theme = "light"

[keymap]
"keys.delete" = "d,delete"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def written(file: Path, text: str, **environ: str) -> Config:
    file.write_text(text)
    return load(file, environ)


def test_all_that_a_file_may_say(file: Path) -> None:
    config = written(file, PROD)
    assert config.problems == ()
    assert config.context(config.current) == Context(
        "prod",
        endpoints=("https://e1:2379", "https://e2:2379"),
        user="viewer",
        password=Password(Source.COMMAND, "pass etcd/prod"),
        cacert=str(Path.home() / "ca.pem"),
        dial_timeout=0.5,
        separator=b"\0",
        read_only=True,
        protected=(b"/registry", b"/vault"),
        colour="red",
        roots=(b"/team-a/",),
    )
    assert (config.ui.theme, dict(config.keymap)) == ("light", {"keys.delete": "d,delete"})
    assert list(config.contexts) == [ENV, "dev", "prod"]


def test_without_a_file_there_is_what_the_variables_make(file: Path) -> None:
    config = load(file, {"ETCDCTL_ENDPOINTS": "a:1, b:2", "ETCDCTL_USER": "root:pw", "ETCDCTL_CACERT": "ca.pem"})
    assert (config.current, config.problems) == (ENV, ())
    context = config.context(ENV)
    assert (context.endpoints, context.user, context.cacert) == (("a:1", "b:2"), "root", "ca.pem")
    assert context.password == Password(Source.GIVEN, "pw")
    assert "pw" not in repr(context)


def test_variables_of_this_shell_win_over_the_current_context_of_all(file: Path) -> None:
    assert written(file, PROD).current == "prod"
    assert written(file, PROD, ETCDCTL_ENDPOINTS="a:1").current == ENV


@pytest.mark.parametrize(
    ("line", "number", "key", "part"),
    [
        ("endpoints = 5", 4, "contexts.x.endpoints", "a string is wanted, not 5 (a number)"),
        ("endpoints = []", 4, "contexts.x.endpoints", "host:port"),
        ('read_only = "yes"', 4, "contexts.x.read_only", "true or false is wanted, not 'yes' (a string)"),
        ("readonly = true", 4, "contexts.x.readonly", "there are endpoints, user"),
        ('colour = "mauve"', 4, "contexts.x.colour", "red, yellow, green"),
        ('dial_timeout = "5"', 4, "contexts.x.dial_timeout", "a duration like 5s"),
        ('protected = "/a"', 4, "contexts.x.protected", "an array of strings"),
        ('user = "u"\npassword = "secret"', 5, "contexts.x.password", "password_command, password_file"),
        ('password_file = "f"', 4, "contexts.x.password_file", "user is wanted"),
        ('user = "u"\npassword_file = "f"\npassword_command = "c"', 6, "contexts.x.password_file", "says already"),
        ('cert = "c"', 4, "contexts.x.cert", "key is wanted beside it"),
    ],
)
def test_a_context_with_anything_wrong_is_named_and_left_out(
    file: Path, line: str, number: int, key: str, part: str
) -> None:
    config = written(file, f"# mine\n\n[contexts.x]\n{line}\n[contexts.good]\n")
    assert list(config.contexts) == [ENV, "good"]
    assert len(config.problems) == 1
    said = str(config.problems[0])
    if "says already" not in said:
        assert said.startswith(f"{file}:{number}: {key}: ")
    assert part in said
    assert "secret" not in said
    with pytest.raises(ValueError, match=r"config\.toml"):
        config.context("x")


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("a = [\n", ":2: it is no TOML: "),
        ("[contexts.x]\nendpoints = nonsense\n", ":2: it is no TOML: "),
        ("colours = 1", ":1: colours: there is no such key; there are current, contexts, ui, keymap"),
        ('current = "gone"', ":1: current: there is no usable context 'gone'"),
        ("[ui]\ntheme = 3", ":2: ui.theme: a string is wanted"),
        ('[keymap]\n"keys.delete" = 3', ":2: keymap.keys.delete: a string is wanted"),
        ("contexts = 3", ":1: contexts: a table is wanted"),
        ("contexts.x = 3", ":1: contexts.x: a table is wanted"),
        ("[contexts.env]\n", ":1: contexts.env: "),
    ],
)
def test_whatever_is_wrong_is_told_and_the_rest_holds(file: Path, text: str, start: str) -> None:
    config = written(file, text)
    assert str(config.problems[0]).startswith(f"{file}{start}")
    assert config.current == ENV


def test_a_file_that_cannot_be_read_is_told(file: Path) -> None:
    file.write_bytes(b"\xff")
    assert str(load(file, {}).problems[0]) == f"{file}: it is no UTF-8"
    assert "directory" in str(load(file.parent, {}).problems[0])


def test_an_unknown_context_names_those_there_are(file: Path) -> None:
    with pytest.raises(ValueError, match="no context 'x'; there are env, dev, prod"):
        written(file, PROD).context("x")


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("DIAL_TIMEOUT", "abc", "--dial-timeout"),
        ("INSECURE_TRANSPORT", "maybe", "true or false"),
        ("ENDPOINTS", ",", "host"),
    ],
)
def test_a_malformed_variable_is_named(name: str, text: str, part: str) -> None:
    with pytest.raises(ValueError, match=f"ETCDCTL_{name}.*{part}"):
        of_environment({f"ETCDCTL_{name}": text})


def test_where_the_file_is(tmp_path: Path) -> None:
    assert config_path({"ETCDOBS_CONFIG": str(tmp_path)}) == tmp_path
    usual = config_path({})
    assert usual is not None
    assert usual.name == "config.toml"


def test_titles() -> None:
    assert Context(ENV, endpoints=("http://a:1", "b:2", "c:3"), user="root").title == "root@a:1 (+2)"
    assert Context("prod", endpoints=("a:1",)).title == "prod"
