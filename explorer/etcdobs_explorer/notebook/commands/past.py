"""Waits for what was: the history of a key, and what changed between two revisions."""

from collections.abc import Iterator, Sequence

from etcdobs import Client, Get, Keys, KeyValue, RangeResponse
from etcdobs_explorer.notebook.grammar import Argument, Command, Option
from etcdobs_explorer.notebook.kinds import NUMBER, REVISION
from etcdobs_explorer.notebook.results.past import Changed, Difference, History
from etcdobs_explorer.notebook.run import Run
from etcdobs_explorer.notebook.words import LineError

from .keys import absolute, own_revision

_TOGETHER = 50  # keys read in one transaction
_MOST = 2_000  # keys whose values are compared


def history(run: Run) -> History:
    """All that happened to a key, newest first."""
    key = run.asked.text(0)
    if not key:
        raise LineError("the key is empty")
    most = run.asked["limit"]
    events, origin = run.timed(lambda: list(run.client.history(key, timeout=run.seconds)))
    return History(key, events[:most] if most else events, run.limits, origin=origin, of=len(events))


def diff(run: Run) -> Difference:
    """What differs between two revisions of a key and all below it."""
    revisions = _revisions(run)
    changes, origin = run.timed(lambda: list(_changes(run, revisions)))
    return Difference(revisions, changes, run.limits, origin=origin)


def _revisions(run: Run) -> tuple[int, int]:
    asked: list[int] = run.asked["rev"]
    if len(asked) not in (1, 2):
        raise LineError("diff needs --rev twice, or once for what changed since then")
    before = absolute(run, asked[0])
    after = absolute(run, asked[1]) if len(asked) == 2 else own_revision(run)
    if before < 1 or after < 1:
        raise LineError("--rev: a revision from 1 on is wanted")
    return before, after


def _changes(run: Run, revisions: tuple[int, int]) -> Iterator[Changed]:
    spans = list(_spans(run))
    before, after = ({kv.key: kv for kv in _keys_at(run, spans, revision)} for revision in revisions)
    differing = sorted(key for key in before.keys() | after.keys() if _stamp(before.get(key)) != _stamp(after.get(key)))
    read = differing[:_MOST]
    old = _values(run.client, [key for key in read if key in before], revisions[0], run.seconds)
    new = _values(run.client, [key for key in read if key in after], revisions[1], run.seconds)
    yield from (Changed(key, old.get(key), new.get(key)) for key in read)
    yield from (Changed(key, before.get(key), after.get(key), is_read=False) for key in differing[_MOST:])


def _spans(run: Run) -> Iterator[Keys]:
    """The key with all below it: never what only begins alike, unless --prefix asks for it."""
    key, separator = run.asked.text(0), run.connection.context.separator
    if run.asked["prefix"] or not key:
        yield Keys.prefix(key)
        return
    if not key.endswith(separator):
        yield Keys.one(key)
    yield Keys.prefix(key if key.endswith(separator) else key + separator)


def _keys_at(run: Run, spans: Sequence[Keys], revision: int) -> Iterator[KeyValue]:
    for span in spans:
        yield from run.client.scan(span, revision=revision, keys_only=True, timeout=run.seconds)


def _stamp(kv: KeyValue | None) -> int:
    return 0 if kv is None else kv.mod_revision


def _values(client: Client, keys: Sequence[bytes], revision: int, timeout: float) -> dict[bytes, KeyValue]:
    found: dict[bytes, KeyValue] = {}
    for at in range(0, len(keys), _TOGETHER):
        reads = [Get(key, revision=revision) for key in keys[at : at + _TOGETHER]]
        for answer in client.txn().then(*reads).commit(timeout=timeout).responses:
            if isinstance(answer, RangeResponse):
                found |= {kv.key: kv for kv in answer}
    return found


COMMANDS = (
    Command(
        ("history",),
        "all that happened to a key, newest first",
        history,
        (Argument("KEY", completes="key"),),
        (Option("limit", "only the newest", NUMBER, default=0),),
        "Back to the last compaction, deletions and the lives before them included; each row opens to what it changed.",
        ("%etcd history /config/db",),
    ),
    Command(
        ("diff",),
        "what differs between two revisions",
        diff,
        (Argument("KEY", optional=True, completes="key"),),
        (
            Option("rev", "a revision, -N: N before now; twice, or once for since then", REVISION, many=True),
            Option("prefix", "every key that begins with KEY, not only KEY and what is below it"),
        ),
        "Compares KEY and all below it (KEY and its separator).",
        ("%etcd diff --rev 100 --rev 200 /config", "%etcd diff /config --rev -20"),
    ),
)
