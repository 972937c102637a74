"""The etcdctl lines, run by a real shell with the real etcdctl against a real etcd."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest

from etcdobs import Client, Keys
from etcdobs.testing import Etcd, find_etcd
from etcdobs_explorer.model import etcdctl
from etcdobs_explorer.model.text import inert

Shell = Callable[[str], str]
Sees = Callable[[str, bytes], bool]
WORDS = [
    b"plain/key-1",
    b"with space, 'quote', \"double\" and \\back\\slash",
    b"$HOME `id` $(id) !! ~ * ? # ; & | < >",
    b"-leading --dash",
    b"--",
    "Größe 漢字 😀".encode(),
    b"\xff\xfe\x80",
    b"\x1b]2;evil\x07 \x01\x7f",
    "bidi \u202e and \u200b zero width".encode(),
    b"line one\nline two\r\n\ttab\n",
    b"%s %d 100%\\n",
    b"~",
    b"=",
]
NUL = [b"a\0b", b"\0", b"end\0", b"\0'%\xff\n"]


@pytest.fixture
def client(etcd_server: Etcd) -> Iterator[Client]:
    with Client(etcd_server.endpoint) as opened:
        yield opened


@pytest.fixture
def environ(etcd_server: Etcd) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("ETCDCTL_")}
    path = f"{find_etcd().parent}{os.pathsep}{os.environ['PATH']}"
    return {**ours, "PATH": path, "ETCDCTL_ENDPOINTS": etcd_server.endpoint, "ETCDCTL_API": "3"}


@pytest.fixture
def sh(environ: dict[str, str]) -> Shell:
    """Run lines in bash, as a user who copied them would."""

    def run(script: str) -> str:
        done = subprocess.run(
            ["bash"], input=script.encode(), env=environ, capture_output=True, timeout=30, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.decode("utf-8", "surrogateescape")

    return run


@pytest.fixture
def sees(environ: dict[str, str]) -> Sees:
    """Whether a line that does not end by itself prints a text."""

    def run(line: str, wanted: bytes) -> bool:
        shell = ["bash", "-c", line]
        with subprocess.Popen(shell, env=environ, stdin=-1, stdout=-1, start_new_session=True) as process:
            assert process.stdout
            timer = threading.Timer(20, os.killpg, (process.pid, signal.SIGKILL))
            timer.start()
            found = any(wanted in printed for printed in process.stdout)
            timer.cancel()
            os.killpg(process.pid, signal.SIGKILL)
        return found

    return run


def is_inert(line: str) -> bool:
    return all(inert(row).plain == row for row in line.split("\n"))


class TestWords:
    """Every word arrives as it is, as a key and as a value."""

    @pytest.mark.parametrize("word", [*WORDS, *NUL], ids=repr)
    def test_a_put(self, sh: Shell, client: Client, prefix: str, word: bytes) -> None:
        key = prefix.encode() + word
        line = etcdctl.put(key, word)
        assert is_inert(line)
        sh(line)
        found = client.get(key)
        assert found is not None
        assert found.value == word

    @pytest.mark.parametrize("word", [*WORDS, *NUL], ids=repr)
    def test_a_transaction(self, sh: Shell, client: Client, prefix: str, word: bytes) -> None:
        key = prefix.encode() + word
        client.put(key, word)
        text = etcdctl.txn(
            [etcdctl.compare("value", key, "=", word), etcdctl.compare("version", key, "=", 1)],
            [etcdctl.put_request(key + b"2", word + b"2"), etcdctl.delete_request(key)],
            [etcdctl.get_request(key)],
        )
        assert is_inert(text)
        assert sh(text).startswith("SUCCESS")
        assert client.get(key) is None
        found = client.get(key + b"2")
        assert found is not None
        assert found.value == word + b"2"

    @pytest.mark.parametrize("key", [b"-n\0", b"--", b"-", b"-x"], ids=repr)
    def test_a_key_that_looks_like_a_flag(self, sh: Shell, client: Client, key: bytes) -> None:
        sh(etcdctl.put(key, b"-value"))
        found = client.get(key)
        assert found is not None
        assert found.value == b"-value"
        assert "-value" in sh(etcdctl.get(key))
        sh(etcdctl.delete(key))
        assert client.get(key) is None

    def test_a_word_in_a_shell_line_has_no_nul(self) -> None:
        with pytest.raises(ValueError, match="NUL"):
            etcdctl.in_shell(b"a\0b")


class TestPut:
    @pytest.mark.parametrize("value", [b"", b"x" * 200_000, bytes(range(256)) * 4], ids=["empty", "long", "all bytes"])
    def test_a_value(self, sh: Shell, client: Client, prefix: str, value: bytes) -> None:
        sh(etcdctl.put(prefix.encode() + b"k", value))
        found = client.get(prefix + "k")
        assert found is not None
        assert found.value == value

    def test_the_lease_and_what_is_kept(self, sh: Shell, client: Client, prefix: str) -> None:
        key = prefix.encode() + b"k"
        lease = client.lease.grant(60)
        sh(etcdctl.put(key, b"one", lease=lease.id))
        sh(etcdctl.put(key, b"two", ignore_lease=True))
        found = client.get(key)
        assert found is not None
        assert (found.value, found.lease) == (b"two", lease.id)
        sh(etcdctl.put(key, None, lease=0))
        found = client.get(key)
        assert found is not None
        assert (found.value, found.lease) == (b"two", 0)
        assert sh(etcdctl.put(key, b"3", prev_kv=True)).split() == ["OK", key.decode(), "two"]


class TestRanges:
    @pytest.mark.parametrize("word", [b"d/", b"d\xff", b"\0", b"-"], ids=repr)
    def test_a_prefix(self, sh: Shell, client: Client, prefix: str, word: bytes) -> None:
        start = prefix.encode() + word
        for key in (start + b"1", start + b"2", prefix.encode() + b"other"):
            client.put(key, "v")
        line = etcdctl.delete(start, etcdctl.prefix_end(start))
        assert "--prefix" in line
        sh(line)
        assert [kv.key for kv in client.scan(below(prefix))] == [prefix.encode() + b"other"]

    def test_from_one_key_to_another(self, sh: Shell, client: Client, prefix: str) -> None:
        for name in "abc":
            client.put(prefix + name, "v")
        line = etcdctl.get(prefix.encode() + b"a", prefix.encode() + b"c", keys_only=True)
        assert sh(line).split() == [f"{prefix}a", f"{prefix}b"]

    @pytest.mark.parametrize(
        ("start", "line"),
        [
            (b"", "etcdctl get --prefix --keys-only ''"),
            (b"\0", "etcdctl get --prefix --keys-only ''"),
            (b"\xff\xff", "etcdctl get --prefix --keys-only $'\\xff\\xff'"),
            (b"m", "etcdctl get --from-key --keys-only m"),
        ],
    )
    def test_all_keys_from_one_on(self, sh: Shell, client: Client, start: bytes, line: str) -> None:
        client.put(b"\xff\xffz", "v")
        assert etcdctl.get(start, b"\0", keys_only=True) == line
        assert "\udcff\udcffz" in sh(line)

    def test_options_of_a_read(
        self, sh: Shell, client: Client, prefix: str, server_version: tuple[int, int, int]
    ) -> None:
        first = client.put(prefix + "a", "old").revision
        client.put(prefix + "a", "new")
        client.put(prefix + "b", "new")
        start, end = prefix.encode(), etcdctl.prefix_end(prefix.encode())
        assert "old" in sh(etcdctl.get(start + b"a", revision=first))
        assert sh(etcdctl.get(start, end, limit=1, serializable=True)).split() == [f"{prefix}a", "new"]
        if server_version >= (3, 5):  # an older etcdctl cannot count
            assert '"Count" : 2' in sh(etcdctl.get(start, end, count_only=True))


class TestWatch:
    @pytest.mark.parametrize("word", [b"k", b"a b", b"\xff", b"n\0"], ids=repr)
    def test_one_key(self, sees: Sees, client: Client, prefix: str, word: bytes) -> None:
        key = prefix.encode() + word
        revision = client.put(key, "seen").revision
        assert sees(etcdctl.watch(key, revision=revision), b"seen")

    @pytest.mark.parametrize("key", [b"-k", b"--"], ids=repr)
    def test_a_key_that_looks_like_a_flag(self, sees: Sees, client: Client, key: bytes) -> None:
        revision = client.put(key, "seen").revision
        assert sees(etcdctl.watch(key, revision=revision), b"seen")

    def test_a_prefix_with_what_was_before(self, sees: Sees, client: Client, prefix: str) -> None:
        client.put(prefix + "k", "before")
        revision = client.put(prefix + "k", "after").revision
        line = etcdctl.watch(prefix.encode(), etcdctl.prefix_end(prefix.encode()), revision=revision, prev_kv=True)
        assert "--prefix" in line
        assert sees(line, b"before")


class TestOthers:
    def test_leases(self, sh: Shell, client: Client, prefix: str) -> None:
        granted = sh(etcdctl.lease("grant", ttl=60))
        id = int(granted.split()[1], 16)
        client.put(prefix + "k", "v", lease=id)
        assert f"{id:x}" in sh(etcdctl.lease("list"))
        assert prefix + "k" in sh(etcdctl.lease("timetolive", id, keys=True))
        assert etcdctl.lease("keep-alive", id) == f"etcdctl lease keep-alive {id:x}"
        sh(etcdctl.lease("revoke", id))
        assert client.get(prefix + "k") is None

    def test_members(self, sh: Shell) -> None:
        assert "started" in sh(etcdctl.member("list"))
        added = etcdctl.member("add", name=b"m 4", peer_urls=[b"http://h:1", b"http://h:2"], learner=True)
        assert added == "etcdctl member add 'm 4' --peer-urls=http://h:1,http://h:2 --learner"
        assert etcdctl.member("remove", 255) == "etcdctl member remove ff"

    def test_any_other(self, sh: Shell) -> None:
        assert "is healthy" in sh(etcdctl.command("endpoint", "health") + " 2>&1")


def below(prefix: str) -> Keys:
    return Keys.prefix(prefix)
