"""Decides which operation a line asks for: get, put and del as values, to be sent alone or in a transaction."""

from typing import Any

from etcdobs import Delete, Get, Keys, Put

from .grammar import Invocation
from .words import LineError

SORT_BY: dict[str, Any] = {
    "create": "create_revision",
    "key": "key",
    "modify": "mod_revision",
    "value": "value",
    "version": "version",
}


def keys_of(asked: Invocation) -> Keys:
    """The keys that KEY, RANGE_END, --prefix and --from-key name.

    Raises:
        LineError: they exclude each other, or name nothing.
    """
    key, end = asked.text(0), asked.text(1)
    prefix, from_key = bool(asked.options.get("prefix")), bool(asked.options.get("from-key"))
    if prefix + from_key + (len(asked.arguments) > 1) > 1:
        raise LineError("--prefix, --from-key and a range end exclude each other")
    if prefix:
        return Keys.prefix(key)
    if from_key:
        return Keys.from_key(key)
    if not key:
        raise LineError(f"the key is empty: {asked.command.name} '' --prefix means all keys")
    if len(asked.arguments) < 2:
        return Keys.one(key)
    if not end:
        raise LineError("the range end is empty: --from-key means all keys from one on")
    return Keys.between(key, end)


def get_operation(asked: Invocation, revision: int | None = None) -> Get:
    """The read that `get` asks for; `revision` is the one that `--rev` means, where that was relative."""
    order = asked.options.get("order")
    sort_by: Any = SORT_BY[asked["sort-by"]] if asked["sort-by"] else ("key" if order else None)
    if asked["keys-only"] and asked["count-only"]:
        raise LineError("--keys-only and --count-only exclude each other")
    return Get(
        keys_of(asked),
        limit=asked["limit"],
        revision=asked["rev"] if revision is None else revision,
        sort_by=sort_by,
        descending=order == "DESCEND",
        serializable=asked["consistency"] == "s",
        keys_only=asked["keys-only"],
        count_only=asked["count-only"],
        min_mod_revision=asked["min-mod-rev"],
        max_mod_revision=asked["max-mod-rev"],
        min_create_revision=asked["min-create-rev"],
        max_create_revision=asked["max-create-rev"],
    )


def put_operation(asked: Invocation, value: bytes | None) -> Put:
    """The write that `put` asks for."""
    if value is None and not asked["ignore-value"]:
        raise LineError(f"put needs VALUE, or the rest of a cell: {asked.command.usage}")
    if value and asked["ignore-value"]:
        raise LineError("a value and --ignore-value exclude each other")
    if asked["lease"] and asked["ignore-lease"]:
        raise LineError("--lease and --ignore-lease exclude each other")
    if not asked.text(0):
        raise LineError("the key is empty")
    return Put(
        asked.text(0),
        value or b"",
        lease=asked["lease"],
        prev_kv=asked["prev-kv"],
        ignore_value=asked["ignore-value"],
        ignore_lease=asked["ignore-lease"],
    )


def delete_operation(asked: Invocation) -> Delete:
    """The deletion that `del` asks for."""
    return Delete(keys_of(asked), prev_kv=asked["prev-kv"])
