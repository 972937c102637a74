"""Decides how keys with their values are shown, as a table or one alone, and which columns they make."""

from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

from etcdobs import KeyValue, RangeResponse, ResponseHeader
from etcdobs_explorer.model import units
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.notebook import frames, reading
from etcdobs_explorer.notebook.blocks import Block, Cell, Facts, Heading, Note, Table, Tone, Toned
from etcdobs_explorer.notebook.frames import Column
from etcdobs_explorer.notebook.limits import Limits
from etcdobs_explorer.notebook.masked import MASK, without_secrets

from .result import Framed

_NUMBERS = frozenset({"create", "mod", "version", "size"})
_KEY = 300  # characters of a key in a table


class KeyRange(Framed, Sequence[KeyValue]):
    """The keys of a range: a sequence of `KeyValue`, with `count`, `more` and `revision`."""

    def __init__(
        self, response: RangeResponse, limits: Limits, *, origin: Sequence[Cell] = (), shows: str = "values"
    ) -> None:
        self.response = response
        self.limits = limits
        self._origin = origin
        self._shows = shows

    @property
    def kvs(self) -> tuple[KeyValue, ...]:
        """All that were read."""
        return self.response.kvs

    @property
    def keys(self) -> list[bytes]:
        """The keys alone."""
        return [kv.key for kv in self.response]

    @property
    def values(self) -> list[bytes]:
        """The values alone."""
        return [kv.value for kv in self.response]

    @property
    def count(self) -> int:  # type: ignore[override]
        """How many keys are in the range on the server, whatever the limit."""
        return self.response.count

    @property
    def more(self) -> bool:
        """Whether a limit left some out."""
        return self.response.more

    @property
    def revision(self) -> int:
        """The cluster's revision when it answered."""
        return self.response.revision

    @property
    def header(self) -> ResponseHeader:
        """Who answered."""
        return self.response.header

    def __len__(self) -> int:
        return len(self.response)

    def __iter__(self) -> Iterator[KeyValue]:
        return iter(self.response)

    @overload
    def __getitem__(self, index: int) -> KeyValue: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[KeyValue]: ...
    def __getitem__(self, index: int | slice) -> KeyValue | Sequence[KeyValue]:
        return self.response[index]

    def blocks(self) -> Iterable[Block]:
        """A table of the first of them; one key alone with its value whole."""
        yield from range_blocks(self.response, self.limits, self._origin, self._shows)

    def columns(
        self, *, json: bool = False, raw: bool = False, reveal: bool | None = None, **_options: Any
    ) -> Sequence[Column]:
        """The columns key, value, create_revision, mod_revision, version, lease and size.

        Args:
            json: open values that are JSON objects: a column `value.a.b` for each of their fields.
            raw: keys and values as bytes; else as text, with `\\xff` for what is no UTF-8.
            reveal: the data of Kubernetes Secrets too; None: as `%config EtcdMagic.reveal_secrets` says.
        """
        shown = self.limits.reveal_secrets if reveal is None else reveal
        return key_columns(self.kvs, json=json, raw=raw, reveal=shown)


def key_columns(kvs: Sequence[KeyValue], *, json: bool, raw: bool, reveal: bool) -> Sequence[Column]:
    """The columns of keys with their values."""
    values = [kv.value if reveal else _masked(kv.value) for kv in kvs]
    opened = frames.expanded(values) if json else ()
    return (_bytes("key", [kv.key for kv in kvs], raw), _bytes("value", values, raw), *_numbers(kvs), *opened)


def _numbers(kvs: Sequence[KeyValue]) -> Iterator[Column]:
    for name in ("create_revision", "mod_revision", "version", "lease"):
        yield Column(name, "int", [getattr(kv, name) for kv in kvs])
    yield Column("size", "int", [len(kv.value) for kv in kvs])


def _bytes(name: str, values: Sequence[bytes], raw: bool) -> Column:
    return Column(name, "bytes", values) if raw else Column(name, "text", [frames.as_text(each) for each in values])


def _masked(value: bytes) -> bytes:
    shown = without_secrets(value)
    return MASK.encode() if shown is None else shown


def range_blocks(
    response: RangeResponse, limits: Limits, origin: Sequence[Cell] = (), shows: str = "values"
) -> Iterator[Block]:
    """What is drawn of a range."""
    shown = response[: limits.window(len(response))]
    if len(response) == 1 and shows == "values":
        yield from kv_blocks(shown[0], limits)
    elif shown:
        yield _table(shown, limits, shows)
    left_out = len(response) - len(shown)
    yield Note((_amount(response, left_out), f"rev {response.revision}", *origin))


def _amount(response: RangeResponse, left_out: int) -> Cell:
    if not len(response):
        return units.plural(response.count, "key") if response.count else Toned("no key", Tone.MUTED)
    total = units.plural(response.count, "key")
    if left_out:
        fetched = f", {len(response):,} read" if response.more else ""
        return f"the first {len(response) - left_out:,} of {total}{fetched}"
    return f"{len(response):,} of {total}: --limit left the others out" if response.more else total


def _table(kvs: Sequence[KeyValue], limits: Limits, shows: str) -> Table:
    with_lease = any(kv.lease for kv in kvs)
    names = ["key", *(["value"] if shows == "values" else []), "mod", "version", *(["lease"] if with_lease else [])]
    rows = [_row(kv, limits, shows, with_lease) for kv in kvs]
    return Table(names, rows, _NUMBERS)


def _row(kv: KeyValue, limits: Limits, shows: str, with_lease: bool) -> list[Cell]:
    value = [reading.short(kv.value, limits)] if shows == "values" else []
    lease = [units.hex_id(kv.lease) if kv.lease else ""] if with_lease else []
    return [kv.key[: 4 * _KEY], *value, kv.mod_revision, kv.version, *lease]


def kv_blocks(kv: KeyValue, limits: Limits) -> Iterator[Block]:
    """One key with its value, whole."""
    yield Heading(kv.key[: 4 * _KEY])
    yield from reading.whole(kv.value, limits)
    lease: list[tuple[str, Cell]] = [("lease", units.hex_id(kv.lease))] if kv.lease else []
    revisions = f"{kv.mod_revision}, created at {kv.create_revision}, version {kv.version}"
    yield Facts([("revision", revisions), *lease, ("size", units.size(len(kv.value)))])


def etcdctl_json(response: RangeResponse) -> dict[str, Any]:
    """A range as `etcdctl -w json` prints it."""
    return {
        "header": header_json(response.header),
        **({"kvs": [kv_json(kv) for kv in response]} if len(response) else {}),
        **({"more": True} if response.more else {}),
        "count": response.count,
    }


def header_json(header: ResponseHeader) -> dict[str, int]:
    """A header as etcdctl prints it."""
    names = ("cluster_id", "member_id", "revision", "raft_term")
    return {name: getattr(header, name) for name in names}


def kv_json(kv: KeyValue) -> dict[str, Any]:
    """A key with its value as etcdctl prints it, both in base64."""
    numbers = {name: getattr(kv, name) for name in ("create_revision", "mod_revision", "version")}
    lease = {"lease": kv.lease} if kv.lease else {}
    return {"key": _base64(kv.key), **numbers, **({"value": _base64(kv.value)} if kv.value else {}), **lease}


def _base64(raw: bytes) -> str:
    return inert(b2a_base64(raw, newline=False)).plain
