"""Hostile data in what outlives the screen: scripts that a shell runs, recordings, logs, and text in a pipe."""

import asyncio
import io
import json
import logging
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from etcdobs_explorer import commands
from etcdobs_explorer.feeds.recorder import Recorder
from etcdobs_explorer.log_lines import handler_of
from etcdobs_explorer.model.contexts import Config, Context
from etcdobs_explorer.model.records import Entry, EventBatch, EventRecord
from etcdobs_explorer.model.writes import (
    Committed,
    Ending,
    Journal,
    Plan,
    Report,
    create,
    delete_key,
    plan_lines,
    script,
    transfer,
)
from etcdobs_explorer.report import report
from etcdobs_explorer.settings import Settings
from etcdobs_explorer.tui.verbs.journal import save
from tests.explorer.fake import FakeGateway
from tests.explorer.hostile import HOSTILE
from tests.explorer.test_secrets import CANARY, SECRETS, leaks

SHELL = {
    "substitution": b"$(touch harm) `touch harm` ${HOME} $'x'",
    "quotes": b"'; touch harm; '\" ; touch harm #",
    "heredoc": b"\nEOF\ntouch harm\n",
    "comment": b"x\n# y\r\ntouch harm",
    "history": b"!! !$ ^a^b",
    "an option": b"-v\0 --endpoints=evil",
    "an option of printf": b"-vPATH\0",
    "a format": b"%s%n%d\0 100%",
    "backslashes": b"\\\\x41\\n\\0\\c\0\\c",
    "a tilde": b"~root",
    "nothing": b"",
    "every byte": bytes(range(256)),
    "a long one": b"-" + b"long " * 30_000,
}
BYTES = {name: raw for name, raw in (HOSTILE | SHELL).items() if name != "wide long"}
# What a terminal may be given: no control character but the end of a line, all of it UTF-8.
_HARM = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u200f]")
_FAKE = """#!{python}
import json, os, sys
said = [os.fsencode(word).hex() for word in sys.argv[1:]]
given = "" if sys.stdin.isatty() else sys.stdin.buffer.read().hex()
open(os.environ["SAID"], "a").write(json.dumps([said, given]) + "\\n")
"""


def is_harmless(raw: bytes) -> bool:
    return _HARM.search(raw.decode()) is None


def journal_of(*plans: Plan) -> Journal:
    """Writes that were applied."""
    kept = Journal()
    for number, plan in enumerate(plans, 2):
        done = tuple(Committed(chunk, number, (), 1) for chunk in plan.chunks)
        kept.record(Report(plan, done, Ending.DONE), 1_700_000_000.0)
    return kept


class Shell:
    """A shell with an etcdctl that tells what it was given, in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "bin").mkdir()
        fake = directory / "bin" / "etcdctl"
        fake.write_text(_FAKE.format(python=sys.executable))
        fake.chmod(0o755)

    def run(self, program: str, text: str) -> "subprocess.CompletedProcess[bytes]":
        """Let a shell read a script."""
        (self.directory / "script").write_text(text, encoding="utf-8")
        environ = {"PATH": f"{self.directory}/bin:/usr/bin:/bin", "SAID": str(self.directory / "said"), "HOME": "/none"}
        return subprocess.run(
            [program, "script"], cwd=self.directory, env=environ, capture_output=True, timeout=50, check=False, stdin=-3
        )

    @property
    def said(self) -> list[tuple[list[bytes], bytes]]:
        """The words and the input of each call."""
        lines = (self.directory / "said").read_text().splitlines()
        return [
            ([bytes.fromhex(word) for word in words], bytes.fromhex(given)) for words, given in map(json.loads, lines)
        ]

    @property
    def files(self) -> set[str]:
        """What is in the directory."""
        return {path.name for path in self.directory.iterdir()}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


# -- scripts ---------------------------------------------------------------------------------------------------------


def in_go(text: bytes) -> bytes:
    """What a Go string literal in the text of a transaction stands for."""
    escapes = re.compile(rb"\\(?:x([0-9a-f]{2})|(.))", re.S)
    short = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
    return escapes.sub(
        lambda found: bytes.fromhex(found[1].decode()) if found[1] else short.get(found[2], found[2]), text
    )


def put_of(words: list[bytes], given: bytes) -> tuple[bytes, bytes]:
    """The key and the value that a put was for, wherever they stood."""
    if words == [b"txn"]:
        quoted = re.findall(rb'"((?:[^"\\]|\\.)*)"', given)
        assert given.count(b"\n") == 4  # no conditions, the put, nothing else
        return in_go(quoted[0]), in_go(quoted[1])
    assert words[0] == b"put"
    rest = [word for word in words[1:] if word != b"--"]
    return (rest[0], rest[1]) if len(rest) > 1 else (rest[0], given)


def test_a_script_puts_the_bytes_and_does_nothing_else(shell: Shell) -> None:
    pairs = [(b"/k/" + raw, raw) for raw in BYTES.values()] + [(raw, b"v") for raw in BYTES.values() if raw]
    text = script(journal_of(*(create(key, value) for key, value in pairs)).steps)
    assert is_harmless(text.encode())
    done = shell.run("bash", text)
    assert (done.returncode, done.stderr, done.stdout) == (0, b"", b"")
    assert [put_of(*each) for each in shell.said] == pairs
    assert shell.files == {"bin", "script", "said"}


def test_lines_of_plans_do_no_more(shell: Shell) -> None:
    plans = [create(b"/k/" + raw, raw) for raw in BYTES.values()]
    plans += [delete_key(Entry(b"/k/" + raw, b"v", 1, 2, 3, 0)) for raw in BYTES.values()]
    text = "\n".join(line for plan in plans for line in plan_lines(plan))
    assert is_harmless(text.encode())
    assert shell.run("bash", text).stderr == b""
    assert len(shell.said) == len(plans)
    assert {words[0] for words, _ in shell.said} == {b"txn"}
    assert shell.files == {"bin", "script", "said"}


def test_a_shell_that_would_read_it_otherwise_runs_none_of_it(shell: Shell) -> None:
    if shutil.which("dash") is None:  # this system's sh may be bash
        return
    done = shell.run("dash", script(journal_of(create(b"\x1b", b"v")).steps))
    assert done.returncode == 2
    assert b"for bash or zsh" in done.stderr
    assert "said" not in shell.files


def moved(raw: bytes) -> Plan:
    return transfer(Entry(b"/from", raw, 1, 2, 3, 0), b"/to", None, move=True)


@pytest.mark.parametrize("name", ["protobuf", "json list"])
def test_secrets_are_left_out_of_a_script(shell: Shell, name: str) -> None:
    steps = journal_of(create(b"/other", b"v"), moved(SECRETS[name])).steps
    text = script(steps)
    assert not leaks(text)
    assert "# left out: a transaction that writes a Secret" in text
    assert shell.run("bash", text).returncode == 0
    assert [words[1] for words, _ in shell.said] == [b"/other"]  # nor is what was moved deleted
    whole = script(steps, with_secrets=True)
    assert "# left out" not in whole
    assert shell.run("bash", whole).returncode == 0
    assert len(shell.said) == 3


def test_what_is_saved_is_said(tmp_path: Path) -> None:
    told: list[Any] = []
    view: Any = SimpleNamespace(
        state=SimpleNamespace(journal=journal_of(moved(SECRETS["json"]))), post_message=told.append
    )
    path, link = tmp_path / "a b.sh", tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    save(view, str(path).encode())
    assert told[-1].text == f"saved {path}; 1 write of a Secret is left out"
    assert (path.stat().st_mode & 0o777, leaks(path.read_text())) == (0o700, False)
    save(view, f"{tmp_path}/whole.sh with-secrets".encode())
    assert leaks((tmp_path / "whole.sh").read_text())
    for wrong in (link, path, tmp_path / "none" / "x"):
        save(view, str(wrong).encode())
        assert told[-1].severity == "error"
    assert not (tmp_path / "elsewhere").exists()


# -- recordings ------------------------------------------------------------------------------------------------------


def event(key: bytes, value: bytes) -> EventRecord:
    return EventRecord(False, True, key, value[:256], len(value), 7, 0, 7, 1)


async def recorded(name: bytes, *values: bytes) -> tuple[list[dict[str, Any]], int]:
    """The lines of a recording of values under themselves as keys, and how many were covered."""
    recorder = Recorder(name)
    running = asyncio.create_task(recorder.run(lambda _: None))
    recorder.put(EventBatch(tuple(event(each, each) for each in values), 7, values), 0.0)
    recorder.stop()
    await running
    return lines_of(Path(os.fsdecode(recorder.recording.path))), recorder.recording.covered


def lines_of(path: Path) -> list[dict[str, Any]]:
    raw = path.read_bytes()
    assert is_harmless(raw)
    return [json.loads(line) for line in raw.splitlines()]


async def test_a_recording_is_harmless_to_look_at(tmp_path: Path) -> None:
    lines, covered = await recorded(os.fsencode(tmp_path / "it.jsonl"), *BYTES.values())
    assert (len(lines), covered) == (len(BYTES), 0)


async def test_secrets_are_covered_in_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "it.jsonl"
    values = [SECRETS[name] for name in ("protobuf", "json array", "yaml")]
    lines, covered = await recorded(os.fsencode(path), *values, b"plain")
    assert covered == 3
    assert [line.get("covered") for line in lines] == ["Secret", "Secret", "Secret", None]
    assert [line["size"] for line in lines[:3]] == [len(value) for value in values]
    assert all("value" not in line and "value_base64" not in line for line in lines[:3])
    assert lines[3]["value"] == "plain"


async def test_secrets_are_recorded_where_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "it.jsonl"
    lines, covered = await recorded(os.fsencode(path) + b" with-secrets", SECRETS["json"])
    assert covered == 0
    assert CANARY.decode() in lines[0]["value"]
    assert path.stat().st_mode & 0o077 == 0


# -- logs, commands, text --------------------------------------------------------------------------------------------


def test_a_log_is_harmless_and_its_records_are_lines(tmp_path: Path) -> None:
    path = tmp_path / "it.log"
    handler = handler_of(path)
    log = logging.Logger("etcdobs")
    log.addHandler(handler)
    for name, raw in BYTES.items():
        text = raw.decode("utf-8", "surrogateescape")
        log.warning("%s", text + "\n2026-01-01 00:00:00,000 ERROR forged: record")
        try:
            raise ValueError(text)
        except ValueError:
            log.exception(name)
    handler.close()
    text = path.read_text(encoding="utf-8")
    assert is_harmless(text.encode())
    assert not any(line.startswith("2026-01-01") for line in text.splitlines())
    assert path.stat().st_mode & 0o077 == 0


def hostile_context() -> Context:
    evil = b"".join(HOSTILE[name] for name in ("title", "bidi", "markup", "c1", "backspace")).decode()
    return Context(evil, (evil, evil), evil, separator=b"|", roots=(evil.encode(),))


def test_commands_say_nothing_harmful(tmp_path: Path) -> None:
    context = hostile_context()
    path = tmp_path / f"{HOSTILE['title'].decode()}.toml"
    config = Config({"env": Context("env"), context.name: context}, path=path)
    said: list[str] = []
    for command in (("info",), ("context", "list"), ("context", "use", context.name), ("context", "import")):
        commands.run(
            Settings(context, config, command), {"ETCDCTL_\x1b]2;x": "y", "ETCDOBS_STATE": "\x1b]2;z"}, said.append
        )
    assert len(said) > 8
    assert is_harmless("\n".join(said).encode())


async def test_text_in_a_pipe_is_harmless_and_covers_secrets() -> None:
    secrets = {b"s/" + name.encode(): SECRETS[name] for name in ("protobuf", "json", "yaml")}
    gateway = FakeGateway({raw: raw for raw in HOSTILE.values()} | secrets)
    out = io.StringIO()

    async def write() -> None:
        await asyncio.sleep(0.2)
        for key, value in (*secrets.items(), *((raw, raw) for raw in HOSTILE.values())):
            gateway.put(key, value)

    writing = asyncio.create_task(write())
    many = len(HOSTILE) + len(secrets)
    await report(gateway, out, context=hostile_context().title, events=many, event_seconds=5)
    await writing
    assert out.getvalue().count("CREATE") + out.getvalue().count("PUT") == many
    assert is_harmless(out.getvalue().encode())
    assert not leaks(out.getvalue())
