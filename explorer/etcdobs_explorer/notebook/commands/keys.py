"""Waits for reads and writes of keys: get, put, del, compaction."""

from dataclasses import replace
from typing import Any

from etcdobs import Compare, PutResponse, RangeResponse, TxnResponse
from etcdobs_explorer.notebook.grammar import Argument, Command, Option
from etcdobs_explorer.notebook.kinds import FLAG, ID, NUMBER, REVISION, choice
from etcdobs_explorer.notebook.limits import Limits
from etcdobs_explorer.notebook.operations import delete_operation, get_operation, keys_of, put_operation
from etcdobs_explorer.notebook.results.keys import KeyRange
from etcdobs_explorer.notebook.run import Run
from etcdobs_explorer.notebook.words import LineError

KEY = Argument("KEY", completes="key")
RANGE_END = Argument("RANGE_END", optional=True, completes="key")
PREFIX = Option("prefix", "every key that begins with KEY")
FROM_KEY = Option("from-key", "KEY and every key after it")
REV = Option("rev", "as of this revision; -N: N before the one of now", REVISION, default=0)
PREV_KV = Option("prev-kv", "also what was there before")


def absolute(run: Run, revision: int) -> int:
    """A revision, where it may be given as so many before the one of now.

    Raises:
        LineError: there are not as many.
    """
    if revision >= 0:
        return revision
    now = own_revision(run)
    if now + revision < 1:
        raise LineError(f"--rev {revision}: the cluster is at revision {now}")
    return now + revision


def own_revision(run: Run) -> int:
    """The revision of now, read by way of a key that anybody may ask for."""
    key = run.asked.text(0) or b"\0"
    return run.client.range(key, count_only=True, timeout=run.seconds).revision


def get(run: Run) -> Any:
    """The keys of a range."""
    asked = run.asked
    operation = get_operation(asked, absolute(run, asked["rev"]))
    answer, origin = run.timed(lambda: run.client.do(operation, timeout=run.seconds))
    assert isinstance(answer, RangeResponse)
    shows = "keys" if asked["keys-only"] or asked["count-only"] else "values"
    return KeyRange(answer, limits_for(run), origin=origin, shows=shows)


def limits_for(run: Run) -> Limits:
    """How much is shown, with what the line says itself."""
    form = run.asked.options.get("as")
    return replace(run.limits, form=form) if form else run.limits


def put(run: Run) -> PutResponse:
    """One key is written."""
    asked = run.asked
    operation = put_operation(asked, value_of(run))
    run.check_not_protected("put", asked.text(0))
    if not asked["if-absent"] and asked["if-mod"] is None:
        answer = run.client.do(operation, timeout=run.seconds)
        assert isinstance(answer, PutResponse)
        return answer
    key = asked.text(0)
    condition = Compare.missing(key) if asked["if-absent"] else Compare.mod_revision(key) == asked["if-mod"]
    done = run.client.txn().when(condition).then(operation).commit(timeout=run.seconds)
    return _put_answer(done, "it exists" if asked["if-absent"] else "it has changed")


def _put_answer(done: TxnResponse, why: str) -> PutResponse:
    if not done.succeeded:
        raise LineError(f"nothing was put: {why} (revision {done.revision})")
    answer = done.responses[0]
    assert isinstance(answer, PutResponse)
    return answer


def value_of(run: Run) -> bytes | None:
    """The value that is typed, in the line or in the rest of the cell (less its last line break)."""
    typed = run.asked.arguments[1].text if len(run.asked.arguments) > 1 else None
    if run.cell is None:
        return typed
    if typed is not None:
        raise LineError("the value is given twice: in the line and in the cell")
    return run.cell.removesuffix("\n").encode("utf-8", "surrogatepass")


def delete(run: Run) -> Any:
    """A range is deleted."""
    keys = keys_of(run.asked)
    run.check_not_protected("del", keys.start, keys.end)
    return run.client.do(delete_operation(run.asked), timeout=run.seconds)


def compaction(run: Run) -> Any:
    """The history before a revision is forgotten."""
    revision = NUMBER.read(run.asked.arguments[0], "REVISION")
    if revision < 1:
        raise LineError("REVISION: a revision from 1 on is wanted")
    return run.client.compact(revision, physical=run.asked["physical"], timeout=run.seconds)


GET = Command(
    ("get",),
    "keys with their values",
    get,
    (KEY, RANGE_END),
    (
        PREFIX,
        FROM_KEY,
        Option("keys-only", "without the values"),
        Option("count-only", "only how many there are"),
        Option("limit", "at most so many keys", NUMBER, default=0),
        REV,
        Option(
            "sort-by", "the server sorts all of them", choice("FIELD", ("create", "key", "modify", "value", "version"))
        ),
        Option("order", "which come first", choice("ORDER", ("ASCEND", "DESCEND"))),
        Option("consistency", "l: linearizable; s: as the member knows it", choice("C", ("l", "s")), default="l"),
        Option("min-mod-rev", "leave out keys changed before", NUMBER, default=0),
        Option("max-mod-rev", "leave out keys changed after", NUMBER, default=0),
        Option("min-create-rev", "leave out keys created before", NUMBER, default=0),
        Option("max-create-rev", "leave out keys created after", NUMBER, default=0),
        Option("as", "how values are read", choice("FORM", ("auto", "text", "json", "hex"))),
    ),
    "Answers a sequence of KeyValue with .count, .more, .revision, .to_pandas(json=True), .to_polars(), .to_arrow().",
    ("%etcd get /config --prefix --limit 20", "old = %etcd get /config/db --rev -10"),
)
PUT = Command(
    ("put",),
    "write one key",
    put,
    (KEY, Argument("VALUE", optional=True)),
    (
        Option("lease", "the lease that it is to hang on", ID, default=0),
        PREV_KV,
        Option("ignore-value", "keep the value, change the lease"),
        Option("ignore-lease", "keep the lease"),
        Option("if-absent", "only where the key does not exist"),
        Option("if-mod", "only where its mod revision is this", NUMBER),
    ),
    "JSON is kept as it is typed, blanks and all; other values with blanks want quotes. With %%etcd the rest of the"
    " cell is the value.",
    ('%etcd put /config/db {"host": "db-1", "pool": 20}', "%etcd put /greeting 'hello there' --lease {lease}"),
    writes=True,
    cell="may",
)
DEL = Command(
    ("del",),
    "delete keys",
    delete,
    (KEY, RANGE_END),
    (PREFIX, FROM_KEY, PREV_KV),
    "A directory is KEY with its separator: /a --prefix also deletes /ab.",
    ("%etcd del /jobs/42", "%etcd del /jobs/ --prefix --prev-kv"),
    writes=True,
)
COMMANDS = (
    GET,
    PUT,
    DEL,
    Command(
        ("compaction",),
        "forget the history before a revision",
        compaction,
        (Argument("REVISION"),),
        (Option("physical", "answer only when it is gone from the disk", FLAG),),
        writes=True,
    ),
)
