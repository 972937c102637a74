"""Decides which etcdctl line does what a request does: words, and how a shell or a transaction's text quotes them.

A line is text for a POSIX shell (bash or zsh where a word holds bytes that are no printable text) and holds no control
character. Arguments of a process end at a NUL, and one argument takes 128 KiB on Linux: such a key is written
in the text of a transaction, such a value goes through a pipe.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from .text import inert

PROGRAM = "etcdctl"
_BARE = re.compile(r"[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+:,./=-]*")
_ARGUMENT_BYTES = 100_000
_SHORT = {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x5C: "\\\\"}
_ALL = b"\0"  # as a range's end: every key from the start on


class Request(NamedTuple):
    """One operation as words: `put`, its flags, and its keys and values as bytes. `piped` says that the last of them is
    a value, which etcdctl also reads from its standard input."""

    name: str
    flags: tuple[str, ...]
    arguments: tuple[bytes, ...]
    piped: bool = False


# -- operations, alone or in a transaction -----------------------------------------------------------------------


def put_request(
    key: bytes, value: bytes | None, *, lease: int = 0, ignore_lease: bool = False, prev_kv: bool = False
) -> Request:
    """A put; a `value` of None keeps the one that is there."""
    flags = [f"--lease={lease:x}"] if lease else []
    flags += [name for name, on in (("--ignore-lease", ignore_lease), ("--ignore-value", value is None)) if on]
    flags += ["--prev-kv"] if prev_kv else []
    return Request("put", tuple(flags), (key,) if value is None else (key, value), value is not None)


def delete_request(key: bytes, end: bytes = b"", *, prev_kv: bool = False) -> Request:
    """A deletion of one key, or of the range [key, end)."""
    flags, arguments = _range(key, end)
    return Request("del", (*flags, *(["--prev-kv"] if prev_kv else [])), arguments)


def get_request(
    key: bytes,
    end: bytes = b"",
    *,
    revision: int = 0,
    limit: int = 0,
    serializable: bool = False,
    keys_only: bool = False,
    count_only: bool = False,
) -> Request:
    """A read of one key, or of the range [key, end)."""
    flags, arguments = _range(key, end)
    numbers = [f"--{name}={number}" for name, number in (("rev", revision), ("limit", limit)) if number]
    switches = [name for name, on in (("--keys-only", keys_only), ("--count-only", count_only)) if on]
    shape = ["--write-out=fields"] if count_only else []  # etcdctl prints a count in this form only
    consistency = ["--consistency=s"] if serializable else []
    return Request("get", (*flags, *numbers, *consistency, *switches, *shape), arguments)


def prefix_end(prefix: bytes) -> bytes:
    """The end of the range of all keys that start with `prefix`; b"\\0", no end, where there is none."""
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1]) if kept else _ALL


def _range(key: bytes, end: bytes) -> tuple[tuple[str, ...], tuple[bytes, ...]]:
    if not end:
        return (), (key,)
    if end == prefix_end(key) or (key == _ALL and end == _ALL):
        return ("--prefix",), (key.removeprefix(_ALL) if end == _ALL else key,)
    return (("--from-key",), (key,)) if end == _ALL else ((), (key, end))


# -- whole lines ----------------------------------------------------------------------------------------------------


def line(request: Request) -> str:
    """The shell line of one operation."""
    if any(map(_is_no_argument, request.arguments[: -1 if request.piped else None])):
        return txn((), (request,))
    if request.piped and _is_no_argument(request.arguments[-1]):
        return f"{_printf(request.arguments[-1])} | {_words(request.name, request.flags, request.arguments[:-1])}"
    return _words(request.name, request.flags, request.arguments)


def get(
    key: bytes,
    end: bytes = b"",
    *,
    revision: int = 0,
    limit: int = 0,
    serializable: bool = False,
    keys_only: bool = False,
    count_only: bool = False,
) -> str:
    """Read one key, or the range [key, end)."""
    return line(
        get_request(
            key,
            end,
            revision=revision,
            limit=limit,
            serializable=serializable,
            keys_only=keys_only,
            count_only=count_only,
        )
    )


def put(key: bytes, value: bytes | None, *, lease: int = 0, ignore_lease: bool = False, prev_kv: bool = False) -> str:
    """Write a key; a `value` of None keeps the one that is there."""
    return line(put_request(key, value, lease=lease, ignore_lease=ignore_lease, prev_kv=prev_kv))


def delete(key: bytes, end: bytes = b"", *, prev_kv: bool = False) -> str:
    """Delete one key, or the range [key, end)."""
    return line(delete_request(key, end, prev_kv=prev_kv))


def watch(key: bytes, end: bytes = b"", *, revision: int = 0, prev_kv: bool = False) -> str:
    """Watch one key, or the range [key, end)."""
    flags, arguments = _range(key, end)
    flags += (f"--rev={revision}",) if revision else ()
    flags += ("--prev-kv",) if prev_kv else ()
    if any(b"\0" in argument for argument in arguments):
        asked = " ".join(["watch", *flags, *map(in_txn, arguments)])
        return f"(printf '%s\\n' '{asked}'; cat) | {PROGRAM} watch --interactive"
    if not arguments[0].startswith(b"-"):
        return _words("watch", flags, arguments)
    # What follows `--` is a program to run for each event, so that such a key has to come from the environment.
    names = ("ETCDCTL_WATCH_KEY", "ETCDCTL_WATCH_RANGE_END")
    given = [f"{name}={in_shell(argument)}" for name, argument in zip(names, arguments, strict=False)]
    return " ".join([*given, _words("watch", flags, ())])


def compare(target: str, key: bytes, relation: str, operand: int | bytes) -> str:
    """One condition of a transaction. `target` is mod, create, version, value or lease, `relation` one of = != < >."""
    wanted = operand if isinstance(operand, bytes) else str(operand).encode()
    return f"{target}({in_txn(key)}) {relation} {in_txn(wanted)}"


def txn(compares: Sequence[str], then: Sequence[Request], otherwise: Sequence[Request] = ()) -> str:
    """A transaction, its text on etcdctl's standard input. Where a condition did not hold, etcdctl prints FAILURE
    and exits with 0 all the same."""
    return f"{PROGRAM} txn <<'EOF'\n{txn_text(compares, then, otherwise)}EOF"


def txn_text(compares: Sequence[str], then: Sequence[Request], otherwise: Sequence[Request] = ()) -> str:
    """What etcdctl txn reads: three blocks, each ended by an empty line."""
    blocks = (compares, [_txn_line(request) for request in then], [_txn_line(request) for request in otherwise])
    return "".join("".join(f"{row}\n" for row in block) + "\n" for block in blocks)


def lease(verb: str, id: int = 0, *, ttl: int = 0, keys: bool = False) -> str:
    """A lease command: grant (with `ttl` in seconds), revoke, timetolive (with `keys`), keep-alive, list."""
    words = [str(ttl)] if verb == "grant" else [] if verb == "list" else [f"{id:x}"]
    return " ".join([PROGRAM, "lease", verb, *words, *(["--keys"] if keys else [])])


def member(verb: str, id: int = 0, *, name: bytes = b"", peer_urls: Sequence[bytes] = (), learner: bool = False) -> str:
    """A member command: list, add (by `name`), remove, update, promote."""
    words = [] if verb == "list" else [in_shell(name)] if verb == "add" else [f"{id:x}"]
    words += [f"--peer-urls={in_shell(b','.join(peer_urls))}"] if peer_urls else []
    return " ".join([PROGRAM, "member", verb, *words, *(["--learner"] if learner else [])])


def command(*words: str | bytes) -> str:
    """Any other line: `command("endpoint", "status", "--cluster")`."""
    return " ".join([PROGRAM, *(in_shell(word.encode() if isinstance(word, str) else word) for word in words)])


# -- quoting --------------------------------------------------------------------------------------------------------


def in_shell(raw: bytes) -> str:
    """A word of a shell line. It must not hold a NUL: no argument can.

    Raises:
        ValueError: it does.
    """
    if b"\0" in raw:
        raise ValueError("a NUL cannot be an argument of a program")
    text = _printable(raw)
    if text is None:
        return "$'" + "".join(_escaped(byte, "\\x{:02x}", b"'") for byte in raw) + "'"
    return text if _BARE.fullmatch(text) else "'" + text.replace("'", "'\\''") + "'"


def in_txn(raw: bytes) -> str:
    """A word in the text of a transaction: a Go string literal, without an apostrophe, which the shell would see."""
    text = _printable(raw)
    if text is None:
        return '"' + "".join('\\"' if byte == 0x22 else _escaped(byte, "\\x{:02x}", b"'") for byte in raw) + '"'
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\x27") + '"'


def _words(name: str, flags: Sequence[str], arguments: Sequence[bytes]) -> str:
    dashes = ["--"] if any(argument.startswith(b"-") for argument in arguments) else []
    return " ".join([PROGRAM, name, *flags, *dashes, *map(in_shell, arguments)])


def _txn_line(request: Request) -> str:
    dashes = ["--"] if any(argument.startswith(b"-") for argument in request.arguments) else []
    return " ".join([request.name, *request.flags, *dashes, *map(in_txn, request.arguments)])


def _is_no_argument(word: bytes) -> bool:
    return b"\0" in word or len(word) > _ARGUMENT_BYTES


def _printf(value: bytes) -> str:
    """Octal escapes are what every printf knows. A percent sign would begin a format, a dash in front an option."""
    first = "\\055" if value.startswith(b"-") else ""
    rest = value.removeprefix(b"-") if first else value
    return f"printf '{first}" + "".join(_escaped(byte, "\\{:03o}", b"'%") for byte in rest) + "'"


def _printable(raw: bytes) -> str | None:
    runs = inert(raw).runs
    return None if any(run.escaped for run in runs) else "".join(run.text for run in runs)


def _escaped(byte: int, form: str, also: bytes) -> str:
    if byte in _SHORT:
        return _SHORT[byte]
    return chr(byte) if 0x20 <= byte < 0x7F and byte not in also else form.format(byte)
