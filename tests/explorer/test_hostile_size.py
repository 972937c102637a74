"""Values made to be costly: whatever is in them, reading one takes seconds at most, and no more than some memory."""

import base64
import gzip
import json
import subprocess
import sys
import time

import pytest
import zstandard

from etcdobs_explorer.model.diff import diff
from etcdobs_explorer.model.secrets import head_of, is_secret
from etcdobs_explorer.model.syntax import Syntax, pieces
from etcdobs_explorer.model.value import FORMS, Asked, is_quick, read

_QUICK = 16 * 1024
_SECONDS = 8.0  # of CPU, on any machine: those below took minutes, or did not end
_MEMORY = 150 * 1024 * 1024


def nested(levels: int) -> bytes:
    """Messages of protobuf within each other."""
    message = b""
    for _ in range(levels):
        length, size = len(message), b""
        while length > 0x7F:
            size, length = size + bytes([length & 0x7F | 0x80]), length >> 7
        message = b"\x0a" + size + bytes([length]) + message
    return message


COSTLY = {
    "line breaks after base64": b"A" * 16 + b"\n" * 1_500_000 + b"!",
    "arrays": b"[" * 100_000 + b"]" * 100_000,
    "objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "many numbers": b"[" + b"1," * 700_000 + b"1]",
    "many numbers, deep": b"[" * 900 + b"1," * 280_000 + b"1" + b"]" * 900,
    "gzip of many numbers": gzip.compress(b"[" + b"1," * 2_000_000 + b"1]"),
    "gzip of many arrays": gzip.compress(b'{"a":[' + b"[]," * 1_300_000 + b"1]}"),
    "gzip of gzip of nothing": gzip.compress(gzip.compress(bytes(1 << 26))),
    "zstd of nothing": zstandard.compress(bytes(1 << 28)),
    "base64 of itself": base64.b64encode(base64.b64encode(base64.b64encode(b"A" * 600_000))),
    "cbor arrays": b"\xd9\xd9\xf7" + b"\x81" * 100_000 + b"\x00",
    "cbor of 2^64 items": b"\xd9\xd9\xf7\x9b" + b"\xff" * 8 + b"\x00" * 300_000,
    "messages": nested(3_000),
    "fields": b"\x08\x01" * 250_000,
    "small messages": b"\x0a\x02\x08\x01" * 190_000,
    "yaml aliases": b"a: &a [x,x]\n" + b"".join(b"%c: &%c [*%c,*%c]\n" % (n, n, n - 1, n - 1) for n in range(98, 123)),
    "yaml dashes": b"- " * 700_000 + b"\nb",
    "toml dots": b"b=1\n" + b"a." * 60_000 + b"a=1\n",
    "escapes": b'["' + b'\\"' * 740_000 + b'"]',
    "kinds": b'{"apiVersion"' + b'"kind":"Secret"' * 90_000,
    "control characters": b"\x1b" * 1_500_000,
}
EACH = pytest.mark.parametrize("raw", COSTLY.values(), ids=COSTLY)


@EACH
def test_to_read_it_is_bounded_in_time(raw: bytes) -> None:
    began = time.thread_time()
    reading = read(raw, Asked())
    head_of(raw)
    is_secret(raw)
    assert time.thread_time() - began < _SECONDS
    assert reading.forms


def test_to_read_them_is_bounded_in_memory() -> None:
    done = subprocess.run([sys.executable, "-c", _READ_ALL], capture_output=True, text=True, check=True, timeout=50)
    assert int(done.stdout) < _MEMORY


_READ_ALL = """
import resource
from etcdobs_explorer.model.value import Asked, read
from tests.explorer.test_hostile_size import COSTLY

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in ("many numbers", "gzip of many numbers", "gzip of many arrays", "zstd of nothing", "base64 of itself"):
    read(COSTLY[name], Asked())
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


@pytest.mark.parametrize("form", FORMS)
def test_small_values_are_read_at_once(form: str) -> None:
    """What is read before the screen is drawn again holds nothing up."""
    for name in ("toml dots", "yaml dashes", "objects", "messages", "escapes", "kinds", "line breaks after base64"):
        raw = b"a = 1\nb = 2\n" + COSTLY[name][: _QUICK - 16] if name == "toml dots" else COSTLY[name][:_QUICK]
        assert is_quick(raw)
        began = time.thread_time()
        read(raw, Asked(form))
        assert time.thread_time() - began < 0.2, name


def test_a_difference_is_bounded_in_time() -> None:
    lines = [b"%d" % (number * 7_919 % 60_000) for number in range(60_000)]
    began = time.thread_time()
    found = diff(b"\n".join(lines), b"\n".join(sorted(lines)))
    assert found.note
    assert not diff(COSTLY["many numbers"], COSTLY["gzip of many numbers"]).is_empty
    assert time.thread_time() - began < _SECONDS


@pytest.mark.parametrize("syntax", [Syntax.JSON, Syntax.YAML, Syntax.TOML])
def test_a_line_is_coloured_in_time(syntax: Syntax) -> None:
    for line in (b'\\"' * 1024, b"'" * 2047, b"1" * 2048, b",a" * 1024, b"- " * 1024, b'"' * 2047, b"[" * 2048):
        began = time.thread_time()
        pieces(line, syntax)
        assert time.thread_time() - began < 0.02, line[:8]


def test_large_json_is_shown_as_it_is_stored() -> None:
    raw = json.dumps([0] * 300_002, separators=(",", ":")).encode()
    assert read(raw, Asked()).decoded.format == "JSON, as stored"
