"""Measures what it costs to read an answer of 10,000 keys, beside the protobuf message that it came in.

    python benchmarks/responses.py [rounds]

Needs no server. Every way is timed in turn, round by round, in CPU seconds of the thread; a ratio is the median over
the rounds, with the quartiles. "six fields" is the floor of a `KeyValue` made of a message: it reads what one holds,
and makes nothing of it.
"""

import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any

from etcdobs import Get, KeyValue, RangeResponse
from etcdobs._wire import etcdserverpb as pb

KEYS = 10_000
KEPT = 40
SIZES = (100, 1024)
GET = Get("any")
SIX_FIELDS = attrgetter(*KeyValue._fields)


def answer(size: int) -> bytes:
    """A server's answer to a range of keys with values of `size` bytes."""
    kvs = [
        {
            "key": b"/app/%08d" % n,
            "value": bytes(size),
            "create_revision": n + 2,
            "mod_revision": n + 10**6,
            "version": 3,
        }
        for n in range(KEYS)
    ]
    return pb.RangeResponse(header={"revision": 2 * 10**6}, kvs=kvs, count=KEYS).SerializeToString()


def decoded(data: bytes) -> RangeResponse:
    """The answer as our type, in the way of the client."""
    return GET.decode(GET.rpc.parse(data))


def read(kvs: Iterable[Any]) -> None:
    """Both of what every key has."""
    for kv in kvs:
        _ = kv.key, kv.value


def read_all(message: Any) -> None:
    """Every field, in C and without an object of ours."""
    for _ in map(SIX_FIELDS, message.kvs):
        pass


Way = Callable[[bytes], Callable[[], object]]

# The outer part is not timed; the inner is.
WAYS: Mapping[str, tuple[str, Way]] = {
    "parsed": ("", lambda data: lambda: pb.RangeResponse.FromString(data)),
    "parsed and decoded": ("parsed", lambda data: lambda: decoded(data)),
    "message, key and value": ("", lambda data: _of(read, pb.RangeResponse.FromString(data).kvs)),
    "message, six fields": ("message, key and value", lambda data: _of(read_all, pb.RangeResponse.FromString(data))),
    "response, key and value": (
        "message, key and value",
        lambda data: _of(read, decoded(data)),
    ),
    "response.kvs, key and value": (
        "message, key and value",
        lambda data: _of(lambda response: read(response.kvs), decoded(data)),
    ),
    "parsed, decoded and read": (
        "parsed and read",
        lambda data: lambda: read(decoded(data)),
    ),
    "parsed and read": ("", lambda data: lambda: read(pb.RangeResponse.FromString(data).kvs)),
}


def _of(function: Callable[[Any], object], argument: Any) -> Callable[[], object]:
    return lambda: function(argument)


def measured(data: bytes, rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each way, round by round."""
    took: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(rounds):
        for name, (_, way) in WAYS.items():
            timed = way(data)
            gc.collect()
            began = time.thread_time()
            timed()
            took[name].append(time.thread_time() - began)
    return took


def show(size: int, took: Mapping[str, list[float]]) -> None:
    """A line for each way."""
    print(f"\n{KEYS:,} keys, values of {size} bytes")
    for name, (floor, _) in WAYS.items():
        line = f"{name:30}{statistics.median(took[name]) * 1e3:8.2f} ms"
        if floor:
            ratios = [own / its for own, its in zip(took[name], took[floor], strict=True)]
            low, middle, high = statistics.quantiles(ratios, n=4)
            line += f"{middle:7.2f} ({low:.2f} to {high:.2f}) of {floor}; best {min(took[name]) / min(took[floor]):.2f}"
        print(line)


def resident() -> float:
    """MiB of memory that this process holds."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096 / 2**20


def kept(data: bytes) -> float:
    """MiB that stay when one key of each of many answers is kept."""
    keep = [decoded(data)[0]]
    gc.collect()
    before = resident()
    for _ in range(KEPT):
        response = decoded(data)
        keep.append(response[KEYS // 2])
    del response
    gc.collect()
    return resident() - before


def main(rounds: int) -> None:
    """Prints times, ratios and memory."""
    print(f"Python {sys.version.split()[0]}, {rounds} rounds, interleaved")
    for size in SIZES:
        data = answer(size)
        show(size, measured(data, rounds))
        print(f"one key kept of each of {KEPT} answers of {len(data) / 2**20:.1f} MiB: {kept(data):+.1f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 21)
