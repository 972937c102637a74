"""What a recording holds, line by line, and what becomes of it where the disk is slow, full or not a disk at all."""

import asyncio
import base64
import json
import os
import resource
from pathlib import Path
from typing import Any

import pytest

from etcdobs_explorer.feeds.recorder import Recorder
from etcdobs_explorer.model.recording import Recorded, Recording, file_name, line
from etcdobs_explorer.model.records import EventBatch, EventRecord
from tests.explorer.hostile import HOSTILE


def put(key: bytes, value: bytes, revision: int = 7) -> EventRecord:
    return EventRecord(False, False, key, value[:256], len(value), revision, 0, 3, 2)


def read(raw: bytes) -> dict[str, Any]:
    return dict(json.loads(raw))


class TestLine:
    def test_a_put(self) -> None:
        event = EventRecord(False, False, b"/k", b"v", 1, 7, 0x694D, 3, 2)
        assert read(line(Recorded(event, b"value", 1_790_000_000.25))) == {
            "time": "2026-09-21T14:13:20.250Z",
            "type": "put",
            "key": "/k",
            "mod_revision": 7,
            "create_revision": 3,
            "version": 2,
            "lease": "694d",
            "value": "value",
        }

    def test_a_deletion(self) -> None:
        found = read(line(Recorded(EventRecord(True, False, b"/k", b"", 0, 9), b"", 0.0)))
        assert found == {"time": "1970-01-01T00:00:00.000Z", "type": "delete", "key": "/k", "mod_revision": 9}

    @pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
    def test_any_bytes_come_back_and_none_is_for_a_terminal_to_act_upon(self, raw: bytes) -> None:
        written = line(Recorded(put(raw, raw), raw, 0.0))
        assert written.endswith(b"\n")
        assert all(0x20 <= byte < 0x7F for byte in written[:-1])
        found = read(written)
        for name in ("key", "value"):
            back = found[name].encode() if name in found else base64.b64decode(found[f"{name}_base64"])
            assert back == raw


def test_a_name_of_letters_and_digits() -> None:
    assert file_name(b"/config/../\x1b]2;x", 0.0) == b"watch-config------2-x-19700101T000000Z.jsonl"
    assert file_name(b"", 0.0) == b"watch-19700101T000000Z.jsonl"


class TestRecorder:
    async def recorded(self, recorder: Recorder, *batches: EventBatch) -> Recording:
        running = asyncio.create_task(recorder.run(lambda _: None))
        for batch in batches:
            recorder.put(batch, 0.0)
        recorder.stop()
        await running
        return recorder.recording

    async def test_whole_values_are_appended_and_counted(self, tmp_path: Path) -> None:
        path = tmp_path / "out.jsonl"
        path.write_text("earlier\n")
        value = b"x" * 1000
        done = await self.recorded(Recorder(os.fsencode(path)), EventBatch((put(b"/k", value),) * 3, 7, (value,) * 3))
        lines = path.read_bytes().splitlines()
        assert lines[0] == b"earlier"
        assert [read(each)["value"] for each in lines[1:]] == ["x" * 1000] * 3
        assert (done.written, done.dropped, done.is_over, done.reason) == (3, 0, True, "")
        assert done.size == len(b"".join(each + b"\n" for each in lines[1:]))

    async def test_others_cannot_read_it(self, tmp_path: Path) -> None:
        path = tmp_path / "out.jsonl"
        await self.recorded(Recorder(os.fsencode(path)))
        assert path.stat().st_mode & 0o077 == 0

    async def test_what_does_not_fit_is_left_out_and_counted(self, tmp_path: Path) -> None:
        value = b"x" * 100
        batch = EventBatch((put(b"/k", value),) * 10, 7, (value,) * 10)
        done = await self.recorded(Recorder(os.fsencode(tmp_path / "out"), room=450), batch)
        assert (done.written, done.dropped) == (4, 6)

    @pytest.mark.parametrize("kind", ["directory", "pipe", "missing"])
    async def test_what_is_no_file_is_said(self, tmp_path: Path, kind: str) -> None:
        path = tmp_path / "it"
        if kind == "directory":
            path.mkdir()
        elif kind == "pipe":
            os.mkfifo(path)
        else:
            path = path / "deeper"
        done = await self.recorded(Recorder(os.fsencode(path)))
        assert done.is_over
        assert done.reason

    async def test_a_full_disk_ends_it_and_no_line_is_cut_off(self, tmp_path: Path) -> None:
        path, value = tmp_path / "out", b"x" * 1000
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        path.write_bytes(b"earlier\n")
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
        try:
            done = await self.recorded(Recorder(os.fsencode(path)), EventBatch((put(b"/k", value),), 7, (value,)))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (done.is_over, done.written, done.reason) == (True, 0, "File too large")
        assert path.read_bytes() == b"earlier\n"

    async def test_what_waits_is_written_where_it_is_cancelled(self, tmp_path: Path) -> None:
        path = tmp_path / "out"
        recorder = Recorder(os.fsencode(path))
        began = asyncio.Event()
        running = asyncio.create_task(recorder.run(lambda _: began.set()))
        await began.wait()
        recorder.put(EventBatch((put(b"/k", b"v"),), 7, (b"v",)), 0.0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert len(path.read_bytes().splitlines()) == 1
        assert recorder.recording.written == 1
