"""Decides what is told of one call in full: its attempts, sizes, trace, and the etcdctl line to copy."""

import time

from etcdobs_explorer.model import units
from etcdobs_explorer.model.calls import CallRecord, LoggedCall
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.widgets.fact_lines import fact, heading, wrapped
from etcdobs_explorer.tui.widgets.strips import Spans

from .facts_dialog import FactsDialog


class CallScreen(FactsDialog):
    """One call; `y` copies its etcdctl line."""

    def __init__(self, call: LoggedCall) -> None:
        super().__init__(call.name, "y copies the etcdctl line · Esc closes", (call.last.line or call.name).encode())
        self._call = call

    def lines(self, width: int) -> list[Spans]:
        call, last = self._call, self._call.last
        took = "open" if call.seconds is None else units.latency(call.seconds)
        lines = [
            fact("method", f"/{last.service}/{last.method}"),
            fact("keys", inert(last.keys, 2_000) if last.keys else "-"),
            fact("code", last.code, "bad" if last.is_error else "good"),
            fact("took", f"{took}, begun {_clock(call.first.at)}"),
            fact("out", _sizes(last.bytes_out, last.messages_out)),
            fact("in", _sizes(last.bytes_in, last.messages_in)),
            fact("revision", units.count(last.revision) if last.revision else "-"),
            fact("trace", last.trace_id or "-", "accent"),
        ]
        lines += [fact("asked by", "the explorer itself: it repeats this")] if last.is_poll else []
        lines += [(), heading(units.plural(len(call.attempts), "attempt")), *map(_attempt, call.attempts)]
        for record in call.attempts:
            if record.details:
                lines += wrapped(inert(record.details, 2_000).plain, width - 4, "bad", "    ")
        return [*lines, (), heading("etcdctl"), *wrapped(last.line or "etcdctl has no line for it", width - 2, "text")]


def _attempt(record: CallRecord) -> Spans:
    member = f"{record.member_id:x}" if record.member_id else ""
    return [
        ("  ", "text"),
        (_clock(record.at), "muted"),
        (f"  {units.latency(record.seconds)}".ljust(11), "text"),
        (f" {record.code}".ljust(18), "bad" if record.is_error else "good"),
        (inert(record.endpoint, 60) if record.endpoint else "endpoint not known", "text"),
        ("  ", "text"),
        (inert(record.member, 40), "strong"),
        (f" {member}", "muted"),
    ]


def _sizes(size: int, messages: int) -> str:
    return f"{units.count(size)} bytes in {units.plural(messages, 'message')}"


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at)) + f".{int(at % 1 * 1000):03d}"
