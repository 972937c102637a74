"""Decides which words tell of a write in each of its phases."""

from collections.abc import Iterator, Sequence

from etcdobs_explorer.model import units
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.writes import Ending, Kind, Phase, Plan, Report, Span, Writing, plan_lines
from etcdobs_explorer.tui.widgets.strips import Span as Piece
from etcdobs_explorer.tui.widgets.strips import Spans

_SAMPLE = 6
_LINES = 8  # of etcdctl, for one key
_FEWER = 3  # for many
_LABEL = 9
_LONG = 1000  # characters of a line that may be looked at
_BAR = 30


def hints(writing: Writing, is_typed: bool, *, is_comparing: bool) -> str:
    """The keys that hold now."""
    match writing.phase:
        case Phase.PLANNING:
            return "Esc cancels"
        case Phase.READY if is_comparing:
            return "comparing… · Esc cancels"
        case Phase.READY:
            return "type, then Enter applies · Esc cancels" if is_typed else "Enter applies · y copies · Esc cancels"
        case Phase.APPLYING:
            return "Esc stops after this transaction"
        case _ if writing.is_conflict:
            retry = "t edits theirs · " if writing.can_retry_on_theirs else ""
            return f"{retry}m keeps mine · b other difference · Esc cancels"
        case _:
            return "Enter closes"


def page(writing: Writing, *, stopping: bool) -> list[Spans]:
    """The lines of the dialog."""
    match writing.phase:
        case Phase.PLANNING:
            return [[("reading… ", "muted"), (units.plural(writing.seen, "key"), "strong")]]
        case Phase.READY if writing.plan is not None:
            return list(_plan(writing.plan))
        case Phase.APPLYING if writing.plan is not None:
            return list(_progress(writing.plan, writing.done, stopping))
        case Phase.ENDED if writing.report is not None:
            return list(_report(writing.report, writing.is_conflict))
        case _:
            return [[("nothing was written", "strong")], [("✗ ", "bad"), (inert(writing.reason, _LONG), "bad")]]


def _plan(plan: Plan) -> Iterator[Spans]:
    if plan.target is not None:
        yield [*_label("from"), *_span(plan.subject)]
        yield [*_label("to"), *_span(plan.target)]
    else:
        yield [*_label("range" if plan.subject.end else "key"), *_span(plan.subject)]
    yield [*_label("keys"), (units.count(plan.keys), "strong"), *_more(plan)]
    if plan.values is None:
        yield from _sample(plan)
    yield from _lease(plan)
    for index, line in enumerate(filter(None, plan_lines(plan, _LINES if plan.keys == 1 else _FEWER))):
        yield [*_label("" if index else "etcdctl"), (inert(line, _LONG), "accent")]
    for warning in plan.warnings:
        yield [*_label("!"), (warning, "warn")]


_LEASES = {
    Kind.EDIT: "is kept",
    Kind.RESTORE: "is kept",
    Kind.RENAME: "goes with it",
    Kind.COPY: "holds the copy too",
}


def _lease(plan: Plan) -> Iterator[Spans]:
    if plan.base is not None and plan.base.lease and plan.kind in _LEASES:
        yield [*_label("lease"), (units.hex_id(plan.base.lease), "strong"), (f" {_LEASES[plan.kind]}", "muted")]


def _more(plan: Plan) -> Iterator[Piece]:
    if plan.size:
        yield f" · {units.size(plan.size)}", "muted"
    if plan.revision:
        yield f" · as of revision {units.count(plan.revision)}", "muted"
    if plan.keys > 1:
        yield f" · {units.plural(len(plan.chunks), 'transaction')}", "muted"


def _sample(plan: Plan) -> Iterator[Spans]:
    for index, each in enumerate(plan.sample[:_SAMPLE]):
        to: list[Piece] = [(" → ", "muted"), (inert(each.target, _LONG), "text")] if each.target is not None else []
        yield [*_label("" if index else "such as"), (inert(each.key, _LONG), "text"), *to]
    more = plan.keys - min(plan.keys, _SAMPLE)
    if more > 0:
        yield [*_label(""), (f"and {units.plural(more, 'more key', 'more keys')}", "muted")]


def _span(span: Span) -> Spans:
    """A key, or a range as [start, end)."""
    if not span.end:
        return [(inert(span.start, _LONG), "strong")]
    end: Piece = ("∞", "strong") if span.end == b"\0" else (inert(span.end, _LONG), "strong")
    return [("[", "muted"), (inert(span.start, _LONG), "strong"), (", ", "muted"), end, (")", "muted")]


def question(wanted: Sequence[bytes], wrong: bool) -> list[Spans]:
    """What has to be typed."""
    if not wanted:
        return []
    choices: list[Piece] = []
    for each in wanted:
        choices += [(" or " if choices else "", "muted"), (inert(each, _LONG), "key")]
    again: Spans = [("that was not it: ", "bad")] if wrong else []
    return [(), [*again, ("type ", "muted"), *choices, (" to confirm", "muted")]]


def _progress(plan: Plan, done: int, stopping: bool) -> Iterator[Spans]:
    filled = _BAR * done // max(1, plan.keys)
    yield [("█" * filled, "accent"), ("░" * (_BAR - filled), "muted"), (f" {units.count(done)}", "strong")]
    yield [(f"of {units.plural(plan.keys, 'key')}", "muted"), (" · stopping…" if stopping else "", "warn")]


_ENDINGS = {
    Ending.DONE: ("✓ done", "good"),
    Ending.CONFLICT: ("✗ conflict", "bad"),
    Ending.FAILED: ("✗ failed", "bad"),
    Ending.UNKNOWN: ("? outcome unknown", "warn"),
    Ending.STOPPED: ("■ stopped", "warn"),
}


def _report(report: Report, is_conflict: bool) -> Iterator[Spans]:
    yield [_ENDINGS[report.ending], ("  ", "text"), (inert(report.reason, _LONG), "muted")]
    if not is_conflict:
        for line in report.lines:
            yield [("  ", "text"), (line, "text")]
    for key, entry in report.theirs[:_SAMPLE]:
        found = f"is at revision {units.count(entry.mod_revision)}" if entry else "is gone"
        yield [*_label("theirs"), (inert(key, _LONG), "strong"), (f" {found}", "warn")]
    if is_conflict:
        yield [
            ("theirs differ from what you saw as below; ", "muted"),
            ("b", "key"),
            (" shows what mine changes", "muted"),
        ]


def _label(text: str) -> Spans:
    return [(text.ljust(_LABEL), "warn" if text == "!" else "muted")]
