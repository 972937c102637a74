"""Decides which awkward keys and values the demo holds, to show that none of them does harm."""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator

_HOSTILE = (
    "[bold red on yellow]markup is not parsed[/] [link=https://example.com]nor a link[/link] [/unopened]\n"
    "<script>alert('nor HTML')</script>\n"
    "\x1b[31mno red\x1b[0m \x1b[2Jno cleared screen \x1b]0;no new title\x07 \x1b]52;c;bm8gY2xpcGJvYXJk\x07\n"
    "\x9b31m no C1 either; \u202eno reversed text\u202c, no\u200b zero-width space, no bell \x07, no\x08 backspace\n"
)


def edge_cases() -> Iterator[tuple[bytes, bytes]]:
    """Keys below /edge-cases/ with their values."""
    for name, value in (*_values(), *_keys()):
        yield b"/edge-cases/" + name, value


def _values() -> Iterator[tuple[bytes, bytes]]:
    report = json.dumps({"report": "sales", "rows": [{"day": day, "orders": 1000 + 37 * day} for day in range(1, 32)]})
    yield b"base64", base64.b64encode(b'{"hidden": "in plain sight"}')
    yield b"binary", hashlib.shake_256(b"demo").digest(320)
    yield b"empty", b""
    yield b"gzip.json", gzip.compress(report.encode(), mtime=0)
    yield b"hostile", _HOSTILE.encode()
    yield b"long-line", b"0123456789abcdef" * 2048
    yield b"long-text", b"".join(_log_lines())
    yield b"not-quite.json", b'{"trailing": "comma",}'


def _log_lines() -> Iterator[bytes]:
    for number in range(1500):
        clock, item = f"12:{number // 60:02d}:{number % 60:02d}", number * 7919 % 10007
        yield f"{clock} GET /item/{item} {503 if number % 97 == 0 else 200} {number % 41} ms\n".encode()


def _keys() -> Iterator[tuple[bytes, bytes]]:
    yield b"directory-and-key", b"this key has a value, and keys below it"
    yield b"directory-and-key/below", b"one of them"
    yield b"not\xff\xfeutf-8", b"a key is bytes"
    yield b"line\nbreak\x1b[31m", b"a key with a line break and an escape sequence"
    yield "名前/寿司 🍣".encode(), "値も読める: おいしい 🍱, żółć, ελληνικά, שלום".encode()
    yield b"//two-separators", b"an empty name between them"
