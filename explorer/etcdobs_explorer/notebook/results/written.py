"""Decides how answers to writes are shown: puts, deletes, transactions, leases."""

from collections.abc import Iterator

from etcdobs import (
    CompactResponse,
    DeleteResponse,
    Lease,
    LeaseTimeToLive,
    PutResponse,
    RangeResponse,
    TxnResponse,
)
from etcdobs_explorer.model import units
from etcdobs_explorer.notebook import reading
from etcdobs_explorer.notebook.blocks import Bar, Block, Cell, Facts, Heading, Note, Table, Tone, Toned
from etcdobs_explorer.notebook.limits import Limits

from .keys import range_blocks


def put_blocks(response: PutResponse, limits: Limits) -> Iterator[Block]:
    """OK, and what was there before."""
    yield Note((Toned("OK", Tone.GOOD), f"rev {response.revision}"))
    if response.prev_kv is not None:
        yield Facts([("before", reading.short(response.prev_kv.value, limits))])


def delete_blocks(response: DeleteResponse, limits: Limits) -> Iterator[Block]:
    """How many keys went, and which."""
    tone = Tone.GOOD if response.deleted else Tone.MUTED
    yield Note((Toned(f"{units.plural(response.deleted, 'key')} deleted", tone), f"rev {response.revision}"))
    shown = response.prev_kvs[: limits.window(len(response.prev_kvs))]
    if shown:
        yield Table(["key", "value"], [[kv.key, reading.short(kv.value, limits)] for kv in shown])
    if len(shown) < len(response.prev_kvs):
        yield Note((f"the first {len(shown):,} of {units.plural(len(response.prev_kvs), 'key')}",))


def compact_blocks(response: CompactResponse, _limits: Limits) -> Iterator[Block]:
    """OK."""
    yield Note((Toned("compacted", Tone.GOOD), f"rev {response.revision}"))


def txn_blocks(response: TxnResponse, limits: Limits) -> Iterator[Block]:
    """Which branch ran, and each of its answers."""
    if response.succeeded:
        yield Note((Toned("SUCCESS", Tone.GOOD), "the conditions held", f"rev {response.revision}"))
    else:
        yield Note((Toned("FAILURE", Tone.WARN), "a condition did not hold", f"rev {response.revision}"))
    for number, answer in enumerate(response.responses, 1):
        yield Heading(f"{number}. {_kind(answer)}")
        yield from _answer(answer, limits)


def _kind(answer: object) -> str:
    return type(answer).__name__.removesuffix("Response").lower().replace("range", "get").replace("delete", "del")


def _answer(answer: object, limits: Limits) -> Iterator[Block]:
    match answer:
        case RangeResponse():
            yield from range_blocks(answer, limits)
        case PutResponse():
            yield from put_blocks(answer, limits)
        case DeleteResponse():
            yield from delete_blocks(answer, limits)
        case TxnResponse():
            yield from txn_blocks(answer, limits)
        case _:
            return


def lease_blocks(lease: Lease, _limits: Limits) -> Iterator[Block]:
    """A lease that was granted."""
    yield Note((Toned("lease", Tone.GOOD), Toned(units.hex_id(lease.id), Tone.STRONG), f"granted for {lease.ttl} s"))


def time_to_live_blocks(found: LeaseTimeToLive, limits: Limits) -> Iterator[Block]:
    """What is left of a lease, with its keys."""
    yield Facts([("lease", units.hex_id(found.id)), ("left", ttl_bar(found.ttl, found.granted_ttl))])
    shown = found.keys[: limits.window(len(found.keys))]
    if shown:
        yield Table(["key"], [[key] for key in shown])
    if len(shown) < len(found.keys):
        yield Note((f"the first {len(shown):,} of {units.plural(len(found.keys), 'key')}",))


def ttl_bar(ttl: int, granted: int) -> Cell:
    """What is left of a lease as a bar."""
    if ttl < 0:
        return Toned("expired, or never granted", Tone.BAD)
    share = ttl / granted if granted else 0.0
    tone = Tone.GOOD if share > 0.5 else Tone.WARN if share > 0.2 else Tone.BAD
    return Bar(share, f"{units.duration(ttl)} of {units.duration(granted)}", tone)
