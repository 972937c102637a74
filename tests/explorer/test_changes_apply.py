"""Writes on a real server: guards, leases, conflicts, undo, and what is forbidden; by both clients."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from etcdobs import Client, Keys
from etcdobs.testing import Etcd
from etcdobs_explorer.gateway import blocking
from etcdobs_explorer.model.records import Entry
from etcdobs_explorer.model.writes import (
    OPEN,
    Ending,
    Kind,
    Phase,
    Plan,
    Protection,
    RefusedError,
    create,
    delete_key,
    edit,
    many,
    operations,
)
from tests.explorer.writers import Blocking, Fed, Writer


@pytest.fixture
def client(etcd_server: Etcd) -> Iterator[Client]:
    with Client(etcd_server.endpoint) as opened:
        yield opened


Open = Callable[..., Writer]


@pytest.fixture(params=["feed", "blocking"])
async def open_writer(request: pytest.FixtureRequest, etcd_server: Etcd) -> AsyncIterator[Open]:
    opened: list[Writer] = []

    def make(protection: Protection = OPEN) -> Writer:
        kind = Fed if request.param == "feed" else Blocking
        opened.append(kind(etcd_server.endpoint, protection))
        return opened[-1]

    yield make
    for writer in opened:
        if isinstance(writer, Fed):
            await writer.gateway.close()
        elif isinstance(writer, Blocking):
            writer.client.close()


@pytest.fixture
def writer(open_writer: Open) -> Writer:
    return open_writer()


def read(client: Client, key: str | bytes) -> Entry:
    entry = blocking.read(client, key.encode() if isinstance(key, str) else key)
    assert entry is not None
    return entry


def below(client: Client, prefix: str) -> dict[str, str]:
    return {kv.key.decode(): kv.text for kv in client.scan(Keys.prefix(prefix))}


def fill(client: Client, prefix: str, count: int, lease: int = 0) -> None:
    for number in range(count):
        client.put(f"{prefix}{number:04d}", f"value {number}", lease=lease)


class TestOneKey:
    async def test_an_edit_keeps_the_lease(self, writer: Writer, client: Client, prefix: str) -> None:
        lease = client.lease.grant(60)
        client.put(prefix + "k", "old", lease=lease)
        report = await writer.apply(edit(read(client, prefix + "k"), b"new"))
        found = read(client, prefix + "k")
        assert report.ending is Ending.DONE
        assert (found.value, found.lease) == (b"new", lease.id)
        assert client.lease.time_to_live(lease.id, keys=True).keys == (f"{prefix}k".encode(),)

    async def test_an_edit_meets_a_conflict(self, writer: Writer, client: Client, prefix: str) -> None:
        client.put(prefix + "k", "base")
        plan = edit(read(client, prefix + "k"), b"mine")
        client.put(prefix + "k", "theirs")
        report = await writer.apply(plan)
        assert report.ending is Ending.CONFLICT
        assert [(key, entry.value if entry else None) for key, entry in report.theirs] == [
            (f"{prefix}k".encode(), b"theirs")
        ]
        assert read(client, prefix + "k").value == b"theirs"
        assert writer.state.journal.steps == []

    async def test_an_edit_of_a_key_that_is_gone(self, writer: Writer, client: Client, prefix: str) -> None:
        client.put(prefix + "k", "base")
        plan = edit(read(client, prefix + "k"), b"mine")
        client.delete(prefix + "k")
        report = await writer.apply(plan)
        assert report.theirs == ((f"{prefix}k".encode(), None),)
        assert client.get(prefix + "k") is None

    async def test_a_key_that_exists_is_not_created(self, writer: Writer, client: Client, prefix: str) -> None:
        client.put(prefix + "k", "theirs")
        report = await writer.apply(create(f"{prefix}k".encode(), b"mine"))
        assert report.ending is Ending.CONFLICT
        assert read(client, prefix + "k").value == b"theirs"

    async def test_a_rename_carries_the_lease(self, writer: Writer, client: Client, prefix: str) -> None:
        lease = client.lease.grant(60)
        client.put(prefix + "a", b"\xff\0raw", lease=lease)
        plan = await writer.transfer(read(client, prefix + "a"), f"{prefix}b".encode(), move=True)
        await writer.apply(plan)
        assert client.get(prefix + "a") is None
        found = read(client, prefix + "b")
        assert (found.value, found.lease) == (b"\xff\0raw", lease.id)


class TestDirectories:
    async def test_tetcd_1_deleting_a1_leaves_a10_alone(self, writer: Writer, client: Client, prefix: str) -> None:
        for name in ("a1", "a1/x", "a1/y", "a10/x", "a1-b"):
            client.put(prefix + name, "v")
        plan = await writer.deletion(f"{prefix}a1".encode())
        assert (plan.keys, plan.subject.start) == (2, f"{prefix}a1/".encode())
        await writer.apply(plan)
        assert set(below(client, prefix)) == {prefix + name for name in ("a1", "a10/x", "a1-b")}

    async def test_tetcd_6_editing_keeps_the_lease_of_a_key_below(
        self, writer: Writer, client: Client, prefix: str
    ) -> None:
        lease = client.lease.grant(60)
        client.put(prefix + "t/a/child", "old", lease=lease)
        await writer.apply(edit(read(client, prefix + "t/a/child"), b"new"))
        assert client.lease.time_to_live(lease.id, keys=True).keys == (f"{prefix}t/a/child".encode(),)

    async def test_many_in_chunks_and_back(self, writer: Writer, client: Client, prefix: str) -> None:
        lease = client.lease.grant(60)
        fill(client, prefix + "d/", 150, lease.id)
        before = below(client, prefix)
        plan = await writer.directory(f"{prefix}d/".encode(), f"{prefix}e".encode(), move=True)
        assert len(plan.chunks) == 3
        report = await writer.apply(plan)
        assert report.lines[0].startswith("150 of 150 keys written, at revisions")
        assert below(client, prefix) == {
            key.replace(f"{prefix}d/", f"{prefix}e/"): value for key, value in before.items()
        }
        report = await writer.apply(await writer.undo(writer.last))
        assert (report.ending, report.reason) == (Ending.DONE, b"")
        assert below(client, prefix) == before
        assert len(client.lease.time_to_live(lease.id, keys=True).keys) == 150
        assert writer.state.journal.steps[0].state == "undone by 2"

    async def test_a_key_that_appears_is_a_conflict(self, writer: Writer, client: Client, prefix: str) -> None:
        fill(client, prefix + "d/", 3)
        plan = await writer.deletion(f"{prefix}d/".encode())
        client.put(prefix + "d/new", "theirs")
        report = await writer.apply(plan)
        assert report.ending is Ending.CONFLICT
        assert [key for key, _ in report.theirs] == [f"{prefix}d/new".encode()]
        assert len(below(client, prefix)) == 4

    async def test_a_conflict_in_the_middle_says_what_was_done(
        self, writer: Writer, client: Client, prefix: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(many, "_RANGE_KEYS", 2)
        fill(client, prefix + "d/", 6)
        plan = await writer.deletion(f"{prefix}d/".encode())
        client.put(prefix + "d/0003", "theirs")
        report = await writer.apply(plan)
        assert set(below(client, prefix)) == {f"{prefix}d/{number:04d}" for number in (2, 3, 4, 5)}
        assert report.lines[0].startswith("2 of 6 keys written")
        assert report.lines[1:] == (
            "transaction 2 of 3, 2 keys: not applied",
            "1 transaction of 2 keys not sent",
        )
        assert writer.last.state == "in part: conflict"
        await writer.apply(await writer.undo(writer.last))
        assert len(below(client, prefix)) == 6

    async def test_keys_that_went_by_themselves_are_counted(self, writer: Writer, client: Client, prefix: str) -> None:
        fill(client, prefix + "d/", 3)
        plan = await writer.deletion(f"{prefix}d/".encode())
        client.delete(prefix + "d/0001")
        report = await writer.apply(plan)
        assert (report.keys, report.missed) == (2, 1)
        await writer.apply(await writer.undo(writer.last))
        assert set(below(client, prefix)) == {f"{prefix}d/0000", f"{prefix}d/0002"}

    async def test_too_much_to_be_undone(
        self, writer: Writer, client: Client, prefix: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(many, "UNDO_BYTES", 500)
        fill(client, prefix + "d/", 20)
        plan = await writer.deletion(f"{prefix}d/".encode())
        assert (plan.keys, plan.undoable) == (20, False)
        await writer.apply(plan)
        assert below(client, prefix) == {}
        assert writer.last.why_not_undoable == "it was too much to be kept"

    async def test_an_empty_directory(self, writer: Writer, prefix: str) -> None:
        if isinstance(writer, Fed):
            with pytest.raises(RefusedError, match="nothing to change"):
                await writer.deletion(f"{prefix}none/".encode())
        else:
            assert (await writer.deletion(f"{prefix}none/".encode())).is_empty


class TestUndo:
    async def test_each_kind(self, writer: Writer, client: Client, prefix: str) -> None:
        client.put(prefix + "edited", "old")
        client.put(prefix + "deleted", "old")
        client.put(prefix + "overwritten", "old")
        before = below(client, prefix)
        await writer.apply(create(f"{prefix}new".encode(), b"v"))
        await writer.apply(edit(read(client, prefix + "edited"), b"new"))
        await writer.apply(delete_key(read(client, prefix + "deleted")))
        source = read(client, prefix + "edited")
        await writer.apply(await writer.transfer(source, f"{prefix}overwritten".encode(), move=False))
        steps = list(writer.state.journal.steps)
        for step in reversed(steps):
            assert writer.state.journal.last_to_undo() is step
            report = await writer.apply(await writer.undo(step))
            assert report.ending is Ending.DONE
        assert below(client, prefix) == before
        assert writer.state.journal.last_to_undo() is None

    async def test_only_where_nothing_changed_since(self, writer: Writer, client: Client, prefix: str) -> None:
        client.put(prefix + "k", "old")
        await writer.apply(edit(read(client, prefix + "k"), b"mine"))
        client.put(prefix + "k", "later")
        plan = await writer.undo(writer.last)
        report = await writer.apply(plan)
        assert report.ending is Ending.CONFLICT
        assert read(client, prefix + "k").value == b"later"
        assert writer.last.kind == Kind.EDIT.value

    async def test_a_lease_that_is_gone_is_said(self, writer: Writer, client: Client, prefix: str) -> None:
        kept, lost = client.lease.grant(60), client.lease.grant(60)
        client.put(prefix + "d/kept", "v", lease=kept)
        client.put(prefix + "d/lost", "v", lease=lost)
        await writer.apply(await writer.deletion(f"{prefix}d/".encode()))
        client.lease.revoke(lost.id)
        plan = await writer.undo(writer.last)
        assert plan.warnings == ("1 key had a lease that is gone, and returns without one",)
        await writer.apply(plan)
        assert read(client, prefix + "d/kept").lease == kept.id
        assert read(client, prefix + "d/lost").lease == 0

    async def test_an_undo_can_be_undone(self, writer: Writer, client: Client, prefix: str) -> None:
        client.put(prefix + "k", "old")
        await writer.apply(edit(read(client, prefix + "k"), b"new"))
        await writer.apply(await writer.undo(writer.last))
        await writer.apply(await writer.undo(writer.last))
        assert read(client, prefix + "k").value == b"new"

    async def test_twice_is_refused(self, writer: Writer, client: Client, prefix: str) -> None:
        await writer.apply(create(f"{prefix}k".encode(), b"v"))
        step = writer.last
        await writer.apply(await writer.undo(step))
        with pytest.raises(RefusedError, match="step 2 has undone it"):
            await writer.undo(step)


class TestForbidden:
    async def test_read_only(self, open_writer: Open, client: Client, prefix: str) -> None:
        await refused(open_writer(Protection(read_only=True)), create(f"{prefix}k".encode(), b"v"), "read-only")
        assert client.get(prefix + "k") is None

    async def test_a_protected_prefix_within_a_larger_range(
        self, open_writer: Open, client: Client, prefix: str
    ) -> None:
        writer = open_writer(Protection(protected=(f"{prefix}d/safe/".encode(),)))
        for name in ("d/a", "d/safe/k", "d/z"):
            client.put(prefix + name, "v")
        await refused(writer, await writer.deletion(f"{prefix}d/".encode()), "protected")
        target = await writer.directory(f"{prefix}d/safe/".encode(), f"{prefix}e/".encode(), move=True)
        await refused(writer, target, "protected")
        await refused(writer, create(f"{prefix}d/safe/new".encode(), b"v"), "protected")
        assert len(below(client, prefix)) == 3
        await writer.apply(delete_key(read(client, prefix + "d/a")))
        assert len(below(client, prefix)) == 2

    async def test_a_plan_is_refused_whole_not_from_the_protected_part_on(
        self, open_writer: Open, client: Client, prefix: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(many, "_RANGE_KEYS", 2)
        writer = open_writer(Protection(protected=(f"{prefix}d/0005".encode(),)))
        fill(client, prefix + "d/", 6)
        plan = await writer.deletion(f"{prefix}d/".encode())
        assert len(plan.chunks) == 3
        if isinstance(writer, Fed):
            await writer.feed.apply(plan)
            assert writer.state.writing.phase is Phase.FAILED
            assert b"protected" in writer.state.writing.reason
        else:
            with pytest.raises(RefusedError, match="protected"):
                await writer.apply(plan)
        assert len(below(client, prefix)) == 6


async def refused(writer: Writer, plan: Plan, reason: str) -> None:
    """The gateway itself says no, whoever asks."""
    if isinstance(writer, Fed):
        with pytest.raises(RefusedError, match=reason):
            await writer.gateway.commit(plan.chunks[0])
        await writer.feed.apply(plan)
        assert writer.state.writing.phase is Phase.FAILED
        assert reason.encode() in writer.state.writing.reason
        assert writer.state.journal.steps == []
    else:
        with pytest.raises(RefusedError, match=reason):
            await writer.apply(plan)


class TestFeed:
    async def test_stopped_between_two_chunks(
        self, etcd_server: Etcd, client: Client, prefix: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(operations, "MOST_OPERATIONS", 4)
        fill(client, prefix + "d/", 10)
        writer = Fed(etcd_server.endpoint, OPEN)
        plan = await writer.directory(f"{prefix}d/".encode(), f"{prefix}e/".encode(), move=False)
        commit = writer.gateway.commit

        async def slow(chunk: operations.Chunk) -> operations.Committed | operations.Conflict:
            answer = await commit(chunk)
            if len(below(client, prefix + "e/")) >= 4:
                await writer.feed.stop()
            return answer

        monkeypatch.setattr(writer.gateway, "commit", slow)
        report = await writer.apply(plan)
        await writer.gateway.close()
        assert report.ending is Ending.STOPPED
        assert len(below(client, prefix + "e/")) == report.keys == 4
        assert report.lines[1] == "3 transactions of 6 keys not sent"
        assert writer.last.state == "in part: stopped"

    async def test_cancelled_in_the_middle_it_says_what_is_known(
        self, etcd_server: Etcd, client: Client, prefix: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(operations, "MOST_OPERATIONS", 4)
        fill(client, prefix + "d/", 10)
        writer = Fed(etcd_server.endpoint, OPEN)
        plan = await writer.directory(f"{prefix}d/".encode(), f"{prefix}e/".encode(), move=False)
        commit, is_waiting = writer.gateway.commit, asyncio.Event()

        async def hanging(chunk: operations.Chunk) -> operations.Committed | operations.Conflict:
            if below(client, prefix + "e/"):
                is_waiting.set()
                await asyncio.Event().wait()
            return await commit(chunk)

        monkeypatch.setattr(writer.gateway, "commit", hanging)
        applying = asyncio.create_task(writer.feed.apply(plan))
        await is_waiting.wait()
        applying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await applying
        await writer.gateway.close()
        report = writer.state.writing.report
        assert report is not None
        assert (report.ending, report.keys) == (Ending.UNKNOWN, len(below(client, prefix + "e/")))
        assert writer.last.state == "in part: outcome unknown"

    async def test_an_unknown_outcome(self, fresh_etcd: Etcd) -> None:
        with Client(fresh_etcd.endpoint) as client:
            client.put("/k", "v")
            plan = edit(read(client, "/k"), b"new")
        writer = Fed(fresh_etcd.endpoint, OPEN)
        await writer.gateway.newest_revision()
        fresh_etcd.pause()
        report = await writer.apply(plan)
        fresh_etcd.resume()
        await writer.gateway.close()
        assert report.ending is Ending.UNKNOWN
        assert writer.last.state == "outcome unknown"
        assert writer.last.why_not_undoable
