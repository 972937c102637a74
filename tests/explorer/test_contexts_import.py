"""Contexts taken from clientv3's YAML and from variables, written into the file without harm to what is there."""

import stat
from pathlib import Path

import pytest

from etcdobs_explorer.model.contexts import ENV, Context, Password, Source, load
from etcdobs_explorer.model.importing import of_yaml, save, use


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "below" / "config.toml"


def yaml(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "prod.yaml"
    path.write_text(text)
    return path


def test_clientv3s_yaml(tmp_path: Path) -> None:
    text = """
endpoints: [e1:2379, "e2:2379"]
dial-timeout: 3000000000
username: viewer
password: secret
cert-file: c.pem
key-file: k.pem
trusted-ca-file: ca.pem
insecure-skip-tls-verify: true
auto-sync-interval: 1000
"""
    assert of_yaml(yaml(tmp_path, text)) == Context(
        "prod",
        endpoints=("e1:2379", "e2:2379"),
        user="viewer",
        dial_timeout=3.0,
        cert="c.pem",
        key="k.pem",
        cacert="ca.pem",
        insecure_transport=False,
        insecure_skip_tls_verify=True,
    )


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("- a", "keys and values"),
        ("endpoints: [1]", "endpoints: a string is wanted, not 1 (a number)"),
        ("nonsense: 1", "nonsense: there is no such key"),
        ("a: b: c", "it is no YAML"),
    ],
)
def test_what_is_wrong_in_it_is_named(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(ValueError, match=r"prod\.yaml: ") as failure:
        of_yaml(yaml(tmp_path, text))
    assert part in str(failure.value)
    with pytest.raises(ValueError, match="No such file"):
        of_yaml(tmp_path / "nowhere.yaml")


def test_a_written_context_is_read_again_and_only_by_its_owner(file: Path) -> None:
    context = Context(
        "prod",
        endpoints=("https://a:1",),
        user="u",
        password=Password(Source.COMMAND, "pass etcd"),
        read_only=True,
        dial_timeout=0.5,
        insecure_transport=False,
    )
    save(file, context)
    assert load(file, {}).context("prod") == context
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_given_password_is_not_written(file: Path) -> None:
    save(file, Context("mine", user="u", password=Password(Source.GIVEN, "secret")))
    assert "secret" not in file.read_text()
    assert load(file, {}).context("mine").password.source is Source.PROMPT


def test_comments_and_all_else_stay(file: Path) -> None:
    file.parent.mkdir()
    before = '# mine\n[contexts.dev]\nendpoints = ["a:1"] # here\n\n[ui]\ntheme = "light"\n'
    file.write_text(before)
    save(file, Context("prod", endpoints=("b:1",)))
    use(file, "prod")
    text = file.read_text()
    for line in before.split("\n"):
        assert line in text
    config = load(file, {})
    assert config.problems == ()
    assert (config.current, list(config.contexts), config.ui.theme) == ("prod", [ENV, "dev", "prod"], "light")
    save(file, Context("dev", endpoints=("c:1",)))
    assert load(file, {}).context("dev").endpoints == ("c:1",)


def test_a_damaged_file_is_not_overwritten(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("a = [")
    with pytest.raises(ValueError, match="it is no TOML"):
        save(file, Context("prod"))
    assert file.read_text() == "a = ["


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    file.parent.mkdir()
    file.symlink_to(tmp_path / "elsewhere.toml")
    save(file, Context("prod"))
    assert file.is_symlink()
    assert "prod" in load(file, {}).contexts
