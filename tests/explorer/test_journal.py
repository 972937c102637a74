"""The journal of a session: what it keeps, and the script it makes, run by a real shell with the real etcdctl."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from etcdobs import Client, Keys
from etcdobs.testing import Etcd, find_etcd
from etcdobs_explorer.gateway import blocking
from etcdobs_explorer.model.records import Entry, FailureKind, GatewayError
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.writes import (
    Application,
    Journal,
    Plan,
    Step,
    create,
    delete_key,
    edit,
    journal,
    plan_lines,
    script,
)


@pytest.fixture
def client(etcd_server: Etcd) -> Iterator[Client]:
    with Client(etcd_server.endpoint) as opened:
        yield opened


def run(etcd_server: Etcd, text: str) -> None:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("ETCDCTL_")}
    path = f"{find_etcd().parent}{os.pathsep}{os.environ['PATH']}"
    environ = {**ours, "PATH": path, "ETCDCTL_ENDPOINTS": etcd_server.endpoint, "ETCDCTL_API": "3"}
    done = subprocess.run(["bash"], input=text.encode(), env=environ, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


class Session:
    """Writes below a prefix, and keeps a journal of them."""

    def __init__(self, client: Client, prefix: str) -> None:
        self.client = client
        self.prefix = prefix.encode()
        self.journal = Journal()

    def key(self, name: bytes) -> bytes:
        return self.prefix + name

    def write(self, plan: Plan) -> Step:
        step = self.journal.record(blocking.apply(self.client, plan), 1_700_000_000.0)
        assert step is not None
        return step

    def entry(self, name: bytes) -> Entry:
        found = blocking.read(self.client, self.key(name))
        assert found is not None
        return found

    def keys(self) -> list[tuple[bytes, bytes, int]]:
        return [(kv.key, kv.value, kv.lease) for kv in self.client.scan(Keys.prefix(self.prefix))]


@pytest.fixture
def session(client: Client, prefix: str) -> Session:
    return Session(client, prefix)


class TestScript:
    def test_it_makes_the_same_keys_again(self, session: Session, client: Client, etcd_server: Etcd) -> None:
        lease = client.lease.grant(120)
        start: list[tuple[bytes, bytes, int]] = [
            (b"edited", b"old", lease.id),
            (b"gone", b"v", 0),
            (b"nul\0\xff'\"$(x)", b"\0\x01\n%s\\", lease.id),
            *((b"dir/%03d" % number, b"value %d" % number, 0) for number in range(70)),
            (b"dir10/x", b"stays", 0),
        ]

        def reset() -> None:
            client.delete(Keys.prefix(session.prefix))
            for name, value, id in start:
                client.put(session.key(name), value, lease=id)

        reset()
        session.write(create(session.key(b"-new \n'key'"), b'{\n  "a": "$HOME"\n}\n'))
        session.write(edit(session.entry(b"edited"), bytes(range(256))))
        session.write(edit(session.entry(b"nul\0\xff'\"$(x)"), b"\0edited"))
        session.write(delete_key(session.entry(b"gone")))
        moved = blocking.plan_directory_transfer(client, session.key(b"dir"), session.key(b"moved"), move=True)
        session.write(moved)
        copied = blocking.plan_directory_transfer(client, session.key(b"moved"), session.key(b"copied"), move=False)
        session.write(blocking.plan_undo(client, session.write(copied)))
        session.write(blocking.plan_deletion(client, session.key(b"moved")))
        wanted = session.keys()
        reset()
        text = script(session.journal.steps)
        run(etcd_server, text)
        assert session.keys() == wanted
        assert all(inert(line).plain == line for line in text.split("\n"))

    def test_what_cannot_be_done_again_is_a_comment(self, session: Session, client: Client) -> None:
        lease = client.lease.grant(120)
        client.put(session.key(b"k"), "v", lease=lease)
        session.write(blocking.plan_transfer(client, session.entry(b"k"), session.key(b"copy"), move=False))
        session.journal.noted("grant", b"694d", "etcdctl lease grant 60", 1_700_000_000.0)
        running = Application(delete_key(session.entry(b"k")))
        running.failed(GatewayError(FailureKind.OUTCOME_UNKNOWN, b"connection reset"))
        session.journal.record(running.report, 1_700_000_000.0)
        lines = script(session.journal.steps).split("\n")
        assert f"# the lease {lease.id:x} has to live: put the id of another one in its place" in lines
        assert "# etcdctl lease grant 60" in lines
        assert "# it is not known whether this was applied:" in lines
        assert f"# etcdctl del {session.prefix.decode()}k" in lines
        commands = [line for line in lines if line.startswith("etcdctl")]
        assert commands == [f"etcdctl put --lease={lease.id:x} {session.prefix.decode()}copy v"]

    def test_the_lines_of_a_plan_are_guarded(self, session: Session, client: Client, etcd_server: Etcd) -> None:
        client.put(session.key(b"k"), "old")
        plan = edit(session.entry(b"k"), b"new")
        client.put(session.key(b"k"), "theirs")
        run(etcd_server, "\n".join(plan_lines(plan)))
        assert session.entry(b"k").value == b"theirs"
        run(etcd_server, "\n".join(plan_lines(edit(session.entry(b"k"), b"new"))))
        assert session.entry(b"k").value == b"new"

    def test_many_lines_of_a_plan_are_cut(self, session: Session, client: Client) -> None:
        for number in range(70):
            client.put(session.key(b"d/%d" % number), "v")
        plan = blocking.plan_directory_transfer(client, session.key(b"d"), session.key(b"e"), move=True)
        assert len(plan_lines(plan, 5)) == 6
        assert plan_lines(plan, 5)[-1].startswith("# and ")


class TestKept:
    def test_what_was_not_applied_is_not_kept(self, session: Session, client: Client) -> None:
        client.put(session.key(b"k"), "v")
        plan = edit(session.entry(b"k"), b"new")
        client.put(session.key(b"k"), "theirs")
        assert session.journal.record(blocking.apply(client, plan), 0.0) is None

    def test_the_oldest_give_up_their_undo(
        self, session: Session, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(journal, "JOURNAL_BYTES", 1000)
        for name in (b"a", b"b", b"c"):
            client.put(session.key(name), b"x" * 400)
            session.write(delete_key(session.entry(name)))
        first, second, third = session.journal.steps
        assert first.why_not_undoable == "later steps took the memory that its undo needs"
        assert third.why_not_undoable == ""
        assert session.journal.last_to_undo() is third
        assert script([first]).endswith(f"etcdctl del {first.subject.start.decode()}\n")
        assert second.number == 2

    def test_filter_and_place(self, session: Session) -> None:
        for name in (b"apple", b"pear"):
            session.write(create(session.key(name), b"v"))
        session.journal.set_filter("pear")
        assert [step.number for step in session.journal.rows] == [2]
        assert session.journal.index_of(2) == 0
        assert session.journal.index_of(1) is None

    def test_a_note_is_no_write_of_keys(self) -> None:
        kept = Journal()
        step = kept.noted("revoke", b"694d", "etcdctl lease revoke 694d", 0.0)
        assert step.why_not_undoable == "it is no write of keys"
        assert kept.last_to_undo() is None


def test_a_saved_script_is_the_owners_alone(tmp_path: Path, session: Session) -> None:
    from types import SimpleNamespace

    from etcdobs_explorer.tui.verbs.journal import save

    session.write(create(session.key(b"k"), b"secret"))
    told: list[object] = []
    view = SimpleNamespace(state=SimpleNamespace(journal=session.journal), post_message=told.append)
    path = tmp_path / "writes.sh"
    save(view, str(path).encode())  # type: ignore[arg-type]
    assert path.stat().st_mode & 0o777 == 0o700
    assert "secret" in path.read_text()
    save(view, str(path).encode())  # type: ignore[arg-type]
    assert "File exists" in told[-1].text  # type: ignore[attr-defined]
